//! Version 1 turned back on is turned off again, until it is contested, as far as CloudTrail remembers who did it.

use serde_json::{Value, json};
use v2only_enforcer::Kind;
use v2only_enforcer::LogEntry;
use v2only_enforcer::invocation::{Invocation, handle_ec2};
use v2only_policy::instance::HttpTokens;

use crate::fake::{ACCOUNT, NOW, now};
use crate::instances::{ENFORCE, again, app, batch, handle, modified};

#[tokio::test]
async fn drift_is_corrected_until_it_is_contested() {
    let report = "version: 1\nmode: enforce\ndrift: { when_contested: report }\n";
    let app = app(report, |world| {
        let instance = world.instance("i-00000001");
        instance.created_at = Some("2020-01-01T00:00:00Z".parse().unwrap());
    });
    let flip = async |minute: u32| {
        app.ports.0.lock().unwrap().instance("i-00000001").options.http_tokens = HttpTokens::Optional;
        let event = modified("i-00000001", Some("optional"), &format!("2026-11-20T11:{minute:02}:00Z"));
        let (said, _) = handle(&app, event.clone()).await;
        let (duplicate, _) = handle(&app, event).await;
        (said, duplicate)
    };
    for minute in [1, 2, 3] {
        let (said, duplicate) = flip(minute).await;
        assert_eq!((said, duplicate), (vec!["i-00000001 fixed".into()], vec!["i-00000001 left".into()]));
    }
    let (said, _) = flip(4).await;
    assert_eq!(said, ["i-00000001 held"], "three corrections in the window are enough");
    assert_eq!(app.ports.tokens("i-00000001"), HttpTokens::Optional);
}

#[tokio::test]
async fn an_old_instance_waits_for_evidence_unless_somebody_requests_version_1() {
    let app = app(ENFORCE, |world| {
        world.instance("i-00000001").created_at = Some("2020-01-01T00:00:00Z".parse().unwrap());
    });
    let (said, _) = handle(&app, modified("i-00000001", None, NOW)).await;
    assert_eq!(said, ["i-00000001 held"], "a new hop limit is no evidence of who uses version 1");
    let (said, _) = handle(&app, modified("i-00000001", Some("optional"), NOW)).await;
    assert_eq!(said, ["i-00000001 fixed"]);
}

fn long_ago() -> Option<jiff::Timestamp> {
    Some("2020-01-01T00:00:00Z".parse().unwrap())
}

/// A record as CloudTrail keeps it: without the envelope of EventBridge.
fn record(id: &str, http_tokens: &str, time: &str) -> Value {
    modified(id, Some(http_tokens), time)["detail"].take()
}

/// Terraform drops foreign tags with every apply, and the tag that counts the flips is one of them.
#[tokio::test]
async fn contested_drift_waits_and_is_closed_though_the_tag_was_dropped() {
    let app = app(ENFORCE, |world| {
        world.instance("i-00000001").created_at = long_ago();
        for hour in [6, 7, 8] {
            let time = |minute: u32| format!("2026-11-20T{hour:02}:{minute:02}:00Z");
            world.history.push(record("i-00000001", "optional", &time(0)));
            world.history.push(record("i-00000001", "required", &time(1)));
        }
    });
    let event = modified("i-00000001", Some("optional"), "2026-11-20T11:59:30Z");
    let (said, reply) = handle(&app, batch(std::slice::from_ref(&event))).await;
    assert_eq!(said, ["i-00000001 waiting"]);
    assert_eq!(again(&reply), ["m-0"], "the event comes back, and closes it");
    assert_eq!(app.ports.calls().iter().filter(|it| it.starts_with("cloudtrail")).count(), 1);
    let postponed = "sqs:ChangeMessageVisibility r-0=30s".to_owned();
    assert!(app.ports.calls().contains(&postponed), "until its pause ends, {:?}", app.ports.calls());
    let event = modified("i-00000001", Some("optional"), "2026-11-20T11:59:00Z");
    app.ports.0.lock().unwrap().instance("i-00000001").tags.clear();
    let (said, reply) = handle(&app, batch(&[event])).await;
    assert_eq!(said, ["i-00000001 fixed"], "the minute has passed");
    assert!(again(&reply).is_empty());
    assert_eq!(app.ports.tokens("i-00000001"), HttpTokens::Required);
}

