//! Rules, queues, functions.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::complete::{
    EC2, ORGANIZATION, against, attributes, bad, check, complete, environment, function, hub, mapping, rule,
    target,
};
use crate::expected::{Arns, BUS, DEFAULT_BUS, UNDELIVERED, bus_policy};
use crate::judge::{Against, Zip, judge};
use crate::snapshot::{FunctionSnapshot, RuleSnapshot, Snapshot};
use crate::{Site, State};

#[test]
fn nothing_is_said_against_what_is_shipped() {
    for site in [Site::Alone, Site::Hub, Site::Member { hub: hub() }] {
        let seen = complete(site);
        assert_eq!(bad(&seen), []);
        assert!(judge(&seen, &against(&seen)).len() >= 7);
    }
}

#[test]
fn broken_rules_and_targets() {
    let alone =
        |harm: fn(&mut Snapshot), piece, why, command| check(Site::Alone, harm, piece, EC2, why, command);
    alone(
        |it| rule(it, DEFAULT_BUS).rule.as_mut().unwrap().as_mut().unwrap().state = "DISABLED".to_owned(),
        "rule",
        "is DISABLED",
        "aws events enable-rule --name v2only-ec2-enforcer --region eu-central-1",
    );
    alone(
        |snapshot| {
            rule(snapshot, DEFAULT_BUS).rule.as_mut().unwrap().as_mut().unwrap().pattern =
                Some("{\"source\":[\"aws.ec2\"]}".to_owned())
        },
        "rule",
        "pattern",
        "aws events put-rule --name v2only-ec2-enforcer --event-pattern '{",
    );
    alone(
        |it| *rule(it, DEFAULT_BUS) = RuleSnapshot { rule: Ok(None), targets: Ok(Vec::new()) },
        "rule",
        "is not there",
        "aws events put-rule --name v2only-ec2-enforcer --event-pattern '{",
    );
    alone(
        |it| rule(it, DEFAULT_BUS).targets = Ok(Vec::new()),
        "target",
        "does not send to arn:aws:sqs:eu-central-1:111122223333:v2only-ec2-enforcer",
        "aws events put-targets --rule v2only-ec2-enforcer --targets '[{",
    );
    alone(|it| target(it).dead_letters = None, "target", "is lost", "aws events put-targets");
    alone(|it| target(it).reshapes = true, "target", "would not know the event", "aws events put-targets");
    check(
        Site::Hub,
        |it| rule(it, BUS).rule.as_mut().unwrap().as_mut().unwrap().state = "DISABLED".to_owned(),
        "rule",
        "v2only-events/v2only-ec2-enforcer",
        "is DISABLED",
        "aws events enable-rule --name v2only-ec2-enforcer --event-bus-name v2only-events",
    );
    let in_member = Site::Member { hub: hub() };
    check(in_member.clone(), |it| target(it).role = None, "target", EC2, "role", "aws events put-targets");
    check(
        in_member,
        |it| target(it).arn = "arn:aws:events:eu-west-1:111122223333:event-bus/v2only-events".to_owned(),
        "target",
        EC2,
        "does not send to arn:aws:events:eu-central-1:111122223333:event-bus/v2only-events",
        "aws events put-targets",
    );
}

#[test]
fn a_bus_takes_events_of_the_organization_and_of_nobody_else() {
    let with = |policy: Value| move |it: &mut Snapshot| it.bus = Ok(Some(policy.to_string()));
    let bus = |harm, why| {
        check(
            Site::Hub,
            harm,
            "bus",
            BUS,
            why,
            "aws events put-permission --event-bus-name v2only-events --policy '{",
        )
    };
    bus(with(json!({})), "may not send");
    bus(with(bus_policy("*", "o-another0000")), "may not send");
    let open = json!({ "Statement": { "Sid": "Anybody", "Effect": "Allow", "Principal": "*", "Action": "events:PutEvents", "Resource": "*" } });
    bus(with(open), "statement Anybody");
    let denies = json!({ "Statement": [{ "Effect": "Deny", "Principal": "*", "Action": "events:PutEvents", "Resource": "*" }] });
    bus(with(denies), "statement 1");
}

