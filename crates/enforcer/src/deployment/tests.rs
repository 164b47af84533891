//! A whole installation has nothing said against it; each thing broken is named, with the command that mends it.

#![expect(clippy::unwrap_used, clippy::panic, reason = "what fails in here is a failed test")]

use std::collections::BTreeMap;

use serde_json::{Value, json};
use v2only_policy::source::DefaultsOwner;
use v2only_policy::{AccountDefaults, AccountId, HttpTokens, Place, Region};

use super::expected::{
    Arns, BUS, DEFAULT_BUS, FUNCTIONS, PARAMETER, QueueKind, UNDELIVERED, bus_policy, forwarder,
    queue_attributes, queue_policy,
};
use super::judge::{Against, Control, Refusal, Zip, controls, entered, judge};
use super::removal::{Phase, Step, Way, plan};
use super::seen::{Seen, SeenFunction, SeenRule, SeenTrail};
use super::{Finding, Site, State};
use crate::failure::{Failure, Kind};
use crate::ports::{
    AdvancedSelector, BasicSelector, FieldSelector, Function, Mapping, Parameter, Queue, Rule, Schedule,
    Selectors, Target, Trail,
};

const ORGANIZATION: &str = "o-a1b2c3d4e5";
const EC2: &str = "v2only-ec2-enforcer";

fn place(account: &str, region: &str) -> Place {
    Place { account: AccountId::parse(account).unwrap(), region: Region::parse(region).unwrap() }
}

fn hub() -> Place {
    place("111122223333", "eu-central-1")
}

fn member() -> Place {
    place("444455556666", "us-east-1")
}

fn all_events() -> BasicSelector {
    BasicSelector { read_write: "All".to_owned(), management: true, ..BasicSelector::default() }
}

fn trail(selectors: Selectors) -> SeenTrail {
    let arn = "arn:aws:cloudtrail:us-east-1:111122223333:trail/all".to_owned();
    SeenTrail {
        trail: Trail { arn, home: "us-east-1".to_owned(), multi_region: true },
        logging: Ok(true),
        selectors: Ok(selectors),
    }
}

fn queue(name: &str, attributes: &Value) -> Queue {
    let attributes = attributes.as_object().unwrap().iter();
    let mut attributes: BTreeMap<String, String> =
        attributes.map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned())).collect();
    attributes.insert("ApproximateNumberOfMessages".to_owned(), "0".to_owned());
    Queue { url: format!("https://sqs/{name}"), attributes }
}

