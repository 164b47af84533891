//! What the functions log: one JSON object a line, one line a resource, and nothing that does not belong
//! there.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use v2only_sandbox::lambda::LogStream;
use v2only_sandbox::sagemaker::{Seed, Status};
use v2only_sandbox::{Actor, AwsError, Effect, Fault};
use v2only_tests::audit::our_calls;
use v2only_tests::stage::{EXTERNAL_ID, v1, v2};
use v2only_tests::{HOME, Line, MEMBER, REGION, SECOND, Setup, Stage};

/// The metrics, by name. Alarms are set on them: they are only ever added to.
const METRICS: [&str; 8] =
    ["Judged", "Fixed", "Held", "Contested", "Retried", "Failed", "Malformed", "Ignored"];

/// What a line about a resource may hold.
const KEYS: [&str; 27] = [
    "time",
    "level",
    "function",
    "account",
    "region",
    "kind",
    "resource",
    "event_id",
    "event",
    "actor",
    "verdict",
    "rules",
    "reasons",
    "notes",
    "plan",
    "hold",
    "step",
    "before",
    "outcome",
    "after",
    "request_id",
    "error",
    "error_action",
    "error_code",
    "error_message",
    "why",
    "reason",
];

/// A bit of everything, in both accounts.
fn eventful() -> Stage {
    let stage = Setup::default().cross_account().open();
    stage.launch(v1().count(2));
    stage.launch(v2());
    stage.launch(v1().managed_by("eks.amazonaws.com"));
    let secret = v1()
        .tag("v2only:exempt-until", &v2only_tests::exemption_day())
        .tag("v2only:exempt-reason", "migration");
    stage.exempt(stage.launch(secret.tag("password", "correct-horse")));
    stage.aws.launch_as(HOME, REGION, &Actor::AutoScaling("web".to_owned()), v1()).unwrap();
    stage.aws.launch_as(HOME, REGION, &Actor::SpotService, v1()).unwrap();
    stage.launch_at(MEMBER, "us-east-1", v1());
    stage.launch_at("555566667777", REGION, v1());
    stage
        .aws
        .notebooks()
        .add(&stage.home(), Seed::new("churn").age(SECOND * 60).minimum_version("1").status(Status::Pending));
    stage.people().create_notebook(REGION, "fresh", Some("2"));
    let denied = AwsError::client("UnauthorizedOperation", "You are not authorized.").with_status(403);
    stage.aws.inject(
        Fault::on("ec2", "ModifyInstanceMetadataOptions", Effect::ErrorBefore(denied))
            .in_region("eu-west-3")
            .times(1),
    );
    stage.launch_at(HOME, "eu-west-3", v1());
    stage.aws.bus().deliver(json!({
        "id": "e-1", "source": "aws.ec2", "detail-type": "AWS API Call via CloudTrail", "account": "12",
        "region": REGION, "detail": {"eventSource": "ec2.amazonaws.com", "eventName": "RunInstances"},
    }));
    stage.pass(SECOND * 1800);
    stage
}

#[test]
fn every_line_is_one_object_with_known_keys() {
    let stage = eventful();
    let lines = stage.lines();
    assert!(lines.len() > 20, "{}", lines.len());
    for line in lines.iter().filter(|it| !it.is_metrics()) {
        for key in line.0.as_object().unwrap().keys() {
            assert!(KEYS.contains(&key.as_str()), "`{key}` in {line:?}");
        }
        assert!(["info", "warn", "error"].contains(&line.text("level")), "{line:?}");
        assert!(
            ["ec2-enforcer", "notebook-enforcer", "sweeper"].contains(&line.text("function")),
            "{line:?}"
        );
        assert!(line.text("time").parse::<jiff::Timestamp>().is_ok(), "{line:?}");
        assert!(!line.text("outcome").is_empty(), "{line:?}");
        if line.is_record() {
            for key in ["account", "region", "kind", "resource", "event_id", "event"] {
                assert!(!line.text(key).is_empty(), "no `{key}` in {line:?}");
            }
        }
    }
}

