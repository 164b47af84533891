//! What the records and counts of an invocation say of the events that led to them.

use serde_json::{Value, json};
use v2only_enforcer::invocation::{App, Invocation, handle_ec2};
use v2only_enforcer::record::{KnownFrom, Posture};
use v2only_enforcer::{Counts, Kind, LogEntry, Record};
use v2only_policy::instance::{HttpTokens, MetadataOptions};

use crate::fake::{ACCOUNT, Fake, NOW, REGION, now};
use crate::instances::{ENFORCE, again, app, batch, handle, launch, modified};
use crate::notebooks::state_change;

/// The records of one invocation, sorted by resource, and what was counted.
async fn records(app: &App<Fake>, payload: Value) -> (Vec<Record>, Counts) {
    let mut records = Vec::new();
    let mut log = |entry: LogEntry<'_>| {
        if let LogEntry::Record(record) = entry {
            records.push(record.clone());
        }
    };
    let invocation = Invocation { now: &now, deadline: None, log: &mut log };
    let (_, counts) = handle_ec2(payload, app, invocation).await.unwrap();
    records.sort_by_key(|it| it.resource.to_string());
    (records, counts)
}

/// The same event under another id.
fn with_id(mut event: Value, id: &str) -> Value {
    event["detail"]["eventID"] = json!(id);
    event
}

/// A launch whose record names a client token and no instance.
fn unnamed_launch(at_least: u32) -> Value {
    let mut event = launch(&[], "optional");
    let items = json!({"items": [{"minCount": at_least, "maxCount": at_least}]});
    event["detail"]["requestParameters"] = json!({"clientToken": "t-1", "instancesSet": items});
    event["detail"]["responseElements"] = Value::Null;
    event
}

fn running(id: &str) -> Value {
    json!({
        "id": "e-2", "detail-type": "EC2 Instance State-change Notification", "source": "aws.ec2",
        "account": ACCOUNT, "time": NOW, "region": REGION, "resources": [],
        "detail": {"instance-id": id, "state": "running"},
    })
}

#[tokio::test]
async fn each_record_names_the_event_that_led_to_it() {
    let app = app(ENFORCE, |world| {
        world.instance("i-00000002");
        world.instance("i-00000003");
        world.launched_with.insert("t-1".into(), vec!["i-00000003".into()]);
    });
    let events = [
        with_id(launch(&["i-00000001"], "required"), "compliant"),
        with_id(launch(&["i-00000002"], "optional"), "open"),
        with_id(unnamed_launch(2), "unnamed"),
    ];
    let (records, _) = records(&app, batch(&events)).await;
    let causes: Vec<String> = records
        .iter()
        .map(|it| format!("{} {}", it.cause.as_ref().unwrap().event_id, it.outcome.code()))
        .collect();
    // The last one stands for the instance that the launch still lacks.
    assert_eq!(causes, ["compliant left", "open fixed", "unnamed fixed", "unnamed retry"]);
    assert!(records.iter().all(|it| it.cause.as_ref().unwrap().event == "RunInstances"));
}

#[tokio::test]
async fn a_launch_that_is_compliant_by_its_record_shows_the_options_of_the_record() {
    let app = app(ENFORCE, |_| {});
    let (launched, _) = records(&app, launch(&["i-00000001"], "required")).await;
    let (started, _) = records(&app, running("i-00000001")).await;
    for (records, hop_limit) in [(launched, Some(1)), (started, None)] {
        let [record] = records.as_slice() else { panic!("{records:?}") };
        let Some(Posture::Options(MetadataOptions { http_tokens, hop_limit: is, .. })) = record.before else {
            panic!("{record:?}")
        };
        assert_eq!((http_tokens, is), (HttpTokens::Required, hop_limit));
        assert_eq!(record.known_from, KnownFrom::LaunchRecord);
        assert!(record.decision.is_some() && !record.is_violation());
    }
    assert_eq!(app.ports.calls(), Vec::<String>::new());
}

#[tokio::test]
async fn a_state_change_of_an_unknown_launch_is_described() {
    let app = app(ENFORCE, |world| drop(world.instance("i-00000001").clone()));
    let (records, _) = records(&app, running("i-00000001")).await;
    assert_eq!(records[0].outcome.code(), "fixed");
}

