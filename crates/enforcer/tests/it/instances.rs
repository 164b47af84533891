//! What events about instances lead to.

use serde_json::{Value, json};
use v2only_enforcer::Kind;
use v2only_enforcer::LogEntry;
use v2only_enforcer::invocation::{App, Invocation, InvocationError, handle_ec2};
use v2only_enforcer::policy_source::{Location, PolicySource};
use v2only_policy::SwitchOption;
use v2only_policy::instance::{HttpTokens, Switch};

use crate::fake::{ACCOUNT, Fake, NOW, REGION, World, now};

pub const ENFORCE: &str = "version: 1\nmode: enforce\n";

pub fn app(policy: &str, build: impl FnOnce(&mut World)) -> App<Fake> {
    App::new(PolicySource::new(Location::Inline(policy.to_owned())), Fake::with(build))
}

fn envelope(name: &str, request: Value, response: Value) -> Value {
    json!({
        "id": "e-1", "detail-type": "AWS API Call via CloudTrail", "source": "aws.ec2", "account": ACCOUNT,
        "time": NOW, "region": REGION, "resources": [],
        "detail": {
            "eventVersion": "1.11", "eventSource": "ec2.amazonaws.com", "eventName": name, "eventTime": NOW,
            "awsRegion": REGION, "eventID": "ct-1", "recipientAccountId": ACCOUNT, "eventType": "AwsApiCall",
            "userIdentity": {"type": "IAMUser", "arn": format!("arn:aws:iam::{ACCOUNT}:user/alice"), "accountId": ACCOUNT},
            "requestParameters": request, "responseElements": response,
        },
    })
}

pub fn launch(ids: &[&str], http_tokens: &str) -> Value {
    let items: Vec<Value> = ids
        .iter()
        .map(|id| json!({"instanceId": id, "metadataOptions": {"httpTokens": http_tokens, "httpEndpoint": "enabled", "httpPutResponseHopLimit": 1}}))
        .collect();
    envelope("RunInstances", json!({}), json!({"instancesSet": {"items": items}}))
}

pub fn modified(id: &str, http_tokens: Option<&str>, time: &str) -> Value {
    let mut request = json!({"InstanceId": id, "HttpEndpoint": "enabled"});
    if let Some(word) = http_tokens {
        request["HttpTokens"] = json!(word);
    }
    let mut event = envelope(
        "ModifyInstanceMetadataOptions",
        json!({"ModifyInstanceMetadataOptionsRequest": request}),
        Value::Null,
    );
    event["detail"]["eventTime"] = json!(time);
    event
}

pub fn batch(events: &[Value]) -> Value {
    let records: Vec<Value> = events
        .iter()
        .enumerate()
        .map(|(n, event)| {
            json!({
                "messageId": format!("m-{n}"), "receiptHandle": format!("r-{n}"), "body": event.to_string(),
                "attributes": {"ApproximateReceiveCount": "3"},
                "messageAttributes": {}, "md5OfBody": "", "eventSource": "aws:sqs",
                "eventSourceARN": "arn:aws:sqs:eu-central-1:111122223333:q", "awsRegion": REGION,
            })
        })
        .collect();
    json!({ "Records": records })
}

/// The outcome words of all records, and the reply.
pub async fn handle(app: &App<Fake>, payload: Value) -> (Vec<String>, Result<Value, InvocationError>) {
    let mut said = Vec::new();
    let mut say = |entry: LogEntry<'_>| {
        said.push(match entry {
            LogEntry::Record(record) => format!("{} {}", record.resource, record.outcome.code()),
            LogEntry::Ignored { why, .. } => format!("ignored {}", why.code()),
            LogEntry::Elsewhere { function, .. } => format!("elsewhere {function}"),
            LogEntry::Malformed(_) => "malformed".to_owned(),
            LogEntry::StalePolicy(_) => "stale policy".to_owned(),
            LogEntry::Notice(_) => "notice".to_owned(),
            other => panic!("said by no event: {other:?}"),
        });
    };
    let invocation = Invocation { now: &now, deadline: None, log: &mut say };
    let reply = handle_ec2(payload, app, invocation).await.map(|(reply, _)| reply).map_err(|it| it.why);
    said.sort();
    (said, reply)
}

