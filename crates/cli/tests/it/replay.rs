//! `replay`.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::fake_aws::{ACCOUNT, FakeAws, instance};
use crate::fake_world::FakeWorld;

const ENFORCE: &str = "version: 1\nmode: enforce\n";

fn launch(id: &str, tokens: &str) -> Value {
    json!({
        "eventVersion": "1.08",
        "userIdentity": {"type": "AssumedRole", "arn": format!("arn:aws:sts::{ACCOUNT}:assumed-role/Developer/alice")},
        "eventTime": "2026-11-20T10:14:00Z",
        "eventSource": "ec2.amazonaws.com",
        "eventName": "RunInstances",
        "awsRegion": "eu-central-1",
        "recipientAccountId": ACCOUNT,
        "eventID": "11111111-2222-3333-4444-555555555555",
        "requestParameters": {"instancesSet": {"items": [{"minCount": 1}]}},
        "responseElements": {"instancesSet": {"items": [{
            "instanceId": id,
            "metadataOptions": {"httpTokens": tokens, "httpEndpoint": "enabled", "httpPutResponseHopLimit": 1},
        }]}},
    })
}

fn envelope(record: &Value) -> Value {
    json!({
        "version": "0", "id": "e1", "source": "aws.ec2", "detail-type": "AWS API Call via CloudTrail",
        "account": ACCOUNT, "region": "eu-central-1", "time": "2026-11-20T10:14:00Z", "resources": [],
        "detail": record,
    })
}

fn state_change(id: &str, state: &str) -> Value {
    json!({
        "version": "0", "id": "e2", "source": "aws.ec2",
        "detail-type": "EC2 Instance State-change Notification",
        "account": ACCOUNT, "region": "eu-central-1", "time": "2026-11-20T10:14:30Z", "resources": [],
        "detail": {"instance-id": id, "state": state},
    })
}

fn created_notebook(version: &str) -> Value {
    json!({
        "version": "0", "id": "e3", "source": "aws.sagemaker", "detail-type": "AWS API Call via CloudTrail",
        "account": ACCOUNT, "region": "eu-central-1", "time": "2026-11-20T10:14:00Z", "resources": [],
        "detail": {
            "eventSource": "sagemaker.amazonaws.com", "eventName": "CreateNotebookInstance",
            "eventID": "22222222-2222-3333-4444-555555555555", "awsRegion": "eu-central-1",
            "eventTime": "2026-11-20T10:14:00Z",
            "requestParameters": {
                "notebookInstanceName": "training",
                "instanceMetadataServiceConfiguration": {"minimumInstanceMetadataServiceVersion": version},
            },
            "responseElements": {
                "notebookInstanceArn": format!("arn:aws:sagemaker:eu-central-1:{ACCOUNT}:notebook-instance/training"),
            },
        },
    })
}

/// One file for each way in which an event can end.
fn many() -> FakeWorld {
    let mut failed = launch("i-0000000000000000f", "optional");
    failed["errorCode"] = json!("Client.UnauthorizedOperation");
    let mut unnamed = launch("i-0000000000000000f", "optional");
    unnamed["responseElements"] = json!(null);
    unnamed["requestParameters"]["clientToken"] = json!("token-1");
    let mut elsewhere = launch("i-0000000000000000f", "optional");
    elsewhere["recipientAccountId"] = json!("12");
    FakeWorld::with(FakeAws::default().at_home("eu-central-1"))
        .file("policy.yaml", ENFORCE)
        .file("a-violation.json", &envelope(&launch("i-0000000000000000a", "optional")).to_string())
        .file("b-compliant.json", &launch("i-0000000000000000b", "required").to_string())
        .file("c-failed.json", &failed.to_string())
        .file("d-unnamed.json", &unnamed.to_string())
        .file("e-state.json", &state_change("i-0000000000000000a", "running").to_string())
        .file("f-remembered.json", &state_change("i-0000000000000000b", "running").to_string())
        .file("g-notebook-1.json", &created_notebook("1").to_string())
        .file("h-notebook-2.json", &created_notebook("2").to_string())
        .file("i-other.json", &json!({"source": "aws.s3", "detail-type": "Object Created"}).to_string())
        .file("j-malformed.json", &elsewhere.to_string())
        .file("k-empty.json", "")
        .file("not-an-event.txt", "passed over")
}

#[test]
fn every_event_is_explained_without_aws() {
    let world = many();
    assert_snapshot!(world.run("replay DIR --policy DIR/policy.yaml").seen());
    assert_eq!(world.aws.asked(), [""; 0]);
}

#[test]
fn on_a_terminal_it_reads_in_blocks() {
    assert_snapshot!(many().watched(100).run("replay DIR --policy DIR/policy.yaml").out);
}

#[test]
fn json_has_its_published_shape() {
    let world = many();
    let ran =
        world.run("replay DIR/a-violation.json DIR/c-failed.json DIR/j-malformed.json --output json -q");
    assert_snapshot!(ran.seen());
}