/// Somebody opened it while its endpoint was disabled, and enables the endpoint now.
#[tokio::test]
async fn an_endpoint_enabled_again_is_drift_if_the_instance_was_v2_only() {
    let app = app(ENFORCE, |world| {
        world.instance("i-00000001").created_at = long_ago();
        world.history.push(record("i-00000001", "optional", "2026-11-20T11:00:00Z"));
        world.history.push(record("i-00000001", "required", "2026-11-01T11:00:00Z"));
    });
    let (said, _) = handle(&app, modified("i-00000001", None, NOW)).await;
    assert_eq!(said, ["i-00000001 fixed"]);
}

#[tokio::test]
async fn without_cloudtrail_drift_is_corrected_and_what_the_gate_shelters_says_why() {
    let app = app(ENFORCE, |world| {
        world.instance("i-00000001").created_at = long_ago();
        world.instance("i-00000002").created_at = long_ago();
        world.failures.insert("cloudtrail:LookupEvents", vec![Kind::Denied, Kind::Denied]);
    });
    let (said, _) = handle(&app, modified("i-00000001", Some("optional"), NOW)).await;
    assert_eq!(said, ["i-00000001 fixed"]);
    let mut reasons = Vec::new();
    let mut log = |entry: LogEntry<'_>| {
        if let LogEntry::Record(record) = entry {
            reasons.extend(record.reasons());
        }
    };
    let invocation = Invocation { now: &now, deadline: None, log: &mut log };
    let (_, counts) = handle_ec2(modified("i-00000002", None, NOW), &app, invocation).await.unwrap();
    assert_eq!(counts.held, 1);
    assert!(reasons.iter().any(|it| it.contains("could not be read from CloudTrail")), "{reasons:?}");
}

pub const OURS: &str = "assumed-role/v2only-ec2-enforcer/v2only-ec2-enforcer";

/// A record of a call under this identity.
pub fn by(identity: &str, mut event: Value) -> Value {
    let detail = if event.get("detail").is_some() { &mut event["detail"] } else { &mut event };
    detail["userIdentity"] = json!({
        "type": "AssumedRole", "arn": format!("arn:aws:sts::{ACCOUNT}:{identity}"), "accountId": ACCOUNT,
    });
    event
}

#[tokio::test]
async fn calls_of_our_own_role_are_nobodys_flips() {
    // A session that only has the name of ours is somebody.
    let others = ["assumed-role/developer/v2only-ec2-enforcer", "assumed-role/v2only-ec2-enforcer/ana"];
    for (who, outcome) in [(OURS, "fixed"), (others[0], "waiting"), (others[1], "waiting")] {
        let app = app(ENFORCE, |world| {
            world.instance("i-00000001").created_at = long_ago();
            for hour in [6, 7, 8] {
                let time = |minute: u32| format!("2026-11-20T{hour:02}:{minute:02}:00Z");
                world.history.push(by(who, record("i-00000001", "optional", &time(0))));
                world.history.push(by(OURS, record("i-00000001", "required", &time(1))));
            }
        });
        let event = modified("i-00000001", Some("optional"), "2026-11-20T11:59:30Z");
        let (said, _) = handle(&app, batch(&[event])).await;
        assert_eq!(said, [format!("i-00000001 {outcome}")], "{who}");
    }
    // What we did ourselves is remembered as nobody's flip either.
    let app = app(ENFORCE, |world| drop(world.instance("i-00000001").clone()));
    let (said, _) = handle(&app, by(OURS, modified("i-00000001", Some("optional"), NOW))).await;
    assert_eq!(said, ["i-00000001 fixed"]);
    assert!(app.ports.calls().iter().all(|it| !it.starts_with("ec2:CreateTags")), "{:?}", app.ports.calls());
}
