//! The shapes in which people save events.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use crate::fake_aws::{ACCOUNT, FakeAws};
use crate::fake_world::{FakeWorld, RunResult};

fn launch(number: usize) -> Value {
    json!({
        "eventVersion": "1.08",
        "userIdentity": {"type": "AssumedRole", "arn": format!("arn:aws:sts::{ACCOUNT}:assumed-role/Developer/alice")},
        "eventTime": "2026-11-20T10:14:00Z",
        "eventSource": "ec2.amazonaws.com",
        "eventName": "RunInstances",
        "awsRegion": "eu-central-1",
        "recipientAccountId": ACCOUNT,
        "eventID": format!("11111111-2222-3333-4444-{number:012}"),
        "requestParameters": {"instancesSet": {"items": [{"minCount": 1}]}},
        "responseElements": {"instancesSet": {"items": [{
            "instanceId": format!("i-{number:017x}"),
            "metadataOptions": {"httpTokens": "optional", "httpEndpoint": "enabled", "httpPutResponseHopLimit": 1},
        }]}},
    })
}

fn insight() -> Value {
    json!({"eventVersion": "1.09", "eventCategory": "Insight", "eventType": "AwsCloudTrailInsight", "insightDetails": {}})
}

fn world() -> FakeWorld {
    FakeWorld::with(FakeAws::default()).file("policy.yaml", "version: 1\nmode: enforce\n")
}

fn events(ran: &RunResult) -> u64 {
    ran.json()["totals"]["violations"].as_u64().unwrap()
}

fn replay(name: &str, text: &str) -> RunResult {
    world().file(name, text).run(&format!("replay DIR/{name} -p DIR/policy.yaml -o json"))
}

#[test]
fn envelopes_are_opened() {
    let text = launch(1).to_string();
    for (envelope, value) in [
        (
            "sqs",
            json!({"Messages": [{"MessageId": "m", "Body": text}, {"MessageId": "n", "Body": launch(2).to_string()}]}),
        ),
        ("log", json!({"events": [{"message": text}, {"message": launch(2).to_string()}]})),
        (
            "destination",
            json!({"version": "1.0", "requestContext": {}, "requestPayload": [launch(1), launch(2)]}),
        ),
        ("trail", json!({"Records": [launch(1), insight(), launch(2)]})),
    ] {
        let ran = replay("saved.json", &value.to_string());
        assert_eq!((events(&ran), ran.exit.code()), (2, 10), "{envelope}: {}", ran.out);
    }
    let topic = "arn:aws:sns:eu-central-1:111122223333:t";
    let notification = json!({"Type": "Notification", "TopicArn": topic, "Message": text});
    let within = json!({"Messages": [{"Body": notification.to_string()}]});
    assert_eq!(events(&replay("saved.json", &within.to_string())), 1);
}

#[test]
fn values_follow_each_other() {
    let pretty = serde_json::to_string_pretty(&launch(1)).unwrap();
    assert_eq!(events(&replay("saved.json", &format!("{pretty}\n{pretty}"))), 2);
    assert_eq!(events(&replay("saved.json", &format!("{}{}", launch(1), launch(2)))), 2);
}

#[test]
fn an_empty_answer_is_no_event_and_no_mistake() {
    for text in [r#"{"Events": []}"#, r#"{"Records": []}"#, "[]"] {
        let ran = replay("saved.json", text);
        assert_eq!(ran.exit.code(), 0, "{text}: {}", ran.out);
    }
    assert_eq!(replay("saved.json", "").exit.code(), 3);
    assert_eq!(replay("saved.json", &json!({"Records": [insight()]}).to_string()).exit.code(), 0);
}

#[test]
fn a_folder_of_log_files_is_read_to_its_depth() {
    let world = world();
    for folder in
        ["AWSLogs/CloudTrail/2026/11/20", "AWSLogs/CloudTrail-Insight/2026", "AWSLogs/CloudTrail-Digest"]
    {
        std::fs::create_dir_all(world.path(folder)).unwrap();
    }
    let file = std::fs::File::create(world.path("AWSLogs/CloudTrail/2026/11/20/a.json.gz")).unwrap();
    let mut packed = GzEncoder::new(file, Compression::fast());
    packed.write_all(json!({"Records": [launch(1), launch(2)]}).to_string().as_bytes()).unwrap();
    packed.finish().unwrap();
    let world = world
        .file("AWSLogs/CloudTrail/2026/11/20/b.json", &launch(3).to_string())
        .file("AWSLogs/CloudTrail-Insight/2026/c.json", "not read")
        .file("AWSLogs/CloudTrail-Digest/d.json", "not read");
    let ran = world.run("replay DIR/AWSLogs -p DIR/policy.yaml -o json");
    assert_eq!((events(&ran), ran.exit.code()), (3, 10), "{}", ran.out);
}

/// The functions judge a launch moments after it, and a run days later has to judge alike.
#[test]
fn a_saved_launch_is_judged_as_of_its_own_time() {
    let exempt = "version: 1\nmode: enforce\nexemptions:\n  - match: { resources: [i-00000000000000001] }\n    \
                  reason: agent\n    until: 2026-11-21\n";
    let verdict = |flags: &str| {
        let mut old = launch(1);
        old["eventTime"] = json!("2026-11-10T10:14:00Z");
        let world =
            FakeWorld::with(FakeAws::default()).file("policy.yaml", exempt).file("e.json", &old.to_string());
        let json = world.run(&format!("replay DIR/e.json -p DIR/policy.yaml -o json {flags}")).json();
        json["totals"]["exempt"].as_u64().unwrap()
    };
    assert_eq!(verdict(""), 1);
    assert_eq!(verdict("--as-of 2026-12-01T00:00:00Z"), 0);
    assert_eq!(verdict("--as-of now"), 1);
}