/// What `infra/` makes, as AWS would say it.
fn whole(site: Site) -> Seen {
    let (here, is_member) =
        if matches!(site, Site::Member { .. }) { (member(), true) } else { (hub(), false) };
    let arns = Arns(&here);
    let buses: &[&'static str] = if site == Site::Hub { &[DEFAULT_BUS, BUS] } else { &[DEFAULT_BUS] };
    let mut seen = Seen {
        place: here.clone(),
        site: site.clone(),
        trails: Ok(vec![trail(Selectors::Basic(vec![all_events()]))]),
        rules: BTreeMap::new(),
        bus: Ok((site == Site::Hub).then(|| bus_policy(&arns.bus(BUS), ORGANIZATION).to_string())),
        queues: BTreeMap::new(),
        functions: BTreeMap::new(),
        schedules: BTreeMap::new(),
        parameter: Ok(None),
        defaults: Ok(AccountDefaults::UNSET),
    };
    let mut all_rules = Vec::new();
    for it in &FUNCTIONS {
        let mut rules = Vec::new();
        for bus in buses.iter().filter(|_| it.pattern.is_some()) {
            let rule = Rule { pattern: it.pattern.map(str::to_owned), state: "ENABLED".to_owned() };
            let target = Target {
                id: "one".to_owned(),
                arn: if is_member { Arns(&hub()).bus(BUS) } else { arns.queue(it.name) },
                role: is_member.then(|| arns.role(&forwarder(&here))),
                dead_letters: Some(arns.queue(UNDELIVERED)),
                reshapes: false,
            };
            seen.rules.insert((*bus, it.name), SeenRule { rule: Ok(Some(rule)), targets: Ok(vec![target]) });
            rules.push(arns.rule(bus, it.name));
        }
        all_rules.extend(rules.clone());
        if is_member {
            continue;
        }
        let (own, dlq) = (arns.queue(it.name), arns.queue(&it.dlq()));
        let policy = (!rules.is_empty()).then(|| queue_policy(&own, &rules));
        let attributes = queue_attributes(QueueKind::Events { of: it, dlq: &dlq }, policy.as_ref());
        seen.queues.insert(it.name.to_owned(), Ok(Some(queue(it.name, &attributes))));
        let attributes = queue_attributes(QueueKind::GivenUp { queue: &own }, None);
        seen.queues.insert(it.dlq(), Ok(Some(queue(&it.dlq(), &attributes))));
        let mut environment = BTreeMap::from([("V2ONLY_POLICY_PARAMETER".to_owned(), PARAMETER.to_owned())]);
        if site == Site::Hub {
            for (name, value) in [
                ("MEMBER_ROLE", it.name),
                ("EXTERNAL_ID", "made-up-for-a-test"),
                ("ORGANIZATION_ID", ORGANIZATION),
            ] {
                environment.insert(format!("V2ONLY_{name}"), value.to_owned());
            }
        }
        for name in it.settings {
            environment.insert((*name).to_owned(), "set".to_owned());
        }
        for name in it.schedules {
            let schedule = Schedule { state: "ENABLED".to_owned(), target: own.clone() };
            seen.schedules.insert(name, Ok(Some(schedule)));
        }
        let function = Function {
            arn: format!("arn:aws:lambda:eu-central-1:111122223333:function:{}", it.name),
            runtime: "provided.al2023".to_owned(),
            architecture: "arm64".to_owned(),
            timeout: it.timeout,
            role: arns.role(it.name),
            code_sha256: "released".to_owned(),
            state: "Active".to_owned(),
            last_update: "Successful".to_owned(),
            environment: Some(environment),
            ..Function::default()
        };
        let mapping = Mapping {
            uuid: "one-of-many".to_owned(),
            source: own,
            state: "Enabled".to_owned(),
            reports_failures: true,
        };
        seen.functions
            .insert(it.name, SeenFunction { function: Ok(Some(function)), mappings: Ok(vec![mapping]) });
    }
    let policy = queue_policy(&arns.queue(UNDELIVERED), &all_rules);
    let attributes = queue_attributes(QueueKind::Undelivered, Some(&policy));
    seen.queues.insert(UNDELIVERED.to_owned(), Ok(Some(queue(UNDELIVERED, &attributes))));
    if !is_member {
        let value = "version: 1\nmode: observe\n".to_owned();
        seen.parameter = Ok(Some(Parameter { value, kind: "String".to_owned() }));
    }
    seen
}

fn against(seen: &Seen) -> Against<'static> {
    Against { membership: seen.membership(), ..Against::default() }
}

fn bad(seen: &Seen) -> Vec<Finding> {
    let all = judge(seen, &against(seen));
    assert!(all.iter().all(|it| it.state != State::Problem || it.command.is_some()), "{all:?}");
    all.into_iter().filter(|it| it.state != State::Ok).collect()
}

/// Breaks one thing, and expects one finding.
#[track_caller]
fn check(site: Site, harm: impl FnOnce(&mut Seen), piece: &str, name: &str, why: &str, command: &str) {
    let mut seen = whole(site);
    harm(&mut seen);
    let all = bad(&seen);
    let [found] = all.as_slice() else { panic!("expected one finding: {all:#?}") };
    assert_eq!((found.piece, found.name.as_str(), found.state), (piece, name, State::Problem));
    assert!(found.why.contains(why), "{}", found.why);
    let mend = found.command.as_ref().unwrap().as_str();
    assert!(mend.starts_with(command), "{mend}");
    assert!(!command.starts_with("aws") || mend.contains(" --region "), "{mend}");
}