#[test]
fn broken_queues() {
    let alone =
        |harm: fn(&mut Snapshot), name, why, command| check(Site::Alone, harm, "queue", name, why, command);
    let set = "aws sqs set-queue-attributes --queue-url https://sqs/v2only-ec2-enforcer --attributes '{\"RedrivePolicy\"";
    alone(|it| drop(attributes(it, EC2).remove("RedrivePolicy")), EC2, "it has no DLQ", set);
    alone(
        |snapshot| {
            let once = json!({ "deadLetterTargetArn": Arns(&hub()).queue("v2only-ec2-enforcer-dlq"), "maxReceiveCount": "1" });
            drop(attributes(snapshot, EC2).insert("RedrivePolicy".to_owned(), once.to_string()));
        },
        EC2,
        "after 1 tries",
        set,
    );
    alone(
        |it| drop(attributes(it, EC2).insert("VisibilityTimeout".to_owned(), "30".to_owned())),
        EC2,
        "hidden for 360 seconds",
        "aws sqs set-queue-attributes",
    );
    alone(
        |it| drop(attributes(it, EC2).remove("Policy")),
        EC2,
        "does not let arn:aws:events",
        "aws sqs set-queue-attributes",
    );
    alone(
        |it| drop(attributes(it, EC2).insert("SqsManagedSseEnabled".to_owned(), "false".to_owned())),
        EC2,
        "not encrypted",
        "aws sqs set-queue-attributes",
    );
    for name in [EC2, UNDELIVERED] {
        check(
            Site::Alone,
            |snapshot| {
                let all = attributes(snapshot, name);
                all.insert("SqsManagedSseEnabled".to_owned(), "false".to_owned());
                all.insert("KmsMasterKeyId".to_owned(), "alias/aws/sqs".to_owned());
            },
            "queue",
            name,
            "AWS's own key, which EventBridge may not use",
            "aws sqs set-queue-attributes",
        );
    }
    let mut seen = complete(Site::Alone);
    attributes(&mut seen, EC2).insert("SqsManagedSseEnabled".to_owned(), "false".to_owned());
    attributes(&mut seen, EC2).insert("KmsMasterKeyId".to_owned(), "alias/ours".to_owned());
    assert_eq!(bad(&seen), [], "what the key's policy says is not looked at, and said not to be");
    alone(
        |it| drop(it.queues.insert(EC2.to_owned(), Ok(None))),
        EC2,
        "not there",
        "aws sqs create-queue --queue-name v2only-ec2-enforcer --attributes '{",
    );
    alone(
        |snapshot| {
            drop(
                attributes(snapshot, "v2only-ec2-enforcer-dlq")
                    .insert("ApproximateNumberOfMessages".to_owned(), "3".to_owned()),
            )
        },
        "v2only-ec2-enforcer-dlq",
        "3 events were given up",
        "aws sqs start-message-move-task --source-arn arn:aws:sqs:eu-central-1:111122223333:v2only-ec2-enforcer-dlq",
    );
    alone(
        |it| drop(attributes(it, "v2only-ec2-enforcer-dlq").remove("RedriveAllowPolicy")),
        "v2only-ec2-enforcer-dlq",
        "not said to be",
        "aws sqs set-queue-attributes",
    );
    alone(
        |it| drop(it.queues.insert(UNDELIVERED.to_owned(), Ok(None))),
        UNDELIVERED,
        "not there",
        "aws sqs create-queue",
    );
}