#[test]
fn one_event_gives_one_line_for_each_resource_and_one_with_metrics() {
    let stage = Setup::default().closed();
    let ids = stage.launch(v1().count(3));
    stage.invoke(&stage.ec2, &stage.published("RunInstances")[0]);
    let lines = stage.lines();
    let about: Vec<&str> = lines.iter().filter(|it| it.is_record()).map(|it| it.text("resource")).collect();
    let (once, all): (BTreeSet<&str>, BTreeSet<&str>) =
        (about.iter().copied().collect(), ids.iter().map(String::as_str).collect());
    assert_eq!((about.len(), once), (3, all));
    assert_eq!(lines.len(), 4, "{lines:#?}");
    assert_eq!(lines.iter().filter(|it| it.is_metrics()).count(), 1);
}

#[test]
fn a_change_is_logged_with_the_request_id_that_aws_gave_it() {
    let stage = Setup::default().closed();
    let ids = stage.launch(v1().count(2));
    stage.invoke(&stage.ec2, &stage.published("RunInstances")[0]);
    let event = &stage.published("RunInstances")[0];
    for id in &ids {
        let lines = stage.lines();
        let line = lines.iter().find(|it| it.text("resource") == id).unwrap();
        assert_eq!(line.brief(), "violation act fixed");
        assert_eq!((line.text("before"), line.text("after")), ("optional, hop 1", "required, hop 1"));
        assert_eq!((line.text("account"), line.text("region")), (HOME, REGION));
        assert_eq!(line.text("event_id"), event["detail"]["eventID"].as_str().unwrap());
        let calls = our_calls(&stage.aws);
        let call = calls.iter().find(|it| it.request_id == line.text("request_id")).unwrap();
        assert_eq!(call.name(), "ec2:ModifyInstanceMetadataOptions");
        let changed = stage.published("ModifyInstanceMetadataOptions");
        let record = changed.iter().find(|it| it["detail"]["requestID"] == call.request_id.as_str()).unwrap();
        assert!(record["detail"].to_string().contains(id.as_str()), "the id of another instance's change");
    }
}

#[test]
fn a_failure_is_logged_with_the_call_the_code_and_the_request_id() {
    let stage = Setup::default().closed();
    let ids = stage.launch(v1());
    let denied = AwsError::client("UnauthorizedOperation", "You are not authorized.").with_status(403);
    stage.aws.inject(Fault::on("ec2", "ModifyInstanceMetadataOptions", Effect::ErrorBefore(denied)));
    stage.invoke(&stage.ec2, &stage.published("RunInstances")[0]);
    let lines = stage.lines();
    let line = lines.iter().find(|it| it.text("resource") == ids[0]).unwrap();
    assert_eq!(line.brief(), "violation act failed denied");
    assert_eq!(line.text("error_action"), "ec2:ModifyInstanceMetadataOptions");
    assert_eq!((line.text("error_code"), line.text("level")), ("UnauthorizedOperation", "error"));
    let calls = our_calls(&stage.aws);
    let call = calls.iter().find(|it| it.error.is_some()).unwrap();
    assert_eq!(line.text("request_id"), call.request_id);
}

/// Event bodies carry addresses, key ids, tags and user data of others.
#[test]
fn no_line_holds_the_event_a_credential_or_an_address() {
    let stage = eventful();
    let forbidden = [
        "ASIA",
        "AKIA",
        "AROA",
        EXTERNAL_ID,
        "203.0.113.10",
        "v2only-sandbox",
        "userIdentity",
        "accessKeyId",
        "requestParameters",
        "responseElements",
        "sessionContext",
        "userAgent",
        "correct-horse",
        "password",
        "10.0.",
        "subnet-",
        "eni-",
    ];
    for line in stage.lines() {
        let text = line.0.to_string();
        for word in forbidden {
            assert!(!text.contains(word), "`{word}` in {text}");
        }
        assert!(text.len() < 4_096, "{} bytes: {text}", text.len());
    }
}

#[test]
fn who_launched_is_named() {
    let stage = eventful();
    let actors: BTreeSet<String> = stage.lines().iter().map(|it| it.text("actor").to_owned()).collect();
    let named = |part: &str| actors.iter().any(|it| it.contains(part));
    assert!(named("ana") && named("autoscaling") && named("spot"), "{actors:?}");
}