#[tokio::test]
async fn options_that_somebody_changes_after_a_compliant_launch_are_described() {
    let app = app(ENFORCE, |world| drop(world.instance("i-00000001").clone()));
    let (said, _) = handle(&app, launch(&["i-00000001"], "required")).await;
    assert_eq!(said, ["i-00000001 left"]);
    let (said, _) = handle(&app, modified("i-00000001", Some("optional"), NOW)).await;
    assert_eq!(said, ["i-00000001 fixed"]);
    app.ports.0.lock().unwrap().instance("i-00000001").options.http_tokens = HttpTokens::Optional;
    let (said, _) = handle(&app, running("i-00000001")).await;
    assert_eq!(said, ["i-00000001 fixed"], "its launch record does not count any more");
}

/// Without a launch, the instance is old, and only drift closes it.
#[tokio::test]
async fn of_several_events_about_an_instance_the_one_that_says_most_decides() {
    let drift = |id: &str| with_id(modified("i-00000001", Some("optional"), NOW), id);
    let seen = || with_id(modified("i-00000001", None, NOW), "seen");
    let launched = || with_id(launch(&["i-00000001"], "optional"), "launch");
    for (events, outcome, cause) in [
        (vec![seen()], "held", "seen"),
        (vec![seen(), drift("drift")], "fixed", "drift"),
        (vec![drift("drift"), seen()], "fixed", "drift"),
        (vec![drift("first"), drift("second")], "fixed", "first"),
        (vec![drift("drift"), launched()], "fixed", "launch"),
        (vec![launched(), drift("drift")], "fixed", "launch"),
        (vec![launched(), seen()], "fixed", "launch"),
        (vec![seen(), launched()], "fixed", "launch"),
    ] {
        let is_new = events.iter().any(|it| it["detail"]["eventName"] == "RunInstances");
        let app = app(ENFORCE, |world| {
            let created_at = if is_new { NOW } else { "2020-01-01T00:00:00Z" };
            world.instance("i-00000001").created_at = Some(created_at.parse().unwrap());
        });
        let names: Vec<&Value> = events.iter().map(|it| &it["detail"]["eventID"]).collect();
        let (records, _) = records(&app, batch(&events)).await;
        let [record] = records.as_slice() else { panic!("{records:?}") };
        let named = record.cause.as_ref().unwrap().event_id.as_str();
        assert_eq!((record.outcome.code(), named), (outcome, cause), "{names:?}");
    }
}

#[tokio::test]
async fn a_launch_by_client_token_is_tried_again_when_its_instance_is() {
    let app = app(ENFORCE, |world| {
        world.instance("i-00000001");
        world.launched_with.insert("t-1".into(), vec!["i-00000001".into()]);
        world.failures.insert("ec2:ModifyInstanceMetadataOptions", vec![Kind::Throttled]);
    });
    let (said, reply) = handle(&app, batch(&[unnamed_launch(1)])).await;
    assert_eq!((said, again(&reply)), (vec!["i-00000001 retry".to_owned()], vec!["m-0".to_owned()]));
}

#[tokio::test]
async fn what_is_malformed_ignored_or_handled_elsewhere_is_counted() {
    let app = app(ENFORCE, |_| {});
    let ignored = json!({
        "id": "e-3", "detail-type": "Something Else", "source": "aws.other", "account": ACCOUNT, "time": NOW,
        "region": REGION, "resources": [], "detail": {},
    });
    let elsewhere = state_change("churn", "InService");
    let events = [json!(7), ignored.clone(), elsewhere.clone(), json!(8), ignored, elsewhere];
    let (records, counts) = records(&app, batch(&events)).await;
    assert!(records.is_empty());
    assert_eq!((counts.malformed, counts.ignored), (2, 4));
}

#[tokio::test]
async fn what_a_document_does_not_act_on_is_said_once() {
    let app = app("version: 1\nmode: enforce\ninstances: { remediate_with: ssm-automation }\n", |world| {
        drop(world.instance("i-00000001").clone());
    });
    for expected in [vec!["i-00000001 held", "notice"], vec!["i-00000001 held"]] {
        let (said, _) = handle(&app, launch(&["i-00000001"], "optional")).await;
        assert_eq!(said, expected);
    }
}