#[test]
fn a_statement_that_is_not_understood_is_not_called_well() {
    let mut seen = complete(Site::Alone);
    let text = attributes(&mut seen, EC2).get("Policy").unwrap().clone();
    let mut policy: Value = serde_json::from_str(&text).unwrap();
    let deny = json!({ "Sid": "Theirs", "Effect": "Deny", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*" });
    policy.get_mut("Statement").unwrap().as_array_mut().unwrap().push(deny);
    attributes(&mut seen, EC2).insert("Policy".to_owned(), policy.to_string());
    let all = bad(&seen);
    assert_eq!(all.iter().map(|it| (it.name.as_str(), it.state)).collect::<Vec<_>>(), [(EC2, State::Unread)]);
}

#[test]
fn a_queue_that_anybody_may_send_to_is_not_called_well() {
    for (name, principal) in
        [(EC2, json!("*")), (EC2, json!({ "AWS": ["*"] })), (UNDELIVERED, json!({ "AWS": "*" }))]
    {
        let with = |condition: Option<Value>| {
            let mut seen = complete(Site::Alone);
            let text = attributes(&mut seen, name).get("Policy").unwrap().clone();
            let mut policy: Value = serde_json::from_str(&text).unwrap();
            let mut allow =
                json!({ "Effect": "Allow", "Principal": principal, "Action": "sqs:Send*", "Resource": "*" });
            if let Some(condition) = condition {
                allow.as_object_mut().unwrap().insert("Condition".to_owned(), condition);
            }
            let statements = policy.get_mut("Statement").unwrap().as_array_mut().unwrap();
            statements.push(allow);
            let last = statements.len();
            attributes(&mut seen, name).insert("Policy".to_owned(), policy.to_string());
            (bad(&seen), last)
        };
        let (all, last) = with(None);
        let [found] = all.as_slice() else { panic!("{all:#?}") };
        assert_eq!((found.name.as_str(), found.state), (name, State::Problem));
        let expected = format!("statement {last} of its policy lets anybody send");
        assert!(found.why.contains(&expected), "{}", found.why);
        assert!(found.command.as_ref().unwrap().as_str().contains("set-queue-attributes"));
        let ours = json!({ "StringEquals": { "aws:PrincipalOrgID": "o-a1b2c3d4e5" } });
        assert_eq!(with(Some(ours)).0, [], "somebody, and not anybody");
    }
}

#[test]
fn broken_functions_and_mappings() {
    let alone =
        |harm: fn(&mut Snapshot), piece, why, command| check(Site::Alone, harm, piece, EC2, why, command);
    let configure = "aws lambda update-function-configuration --function-name v2only-ec2-enforcer";
    alone(|it| function(it).timeout = 3, "function", "3 seconds", configure);
    alone(|it| function(it).runtime = "python3.13".to_owned(), "function", "python3.13", configure);
    alone(
        |it| function(it).role = "arn:aws:iam::111122223333:role/admin".to_owned(),
        "function",
        "role/admin",
        configure,
    );
    alone(
        |it| function(it).reserved = Some(0),
        "function",
        "is stopped",
        "aws lambda delete-function-concurrency",
    );
    alone(
        |it| function(it).state = "Failed".to_owned(),
        "function",
        "is Failed",
        "aws lambda get-function-configuration",
    );
    alone(|it| environment(it).clear(), "function", "V2ONLY_POLICY_PARAMETER is not set", configure);
    alone(
        |it| drop(environment(it).insert("V2ONLY_POLICY".to_owned(), "version: 1".to_owned())),
        "function",
        "V2ONLY_POLICY is set",
        configure,
    );
    alone(
        |it| drop(environment(it).insert("AWS_ENDPOINT_URL_EC2".to_owned(), "http://example.com".to_owned())),
        "function",
        "AWS_ENDPOINT_URL_EC2 is set",
        configure,
    );
    alone(
        |it| mapping(it).state = "Disabled".to_owned(),
        "mapping",
        "is Disabled",
        "aws lambda update-event-source-mapping --uuid one-of-many",
    );
    alone(
        |it| mapping(it).reports_failures = false,
        "mapping",
        "whole batch",
        "aws lambda update-event-source-mapping",
    );
    alone(
        |it| mapping(it).filters = true,
        "mapping",
        "a filter throws away events",
        "aws lambda update-event-source-mapping --uuid one-of-many --region eu-central-1 --filter-criteria '{}'",
    );
    alone(
        |it| it.functions.get_mut(EC2).unwrap().mappings = Ok(Vec::new()),
        "mapping",
        "not there",
        "aws lambda create-event-source-mapping",
    );
    alone(
        |snapshot| {
            drop(
                snapshot
                    .functions
                    .insert(EC2, FunctionSnapshot { function: Ok(None), mappings: Ok(Vec::new()) }),
            )
        },
        "function",
        "not there",
        "sam deploy",
    );
}

#[test]
fn an_environment_is_fixed_without_losing_what_else_is_in_it() {
    let mut seen = complete(Site::Hub);
    environment(&mut seen).insert("RUST_LOG".to_owned(), "debug".to_owned());
    environment(&mut seen).insert("V2ONLY_ORGANIZATION_ID".to_owned(), String::new());
    // The other function knows which organization it is.
    environment(&mut seen).remove("V2ONLY_MEMBER_ROLE");
    let all = bad(&seen);
    let [found] = all.as_slice() else { panic!("{all:#?}") };
    let fix = found.command.as_ref().unwrap().as_str();
    for kept in [
        "\"RUST_LOG\":\"debug\"",
        ORGANIZATION,
        "made-up-for-a-test",
        "\"V2ONLY_MEMBER_ROLE\":\"v2only-ec2-enforcer\"",
    ] {
        assert!(fix.contains(kept), "{kept}: {fix}");
    }
}

#[test]
fn code_is_compared_with_the_zip_of_its_architecture() {
    let zip = |sha256: &str| Zip { path: format!("out/{sha256}.zip"), sha256: sha256.to_owned() };
    let zips = |arm64: &str, x86_64: &str| {
        let key = |architecture: &str| ("ec2-enforcer".to_owned(), architecture.to_owned());
        BTreeMap::from([(key("arm64"), zip(arm64)), (key("x86_64"), zip(x86_64))])
    };
    let seen = complete(Site::Alone);
    let said = |zips| {
        let all = judge(&seen, &Against { zips, ..Against::default() });
        all.into_iter().find(|it| (it.piece, it.name.as_str()) == ("function", EC2)).unwrap()
    };
    let same = said(zips("released", "other"));
    assert_eq!((same.state, same.why.contains("is the zip")), (State::Ok, true));
    let older = said(zips("newer", "other"));
    assert_eq!((older.state, older.why.as_str()), (State::Problem, "its code is not out/newer.zip"));
    assert!(
        older.command.unwrap().as_str().contains("--zip-file fileb://out/newer.zip --architectures arm64")
    );
    let crossed = said(zips("newer", "released"));
    assert!(crossed.why.contains("was built for x86_64: it cannot start"), "{}", crossed.why);
}