/// Amazon CloudWatch User Guide, "Specification: Embedded metric format".
#[test]
fn every_invocation_ends_with_its_metrics() {
    let stage = eventful();
    let lines = stage.lines();
    let metrics: Vec<&Line> = lines.iter().filter(|it| it.is_metrics()).collect();
    let invocations = stage.ec2.invocations() + stage.notebook.invocations();
    assert_eq!(metrics.len(), usize::try_from(invocations).unwrap());
    for line in metrics {
        let [directive] = line.0["_aws"]["CloudWatchMetrics"].as_array().unwrap().as_slice() else {
            panic!("{line:?}")
        };
        assert_eq!(
            (&directive["Namespace"], &directive["Dimensions"]),
            (&json!("v2only"), &json!([["Function"]]))
        );
        assert!(line.0["_aws"]["Timestamp"].as_i64().unwrap() > 1_700_000_000_000, "milliseconds");
        assert!(line.0["Function"].is_string());
        let named: Vec<&str> =
            directive["Metrics"].as_array().unwrap().iter().map(|it| it["Name"].as_str().unwrap()).collect();
        assert_eq!(named, METRICS);
        for name in METRICS {
            assert!(line.0[name].is_u64(), "{name} in {line:?}");
        }
        for metric in directive["Metrics"].as_array().unwrap() {
            assert_eq!(metric["Unit"], "Count");
        }
    }
}

#[test]
fn the_metrics_count_what_the_lines_say() {
    let stage = eventful();
    let lines = stage.lines();
    let metric = |name: &str| -> u64 {
        lines.iter().filter(|it| it.is_metrics()).map(|it| it.0[name].as_u64().unwrap()).sum()
    };
    let said = |outcome: &str| {
        u64::try_from(lines.iter().filter(|it| it.text("outcome") == outcome).count()).unwrap()
    };
    assert_eq!(
        (metric("Fixed"), metric("Held"), metric("Failed"), metric("Retried"), metric("Malformed")),
        (said("fixed"), said("held"), said("failed"), said("retry"), said("malformed"))
    );
    assert_eq!(metric("Ignored"), said("ignored"));
    for name in ["Fixed", "Held", "Failed", "Malformed"] {
        assert!(metric(name) > 0, "{name} is never counted, so this proves nothing of it");
    }
}

#[test]
fn nothing_is_written_to_standard_error() {
    let stage = eventful();
    let hosts = [&stage.ec2, &stage.notebook];
    let logs: Vec<_> = hosts.iter().flat_map(|it| it.logs()).collect();
    assert!(logs.iter().all(|it| it.stream == LogStream::Stdout), "{logs:#?}");
}

#[test]
fn a_malformed_message_is_said_and_counted_and_stops_no_other() {
    let stage = Setup::default().closed();
    let ids = stage.launch(v1());
    let message = |id: &str, body: String| json!({"messageId": id, "body": body, "eventSource": "aws:sqs"});
    let batch = json!({"Records": [
        message("m-1", "{\"detail-type\": ".to_owned()),
        message("m-2", stage.published("RunInstances")[0].to_string()),
    ]});
    let outcome = stage.invoke(&stage.ec2, &batch);
    assert_eq!(
        outcome.response(),
        Some(&json!({"batchItemFailures": []})),
        "again would not make it readable"
    );
    let lines = stage.lines();
    assert_eq!(lines.iter().filter(|it| it.text("outcome") == "malformed").count(), 1);
    assert_eq!(stage.story(&ids[0]), ["violation act fixed"]);
}

#[test]
fn an_event_of_no_concern_is_ignored_with_the_reason() {
    let stage = Setup::default().closed();
    stage.launch(v1());
    let mut failed = stage.published("RunInstances").remove(0);
    failed["detail"]["errorCode"] = json!("Client.UnauthorizedOperation");
    let other = json!({
        "version": "0", "id": "e-2", "source": "aws.s3", "detail-type": "Object Created", "account": HOME,
        "time": "2026-11-20T12:00:00Z", "region": REGION, "resources": [], "detail": {},
    });
    for event in [failed, other] {
        let outcome = stage.invoke(&stage.ec2, &event);
        assert_eq!(outcome.response().map(Value::is_object), Some(true), "{outcome:?}");
        let line = stage.take_lines().into_iter().find(|it| !it.is_metrics()).unwrap();
        assert_eq!(line.text("outcome"), "ignored");
        assert!(!line.text("why").is_empty() && !line.text("reason").is_empty(), "{line:?}");
    }
    assert_eq!(stage.bill(), [].into());
}