fn rule<'a>(seen: &'a mut Seen, bus: &'static str) -> &'a mut SeenRule {
    seen.rules.get_mut(&(bus, EC2)).unwrap()
}

fn target(seen: &mut Seen) -> &mut Target {
    rule(seen, DEFAULT_BUS).targets.as_mut().unwrap().first_mut().unwrap()
}

fn attributes<'a>(seen: &'a mut Seen, name: &str) -> &'a mut BTreeMap<String, String> {
    &mut seen.queues.get_mut(name).unwrap().as_mut().unwrap().as_mut().unwrap().attributes
}

fn function(seen: &mut Seen) -> &mut Function {
    seen.functions.get_mut(EC2).unwrap().function.as_mut().unwrap().as_mut().unwrap()
}

fn environment(seen: &mut Seen) -> &mut BTreeMap<String, String> {
    function(seen).environment.as_mut().unwrap()
}

fn mapping(seen: &mut Seen) -> &mut Mapping {
    seen.functions.get_mut(EC2).unwrap().mappings.as_mut().unwrap().first_mut().unwrap()
}

#[test]
fn nothing_is_said_against_what_is_shipped() {
    for site in [Site::Alone, Site::Hub, Site::Member { hub: hub() }] {
        let seen = whole(site);
        assert_eq!(bad(&seen), []);
        assert!(judge(&seen, &against(&seen)).len() >= 7);
    }
}