#[test]
fn events_come_in_many_wrappings() {
    let (one, two) = (launch("i-0000000000000000a", "optional"), launch("i-0000000000000000b", "required"));
    let message =
        |id: &str, body: &Value| json!({"messageId": id, "eventSource": "aws:sqs", "body": body.to_string()});
    let wrappings = [
        ("lines", format!("{one}\n\n{two}\n")),
        ("list", json!([one, envelope(&two)]).to_string()),
        ("log file", json!({"Records": [one, two]}).to_string()),
        (
            "batch",
            json!({"Records": [message("1", &envelope(&one)), message("2", &envelope(&two))]}).to_string(),
        ),
        (
            "lookup",
            json!({"Events": [{"CloudTrailEvent": one.to_string()}, {"CloudTrailEvent": two.to_string()}]})
                .to_string(),
        ),
        ("lines with a mark", format!("\u{feff}{one}\r\n{two}\r\n")),
    ];
    for (name, text) in wrappings {
        let ran = FakeWorld::with(FakeAws::default()).stdin(&text).run("replay - --output json");
        let events = ran.json()["events"].clone();
        let verdicts: Vec<&Value> =
            events.as_array().unwrap().iter().map(|it| &it["findings"][0]["verdict"]).collect();
        assert_eq!(verdicts, ["violation", "compliant"], "{name}: {}", ran.seen());
        assert_eq!((&events[0]["index"], &events[1]["index"]), (&json!(0), &json!(1)));
    }
}

#[test]
fn one_bad_line_does_not_keep_the_others_from_being_read() {
    let one = launch("i-0000000000000000a", "required");
    let world = FakeWorld::with(FakeAws::default()).stdin(&format!("{one}\n{{\"cut\n[]\n{one}\n"));
    let ran = world.run("replay -");
    assert_eq!(ran.exit.code(), 3);
    assert_snapshot!(ran.out);
}

#[test]
fn nothing_makes_it_panic() {
    let texts = [
        "null",
        "0",
        "\"\"",
        "[[]]",
        "{}",
        "[1,2]",
        "{\"Records\":1}",
        "{\"Records\":[{}]}",
        "{\"Events\":[{}]}",
        "{\"detail\":{\"eventName\":7}}",
        "\u{0}",
        "{\"Records\":[{\"messageId\":\"1\",\"eventSource\":\"aws:sqs\",\"body\":\"{\"}]}",
        "{\"Records\":[{\"messageId\":\"1\",\"eventSource\":\"aws:sqs\"}]}",
    ];
    for text in texts {
        let ran = FakeWorld::with(FakeAws::default()).stdin(text).run("replay -");
        assert_eq!(ran.exit.code(), 3, "{text}: {}", ran.seen());
        assert!(ran.out.starts_with("<stdin>"), "{text}: {}", ran.out);
    }
    let deep = "[".repeat(10_000);
    assert_eq!(FakeWorld::with(FakeAws::default()).stdin(&deep).run("replay -").exit.code(), 3);
}

#[test]
fn units_that_nobody_can_look_up_leave_the_event_unjudged() {
    let policy = "\
version: 1
mode: enforce
overrides:
  - match: { ous: [ou-ab12-sandbox1] }
    mode: observe
";
    let event = launch("i-0000000000000000a", "optional").to_string();
    let world = FakeWorld::with(FakeAws::default()).file("policy.yaml", policy).stdin(&event);
    let ran = world.run("replay - --policy DIR/policy.yaml");
    assert!(ran.out.contains("not judged: the policy names organizational units"), "{}", ran.seen());
}

#[test]
fn live_acts_as_the_functions_would() {
    let mut launched = instance("i-0000000000000000a");
    launched.created_at = Some("2026-11-20T10:14:00Z".parse().unwrap());
    let aws = FakeAws::default().at_home("eu-central-1").instance("eu-central-1", launched);
    let event = envelope(&launch("i-0000000000000000a", "optional")).to_string();
    let foreign = event.replace(ACCOUNT, "999988887777");
    let world = FakeWorld::with(aws)
        .watched(100)
        .stdin("y\n")
        .file("policy.yaml", ENFORCE)
        .file("event.json", &event)
        .file("foreign.json", &foreign);
    assert_snapshot!(
        world.run("replay DIR/event.json DIR/foreign.json --live --policy DIR/policy.yaml").seen()
    );
    assert_eq!(
        world.aws.changes(),
        ["ec2:ModifyInstanceMetadataOptions eu-central-1 i-0000000000000000a HttpTokens=required"]
    );
}

/// A record from a dead-letter queue or an archive does not make an instance new.
#[test]
fn live_holds_what_has_existed_for_long_though_its_launch_is_replayed() {
    let aws =
        FakeAws::default().at_home("eu-central-1").instance("eu-central-1", instance("i-0000000000000000a"));
    let event = envelope(&launch("i-0000000000000000a", "optional")).to_string();
    let world = FakeWorld::with(aws)
        .watched(100)
        .stdin("y\n")
        .file("policy.yaml", ENFORCE)
        .file("event.json", &event);
    let ran = world.run("replay DIR/event.json --live --policy DIR/policy.yaml");
    assert!(ran.out.contains("existed already, and whether it uses IMDSv1 was not read"), "{}", ran.out);
    assert_eq!(world.aws.changes(), [""; 0]);
}

#[test]
fn live_and_no_changes_nothing() {
    let event = launch("i-0000000000000000a", "optional").to_string();
    let world = FakeWorld::with(FakeAws::default().at_home("eu-central-1"))
        .watched(100)
        .stdin("n\n")
        .file("event.json", &event);
    let ran = world.run("replay DIR/event.json --live");
    assert!(ran.err.ends_with("nothing was changed\n"), "{}", ran.err);
    assert_eq!(world.aws.asked(), [""; 0]);
}