pub fn again(reply: &Result<Value, InvocationError>) -> Vec<String> {
    let failures = reply.as_ref().unwrap()["batchItemFailures"].as_array().unwrap();
    failures.iter().map(|it| it["itemIdentifier"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_compliant_launch_costs_no_call_and_neither_does_its_state_change() {
    let app = app(ENFORCE, |world| {
        world.instance("i-00000001").options.http_tokens = HttpTokens::Required;
    });
    let (said, _) = handle(&app, launch(&["i-00000001"], "required")).await;
    assert_eq!(said, ["i-00000001 left"]);
    let running = json!({
        "id": "e-2", "detail-type": "EC2 Instance State-change Notification", "source": "aws.ec2",
        "account": ACCOUNT, "time": NOW, "region": REGION, "resources": [],
        "detail": {"instance-id": "i-00000001", "state": "running"},
    });
    let (said, _) = handle(&app, running).await;
    assert_eq!(said, ["i-00000001 left"]);
    assert_eq!(app.ports.calls(), Vec::<String>::new(), "radio silence");
}

#[tokio::test]
async fn k_violating_instances_of_a_batch_cost_one_description_and_k_changes() {
    let ids = ["i-00000001", "i-00000002", "i-00000003", "i-00000004"];
    let app = app(ENFORCE, |world| ids.iter().for_each(|id| drop(world.instance(id).clone())));
    let events =
        [launch(&ids[..2], "optional"), launch(&ids[2..], "optional"), launch(&ids[..1], "optional")];
    let (said, reply) = handle(&app, batch(&events)).await;
    assert_eq!(said.len(), 4, "one record for each resource: {said:?}");
    assert!(again(&reply).is_empty());
    let calls = app.ports.calls();
    assert_eq!(calls.iter().filter(|it| it.starts_with("ec2:DescribeInstances")).count(), 1);
    assert_eq!(calls.iter().filter(|it| it.starts_with("ec2:Modify")).count(), 4);
    assert!(ids.iter().all(|id| app.ports.tokens(id) == HttpTokens::Required));
}

#[tokio::test]
async fn a_launch_without_ids_is_found_by_its_client_token() {
    let app = app(ENFORCE, |world| {
        world.instance("i-00000001");
        world.instance("i-00000002");
        world.launched_with.insert("t-1".into(), vec!["i-00000001".into(), "i-00000002".into()]);
    });
    let request = json!({"clientToken": "t-1", "instancesSet": {"items": [{"minCount": 2, "maxCount": 2}]}});
    let (said, reply) = handle(&app, envelope("RunInstances", request, Value::Null)).await;
    assert!(reply.is_ok());
    assert_eq!(said, ["i-00000001 fixed", "i-00000002 fixed"]);
    assert_eq!(app.ports.calls().len(), 3, "{:?}", app.ports.calls());
}

#[tokio::test]
async fn instances_not_visible_yet_go_back_to_the_queue_and_the_others_do_not() {
    let app = app(ENFORCE, |world| {
        world.instance("i-00000001");
    });
    let events = [launch(&["i-00000001"], "optional"), launch(&["i-00000002"], "optional")];
    let (said, reply) = handle(&app, batch(&events)).await;
    assert_eq!(said, ["i-00000001 fixed", "i-00000002 retry"]);
    assert_eq!(again(&reply), ["m-1"]);
}

#[tokio::test]
async fn one_that_stays_invisible_for_five_minutes_is_gone() {
    for (time, outcome) in [("11:54:00", "left"), ("11:55:00", "left"), ("11:55:01", "retry")] {
        let app = app(ENFORCE, |_| {});
        let mut event = launch(&["i-00000001"], "optional");
        event["detail"]["eventTime"] = json!(format!("2026-11-20T{time}Z"));
        let (said, reply) = handle(&app, event).await;
        assert_eq!(said, [format!("i-00000001 {outcome}")], "{time}");
        assert_eq!(reply.is_ok(), outcome == "left", "{time}");
    }
}

#[tokio::test]
async fn an_endpoint_that_is_off_stays_off() {
    let app = app(ENFORCE, |world| {
        world.instance("i-00000001").options.http_endpoint = Switch::Disabled;
    });
    let (said, _) = handle(&app, launch(&["i-00000001"], "optional")).await;
    assert_eq!(said, ["i-00000001 left"]);
    assert_eq!(app.ports.calls(), ["ec2:DescribeInstances 1"]);
}

#[tokio::test]
async fn every_kind_of_failure_has_its_consequence() {
    for (kind, outcome, retried) in [
        (Kind::Throttled, "retry", true),
        (Kind::WrongState, "retry", true),
        (Kind::Unavailable, "retry", true),
        (Kind::NotVisibleYet, "retry", true),
        (Kind::Unknown, "retry", true),
        (Kind::Denied, "failed", false),
        (Kind::Refused, "failed", false),
        (Kind::Invalid, "failed", false),
        (Kind::Gone, "gone", false),
    ] {
        let app = app(ENFORCE, |world| {
            world.instance("i-00000001");
            world.failures.insert("ec2:ModifyInstanceMetadataOptions", vec![kind]);
        });
        let (said, reply) = handle(&app, batch(&[launch(&["i-00000001"], "optional")])).await;
        assert_eq!(said, [format!("i-00000001 {outcome}")]);
        assert_eq!(!again(&reply).is_empty(), retried, "{kind:?}");
        let (_, reply) = handle(&app, batch(&[launch(&["i-00000001"], "optional")])).await;
        assert!(again(&reply).is_empty());
        assert_eq!(
            app.ports.tokens("i-00000001"),
            HttpTokens::Required,
            "{kind:?}: the second delivery repairs"
        );
    }
}

#[tokio::test]
async fn a_single_event_is_sent_again_by_an_error() {
    let app = app(ENFORCE, |world| {
        world.instance("i-00000001");
        world.failures.insert("ec2:DescribeInstances", vec![Kind::Throttled]);
    });
    let (_, reply) = handle(&app, launch(&["i-00000001"], "optional")).await;
    assert!(matches!(reply, Err(InvocationError::Retry(why)) if why.contains("i-00000001")));
}

#[tokio::test]
async fn an_account_that_is_not_ours_is_refused_and_recorded() {
    let app = app(ENFORCE, |_| {});
    let mut event = launch(&["i-00000001"], "optional");
    event["account"] = json!("999999999999");
    event["detail"]["recipientAccountId"] = json!("999999999999");
    let (said, reply) = handle(&app, batch(&[event])).await;
    assert_eq!(said, ["i-00000001 failed"]);
    assert!(again(&reply).is_empty());
    assert_eq!(app.ports.calls(), Vec::<String>::new());
}

#[tokio::test]
async fn observe_mode_writes_nothing() {
    let app = app("version: 1\nmode: observe\n", |world| {
        world.instance("i-00000001");
    });
    let (said, _) = handle(&app, launch(&["i-00000001"], "optional")).await;
    assert_eq!(said, ["i-00000001 held"]);
    assert_eq!(app.ports.calls(), ["ec2:DescribeInstances 1"]);
}

#[tokio::test]
async fn malformed_messages_are_recorded_and_never_stop_the_others() {
    let app = app(ENFORCE, |world| {
        world.instance("i-00000001");
    });
    let events = [json!("not an event"), launch(&["i-00000001"], "optional"), json!({"detail": 7})];
    let (said, reply) = handle(&app, batch(&events)).await;
    assert_eq!(said, ["i-00000001 fixed", "malformed", "malformed"]);
    assert!(again(&reply).is_empty());
    let (_, reply) = handle(&app, json!({"detail": 7})).await;
    assert!(matches!(reply, Err(InvocationError::Malformed(_))), "a single one is an error");
}

/// Only rules send to the queues, and each event has the envelope of EventBridge.
#[tokio::test]
async fn a_bare_record_in_a_queue_is_refused() {
    let app = app(ENFORCE, |world| {
        world.instance("i-00000001");
    });
    let record = launch(&["i-00000001"], "optional")["detail"].clone();
    let (said, reply) = handle(&app, batch(&[record])).await;
    assert_eq!(said, ["malformed"]);
    assert!(again(&reply).is_empty());
    assert_eq!(app.ports.tokens("i-00000001"), HttpTokens::Optional);
}

#[tokio::test]
async fn what_there_is_no_time_left_for_goes_back() {
    for (left, again, tokens) in
        [(1_000, 1, HttpTokens::Optional), (2_999, 1, HttpTokens::Optional), (3_000, 0, HttpTokens::Required)]
    {
        let app = app(ENFORCE, |world| {
            world.instance("i-00000001");
        });
        let mut say = |_: LogEntry<'_>| {};
        let deadline = now() + jiff::SignedDuration::from_millis(left);
        let invocation = Invocation { now: &now, deadline: Some(deadline), log: &mut say };
        let payload = batch(&[launch(&["i-00000001"], "optional")]);
        let (reply, _) = handle_ec2(payload, &app, invocation).await.unwrap();
        assert_eq!(reply["batchItemFailures"].as_array().unwrap().len(), again, "{left} ms");
        assert_eq!(app.ports.tokens("i-00000001"), tokens, "{left} ms");
    }
}

#[tokio::test]
async fn an_option_that_aws_ignores_is_not_fixed() {
    let policy =
        "version: 1\nmode: enforce\ninstances: { metadata_tags: enabled, ipv6_endpoint: disabled }\n";
    let app = app(policy, |world| {
        let options = &mut world.instance("i-00000001").options;
        options.http_tokens = HttpTokens::Required;
        options.switches[SwitchOption::Ipv6Endpoint] = Switch::Enabled;
        world.ignores_changes = true;
    });
    let (said, reply) = handle(&app, batch(&[modified("i-00000001", None, NOW)])).await;
    assert_eq!(said, ["i-00000001 retry"]);
    assert_eq!(again(&reply), ["m-0"]);
}

/// Only what is tried again costs a call to the queue.
#[tokio::test]
async fn a_message_that_is_tried_again_is_postponed_longer_after_each_try() {
    let app = app(ENFORCE, |world| {
        world.instance("i-00000001");
        world.instance("i-00000002");
        world.failures.insert("ec2:ModifyInstanceMetadataOptions", vec![Kind::Throttled]);
    });
    let events = [launch(&["i-00000001"], "optional"), launch(&["i-00000002"], "optional")];
    let (_, reply) = handle(&app, batch(&events)).await;
    assert_eq!(again(&reply), ["m-0"]);
    let calls = app.ports.calls();
    assert_eq!(calls.last().unwrap(), "sqs:ChangeMessageVisibility r-0=40s", "the third try: {calls:?}");
    let (_, reply) = handle(&app, batch(&events)).await;
    assert!(again(&reply).is_empty());
    let postponed = |it: &&String| it.starts_with("sqs:");
    assert_eq!(app.ports.calls().iter().filter(postponed).count(), 1);
}

#[tokio::test]
async fn without_a_policy_every_message_is_postponed() {
    let source = PolicySource::new(Location::Parameter("/v2only/policy".to_owned()));
    let app = App::new(source, Fake::with(|world| drop(world.instance("i-00000001").clone())));
    let events = [launch(&["i-00000001"], "optional"), launch(&["i-00000002"], "optional")];
    let (_, reply) = handle(&app, batch(&events)).await;
    assert_eq!(again(&reply).len(), 2);
    let calls = app.ports.calls();
    assert_eq!(calls.last().unwrap(), "sqs:ChangeMessageVisibility r-0=40s r-1=40s", "{calls:?}");
}

/// Nobody but the owners may write the tag, and a launch template writes it all the same.
#[tokio::test]
async fn an_exemption_tag_that_a_launch_template_gave_is_reported_as_such() {
    for (by_caller, noted) in [(false, true), (true, false)] {
        let app = app(ENFORCE, |world| {
            let tags = &mut world.instance("i-00000001").tags;
            tags.insert("v2only:exempt-until".to_owned(), "2026-12-31".to_owned());
            tags.insert("v2only:exempt-reason".to_owned(), "vendor agent".to_owned());
        });
        let mut event = launch(&["i-00000001"], "optional");
        let detail = &mut event["detail"];
        let tag = json!({"key": "v2only:exempt-until", "value": "2026-12-31"});
        detail["responseElements"]["instancesSet"]["items"][0]["tagSet"] = json!({"items": [tag]});
        detail["requestParameters"] =
            json!({"launchTemplate": {"launchTemplateId": "lt-0000000000000000a", "version": "3"}});
        if by_caller {
            detail["requestParameters"]["tagSpecificationSet"] =
                json!({"items": [{"resourceType": "instance", "tags": [tag]}]});
        }
        let mut notes = Vec::new();
        let mut say = |entry: LogEntry<'_>| {
            if let LogEntry::Record(record) = entry {
                notes.extend(record.reasons());
            }
        };
        let invocation = Invocation { now: &now, deadline: None, log: &mut say };
        handle_ec2(event, &app, invocation).await.unwrap();
        let said = notes.join("; ");
        assert_eq!(said.contains("from launch template lt-0000000000000000a version 3"), noted, "{said}");
        assert_eq!(app.ports.tokens("i-00000001"), HttpTokens::Optional, "exempt all the same");
    }
}