#[test]
fn broken_rules_and_targets() {
    let alone = |harm: fn(&mut Seen), piece, why, command| check(Site::Alone, harm, piece, EC2, why, command);
    alone(
        |it| rule(it, DEFAULT_BUS).rule.as_mut().unwrap().as_mut().unwrap().state = "DISABLED".to_owned(),
        "rule",
        "is DISABLED",
        "aws events enable-rule --name v2only-ec2-enforcer --region eu-central-1",
    );
    alone(
        |it| {
            rule(it, DEFAULT_BUS).rule.as_mut().unwrap().as_mut().unwrap().pattern =
                Some("{\"source\":[\"aws.ec2\"]}".to_owned())
        },
        "rule",
        "pattern",
        "aws events put-rule --name v2only-ec2-enforcer --event-pattern '{",
    );
    alone(
        |it| *rule(it, DEFAULT_BUS) = SeenRule { rule: Ok(None), targets: Ok(Vec::new()) },
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
    let with = |policy: Value| move |it: &mut Seen| it.bus = Ok(Some(policy.to_string()));
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
        |harm: fn(&mut Seen), name, why, command| check(Site::Alone, harm, "queue", name, why, command);
    let set = "aws sqs set-queue-attributes --queue-url https://sqs/v2only-ec2-enforcer --attributes '{\"RedrivePolicy\"";
    alone(|it| drop(attributes(it, EC2).remove("RedrivePolicy")), EC2, "it has no DLQ", set);
    alone(
        |it| {
            let once = json!({ "deadLetterTargetArn": Arns(&hub()).queue("v2only-ec2-enforcer-dlq"), "maxReceiveCount": "1" });
            drop(attributes(it, EC2).insert("RedrivePolicy".to_owned(), once.to_string()));
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
    alone(
        |it| drop(it.queues.insert(EC2.to_owned(), Ok(None))),
        EC2,
        "not there",
        "aws sqs create-queue --queue-name v2only-ec2-enforcer --attributes '{",
    );
    alone(
        |it| {
            drop(
                attributes(it, "v2only-ec2-enforcer-dlq")
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
    let mut seen = whole(Site::Alone);
    let text = attributes(&mut seen, EC2).get("Policy").unwrap().clone();
    let mut policy: Value = serde_json::from_str(&text).unwrap();
    let deny = json!({ "Sid": "Theirs", "Effect": "Deny", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*" });
    policy.get_mut("Statement").unwrap().as_array_mut().unwrap().push(deny);
    attributes(&mut seen, EC2).insert("Policy".to_owned(), policy.to_string());
    let all = bad(&seen);
    assert_eq!(all.iter().map(|it| (it.name.as_str(), it.state)).collect::<Vec<_>>(), [(EC2, State::Unread)]);
}

#[test]
fn broken_functions_and_mappings() {
    let alone = |harm: fn(&mut Seen), piece, why, command| check(Site::Alone, harm, piece, EC2, why, command);
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
        |it| it.functions.get_mut(EC2).unwrap().mappings = Ok(Vec::new()),
        "mapping",
        "not there",
        "aws lambda create-event-source-mapping",
    );
    alone(
        |it| drop(it.functions.insert(EC2, SeenFunction { function: Ok(None), mappings: Ok(Vec::new()) })),
        "function",
        "not there",
        "sam deploy",
    );
}

#[test]
fn an_environment_is_mended_without_losing_what_else_is_in_it() {
    let mut seen = whole(Site::Hub);
    environment(&mut seen).insert("RUST_LOG".to_owned(), "debug".to_owned());
    environment(&mut seen).insert("V2ONLY_ORGANIZATION_ID".to_owned(), String::new());
    // The other function knows which organization it is.
    environment(&mut seen).remove("V2ONLY_MEMBER_ROLE");
    let all = bad(&seen);
    let [found] = all.as_slice() else { panic!("{all:#?}") };
    let mend = found.command.as_ref().unwrap().as_str();
    for kept in [
        "\"RUST_LOG\":\"debug\"",
        ORGANIZATION,
        "made-up-for-a-test",
        "\"V2ONLY_MEMBER_ROLE\":\"v2only-ec2-enforcer\"",
    ] {
        assert!(mend.contains(kept), "{kept}: {mend}");
    }
}

#[test]
fn code_is_compared_with_the_zip_of_its_architecture() {
    let zip = |sha256: &str| Zip { path: format!("out/{sha256}.zip"), sha256: sha256.to_owned() };
    let zips = |arm64: &str, x86_64: &str| {
        let key = |architecture: &str| ("ec2-enforcer".to_owned(), architecture.to_owned());
        BTreeMap::from([(key("arm64"), zip(arm64)), (key("x86_64"), zip(x86_64))])
    };
    let seen = whole(Site::Alone);
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

#[test]
fn the_document_is_one_and_the_one_that_was_meant() {
    let with = |value: &str, kind: &str| {
        let it = Parameter { value: value.to_owned(), kind: kind.to_owned() };
        move |seen: &mut Seen| seen.parameter = Ok(Some(it))
    };
    let put = "v2only validate policy.yaml && aws ssm put-parameter --name /v2only/policy --type String --overwrite --value file://policy.yaml";
    check(Site::Alone, |it| it.parameter = Ok(None), "parameter", PARAMETER, "not there", put);
    check(
        Site::Alone,
        with("version: 1\nmode: enforced\n", "String"),
        "parameter",
        PARAMETER,
        "no policy document: 2:",
        put,
    );
    check(
        Site::Alone,
        with("version: 1\nmode: observe\n", "SecureString"),
        "parameter",
        PARAMETER,
        "may not decrypt",
        "aws ssm delete-parameter",
    );
    let wanted = crate::document::parse("version: 1\nmode: enforce\n").unwrap().policy;
    let seen = whole(Site::Alone);
    let all = judge(&seen, &Against { policy: Some(("mine.yaml", &wanted)), ..Against::default() });
    let found = all.iter().find(|it| it.piece == "parameter").unwrap();
    assert_eq!((found.state, found.why.as_str()), (State::Problem, "says something else than mine.yaml"));
}

#[test]
fn a_trail_records_what_the_rules_ask_for_or_is_no_trail() {
    let with = |it: SeenTrail| move |seen: &mut Seen| seen.trails = Ok(vec![it]);
    let field = |field: &str, operator, values: &[&str]| FieldSelector {
        field: field.to_owned(),
        operators: BTreeMap::from([(operator, values.iter().map(|it| (*it).to_owned()).collect())]),
    };
    let management = || field("eventCategory", "Equals", &["Management"]);
    let advanced = |fields| trail(Selectors::Advanced(vec![AdvancedSelector { name: None, fields }]));
    for good in [
        advanced(vec![management()]),
        advanced(vec![management(), field("readOnly", "Equals", &["false"])]),
        advanced(vec![management(), field("eventSource", "NotEquals", &["kms.amazonaws.com"])]),
    ] {
        let mut seen = whole(Site::Alone);
        with(good)(&mut seen);
        assert_eq!(bad(&seen), []);
    }
    let trails = |harm: SeenTrail, why, command| check(Site::Alone, with(harm), "trail", "all", why, command);
    let put =
        "aws cloudtrail put-event-selectors --trail-name arn:aws:cloudtrail:us-east-1:111122223333:trail/all";
    trails(advanced(vec![field("eventCategory", "Equals", &["Data"])]), "does not record", put);
    trails(advanced(vec![management(), field("readOnly", "Equals", &["true"])]), "`readOnly`", put);
    trails(
        advanced(vec![management(), field("eventSource", "NotEquals", &["ec2.amazonaws.com"])]),
        "`eventSource`",
        put,
    );
    trails(
        advanced(vec![management(), field("userIdentity.arn", "NotStartsWith", &["arn:"])]),
        "`userIdentity.arn`",
        put,
    );
    trails(
        trail(Selectors::Basic(vec![BasicSelector { read_write: "ReadOnly".to_owned(), ..all_events() }])),
        "does not record",
        put,
    );
    trails(
        SeenTrail { logging: Ok(false), ..trail(Selectors::Basic(vec![all_events()])) },
        "switched off",
        "aws cloudtrail start-logging",
    );
    check(
        Site::Alone,
        |it| it.trails = Ok(Vec::new()),
        "trail",
        "(any)",
        "no trail",
        "aws cloudtrail create-trail",
    );
}

#[test]
fn selectors_are_written_anew_with_all_that_was_in_them() {
    let data = ("AWS::S3::Object".to_owned(), vec!["arn:aws:s3:::books/".to_owned()]);
    let only_data =
        BasicSelector { read_write: "ReadOnly".to_owned(), data: vec![data], ..BasicSelector::default() };
    let mut seen = whole(Site::Alone);
    seen.trails = Ok(vec![trail(Selectors::Basic(vec![only_data]))]);
    let mend = bad(&seen).remove(0).command.unwrap();
    let text = mend.as_str().split('\'').nth(1).unwrap();
    assert_eq!(
        serde_json::from_str::<Value>(text).unwrap(),
        json!([{
            "ReadWriteType": "All",
            "IncludeManagementEvents": true,
            "DataResources": [{ "Type": "AWS::S3::Object", "Values": ["arn:aws:s3:::books/"] }],
            "ExcludeManagementEventSources": [],
        }])
    );
}

#[test]
fn what_cannot_be_read_is_never_called_well() {
    let denied = || Failure::new(Kind::Denied, "some:Action", "no");
    let mut seen = whole(Site::Hub);
    let whole_number = judge(&seen, &against(&seen)).len();
    seen.trails = Err(denied());
    seen.bus = Err(denied());
    seen.parameter = Err(denied());
    seen.defaults = Err(denied());
    for it in seen.rules.values_mut() {
        *it = SeenRule { rule: Err(denied()), targets: Err(denied()) };
    }
    for it in seen.queues.values_mut() {
        *it = Err(denied());
    }
    for it in seen.schedules.values_mut() {
        *it = Err(denied());
    }
    for it in seen.functions.values_mut() {
        *it = SeenFunction { function: Err(denied()), mappings: Err(denied()) };
    }
    let all = judge(&seen, &against(&seen));
    assert!(all.iter().all(|it| it.state == State::Unread), "{all:#?}");
    assert_eq!(all.len(), whole_number);
    assert!(
        all.iter().all(|it| it.command.as_ref().unwrap().as_str() == "v2only policies show iam/role-doctor")
    );
}

#[test]
fn an_account_that_cannot_be_entered_is_one_finding() {
    let mut seen = whole(Site::Member { hub: hub() });
    let refused = || Failure::new(Kind::Denied, "sts:AssumeRole", "no");
    seen.trails = Err(refused());
    seen.defaults = Err(refused());
    let all = bad(&seen);
    assert_eq!(all.iter().map(|it| (it.piece, it.state)).collect::<Vec<_>>(), [("account", State::Unread)]);
}

#[test]
fn a_declarative_policy_is_in_the_way_unless_it_requires_tokens() {
    let owned = |tokens| {
        let mut it = AccountDefaults {
            owner: DefaultsOwner::DeclarativePolicy(Some("ask us".to_owned())),
            ..AccountDefaults::UNSET
        };
        it.options.http_tokens = tokens;
        it
    };
    let harm = |it: &mut Seen| it.defaults = Ok(owned(Some(HttpTokens::Optional)));
    let mut seen = whole(Site::Alone);
    harm(&mut seen);
    let all = bad(&seen);
    assert_eq!(all.iter().map(|it| it.piece).collect::<Vec<_>>(), ["declarative policy"]);
    assert!(all.iter().all(|it| it.why.contains("ask us")));
    seen.defaults = Ok(owned(Some(HttpTokens::Required)));
    assert_eq!(bad(&seen), []);
    seen.defaults = Ok(AccountDefaults {
        owner: DefaultsOwner::Unknown("somebody".to_owned()),
        ..AccountDefaults::UNSET
    });
    assert_eq!(bad(&seen).iter().map(|it| it.state).collect::<Vec<_>>(), [State::Unread]);
}

#[test]
fn a_role_that_lets_nobody_but_the_function_in_is_asked_through_the_function() {
    let denied = Err(Failure::new(Kind::Denied, "sts:AssumeRole", "no"));
    for it in &FUNCTIONS {
        let found = entered(&member(), &hub(), it.name, it.folder, &denied);
        assert_eq!(found.state, State::Unread);
        let ask = found.command.unwrap();
        if it.pattern.is_none() {
            // A task would be work: its last sweep has said it.
            assert!(ask.as_str().contains("/aws/lambda/v2only-sweeper"), "{}", ask.as_str());
            assert!(ask.as_str().contains("unswept") && ask.as_str().contains(member().account.as_str()));
            continue;
        }
        let payload: Value = serde_json::from_str(ask.as_str().split('\'').nth(1).unwrap()).unwrap();
        let Ok(v2only_events::Input::Batch(messages)) = v2only_events::input(payload) else {
            panic!("no batch")
        };
        let [message] = messages.as_slice() else { panic!("{messages:?}") };
        let parsed = v2only_events::parse(message.body.as_ref().unwrap());
        let Ok(v2only_events::Parsed::Trigger(trigger)) = parsed else { panic!("{parsed:?}") };
        assert_eq!(trigger.place, member());
    }
    assert_eq!(entered(&member(), &hub(), EC2, "ec2-enforcer", &Ok(())).state, State::Ok);
}

fn control(name: &str) -> Control {
    Control {
        id: format!("p-{name}"),
        name: name.to_owned(),
        target: "r-ab12".to_owned(),
        refuses: Some(Vec::new()),
        protects: false,
        keeps_v1_out: false,
        names_roles: false,
    }
}

#[test]
fn what_the_organization_denies_our_functions_is_told() {
    let refusal = |statements: &[&str]| Refusal {
        what: "our function tags an instance".to_owned(),
        statements: statements.iter().map(|it| (*it).to_owned()).collect(),
    };
    let state = |refuses| {
        let all = controls(&hub(), Ok(&[Control { refuses, ..control("theirs") }]));
        all.into_iter().map(|it| it.state).collect::<Vec<_>>()
    };
    assert_eq!(state(Some(Vec::new())), [State::Ok]);
    assert_eq!(state(Some(vec![refusal(&["NoTags"])])), [State::Problem]);
    assert_eq!(state(Some(vec![refusal(&[])])), [State::Unread]);
    assert_eq!(state(None), [State::Unread]);
    let failure = Failure::new(Kind::Denied, "organizations:ListParents", "no");
    assert_eq!(
        controls(&hub(), Err(&failure)).iter().map(|it| it.state).collect::<Vec<_>>(),
        [State::Unread]
    );
}

fn position(steps: &[Step], what: &str) -> usize {
    steps.iter().position(|it| it.what.contains(what)).unwrap_or_else(|| panic!("no {what} in {steps:#?}"))
}

#[test]
fn a_removal_loses_nothing_and_opens_nothing() {
    let mut center = whole(Site::Hub);
    attributes(&mut center, "v2only-ec2-enforcer-dlq")
        .insert("ApproximateNumberOfMessages".to_owned(), "2".to_owned());
    let all = [center, whole(Site::Member { hub: hub() })];
    let controls = [
        Control { protects: true, keeps_v1_out: true, names_roles: true, ..control("everything-1") },
        Control { names_roles: true, ..control("only-owners-modify") },
    ];
    let steps = plan(&all, Ok(&controls), &Way::Stack("security-v2only".to_owned()));
    let order = [
        "parameter /v2only/policy",
        "notebooks on their way",
        "rule v2only-ec2-enforcer",
        "queue v2only-ec2-enforcer",
        "service control policy everything-1",
        "stacks of the members",
        "StackSet v2only-member",
        "stack security-v2only",
        "service control policy only-owners-modify",
        "tags v2only:*",
    ];
    let positions: Vec<usize> = order.iter().map(|it| position(&steps, it)).collect();
    assert!(positions.is_sorted(), "{positions:?} {steps:#?}");
    // On both buses, and in the member.
    assert_eq!(steps.iter().filter(|it| it.what.starts_with("rule ")).count(), 6);
    // What nobody works on is named only if there is something in it.
    assert!(steps.iter().any(|it| it.what == "queue v2only-ec2-enforcer-dlq"));
    assert!(!steps.iter().any(|it| it.what == "queue v2only-notebook-enforcer-dlq"));
    let unlock: Vec<&Step> = steps.iter().filter(|it| it.phase == Phase::Unlock).collect();
    assert_eq!(unlock.len(), 1);
    assert!(unlock.iter().all(|it| it.why.contains("scp/no-way-back")));
    assert!(steps.iter().all(|it| !it.command.as_str().is_empty()));
}

#[test]
fn terraform_is_kept_from_destroying_what_keeps_version_1_out() {
    let steps = plan(&[whole(Site::Hub)], Ok(&[]), &Way::Terraform);
    assert!(
        position(&steps, "guardrails, out of the state") < position(&steps, "everything that Terraform made")
    );
    let alone = plan(&[whole(Site::Alone)], Ok(&[]), &Way::Terraform);
    assert!(!alone.iter().any(|it| it.command.as_str().contains("guardrails")));
}

#[test]
fn where_nothing_is_there_is_nothing_to_remove_and_what_cannot_be_read_may_be_there() {
    let mut empty = whole(Site::Alone);
    empty.rules.values_mut().for_each(|it| *it = SeenRule { rule: Ok(None), targets: Ok(Vec::new()) });
    empty.queues.values_mut().for_each(|it| *it = Ok(None));
    empty.schedules.values_mut().for_each(|it| *it = Ok(None));
    empty
        .functions
        .values_mut()
        .for_each(|it| *it = SeenFunction { function: Ok(None), mappings: Ok(Vec::new()) });
    empty.parameter = Ok(None);
    assert_eq!(plan(&[empty.clone()], Ok(&[]), &Way::Terraform), []);
    empty.parameter = Err(Failure::new(Kind::Denied, "ssm:GetParameter", "no"));
    assert!(!plan(&[empty.clone()], Ok(&[]), &Way::Terraform).is_empty());
    assert_eq!(empty.unread().len(), 1);
}
