//! What other people do while v2only is at work holds for everything that v2only has not changed yet.

use jiff::SignedDuration;
use serde_json::{Value, json};
use v2only_enforcer::invocation::{App, Invocation, handle_ec2};
use v2only_enforcer::policy_source::{Location, PolicySource};
use v2only_enforcer::{Kind, LogEntry};
use v2only_policy::instance::{HttpTokens, Switch};
use v2only_policy::notebook::{MinimumVersion, NotebookStatus};

use crate::fake::{ACCOUNT, Fake, NOW, REGION, World, now};
use crate::sweep::{Deployed, violating};

const ENFORCE: &str = "version: 1\nmode: enforce\ninstances: { usage_gate: { applies_to: none } }\n";
const OBSERVE: &str = "version: 1\nmode: observe\n";
const MODIFY: &str = "ec2:ModifyInstanceMetadataOptions";

/// How many instances are described together at most.
const CHUNK: usize = 40;
/// How many changes begin before a description is a second old, where each takes a fifth of a second.
const FRESH: usize = 5;

fn parameter() -> Location {
    Location::Parameter("/v2only/policy".to_owned())
}

#[tokio::test]
async fn an_instance_that_is_exempted_or_switched_off_during_a_sweep_is_left() {
    let deployed = Deployed::new(ENFORCE, |world| {
        violating(200)(world);
        let deed = |world: &mut World| {
            for n in 100..150 {
                let tags = &mut world.instance(&format!("i-{n:08x}")).tags;
                tags.insert("v2only:exempt-reason".to_owned(), "vendor agent".to_owned());
                tags.insert("v2only:exempt-until".to_owned(), "2026-12-31".to_owned());
            }
            for n in 150..200 {
                world.instance(&format!("i-{n:08x}")).options.http_endpoint = Switch::Disabled;
            }
        };
        world.meanwhile.push((MODIFY, 20, Box::new(deed)));
    });
    let told = deployed.sweep().await;
    let is = |n: u32| deployed.world(|it| it.instance(&format!("i-{n:08x}")).options);
    assert!((0..100).all(|it| is(it).http_tokens == HttpTokens::Required));
    assert!((120..150).all(|it| is(it).http_tokens == HttpTokens::Optional), "exempt");
    assert!((150..200).all(|it| is(it).http_endpoint == Switch::Disabled), "switched off");
    let held: Vec<&Value> =
        told.outcomes("held").into_iter().filter(|it| it["hold"] == "changed-since").collect();
    assert!(held.len() >= 80, "{}", held.len());
    // One listing in each of 2 Regions, and one second look for each chunk of 40.
    assert_eq!(deployed.calls("ec2:DescribeInstances"), 2 + 200_usize.div_ceil(CHUNK));
}

#[tokio::test]
async fn an_instance_that_is_exempted_while_the_request_rate_is_waited_for_is_left_after_a_second() {
    let deployed = Deployed::new(ENFORCE, |world| {
        violating(200)(world);
        // 5 changes a second.
        world.call_takes = 200;
        let deed = |world: &mut World| {
            for instance in world.instances.values_mut() {
                instance.tags.insert("v2only:exempt-reason".to_owned(), "vendor agent".to_owned());
                instance.tags.insert("v2only:exempt-until".to_owned(), "2026-12-31".to_owned());
            }
        };
        world.meanwhile.push((MODIFY, 41, Box::new(deed)));
    });
    let told = deployed.sweep().await;
    let changed = deployed.calls(MODIFY);
    assert!(changed < 41 + FRESH, "{changed}");
    assert_eq!(told.resources("held").len(), 200 - changed, "each of the others is reported");
    // One listing in each of 2 Regions, and one second look for each 10 changes and for each chunk that is left.
    let looks = deployed.calls("ec2:DescribeInstances");
    assert!(looks <= 2 + changed.div_ceil(FRESH) + 200 / CHUNK + 1, "{looks}");
}

#[tokio::test]
async fn a_description_that_takes_long_does_not_keep_a_sweep_from_its_end() {
    let deployed = Deployed::new(ENFORCE, |world| {
        violating(20)(world);
        world.call_takes = 5000;
    });
    deployed.sweep().await;
    assert_eq!((deployed.left(), deployed.calls(MODIFY)), (0, 20));
}

#[tokio::test]
async fn a_chunk_that_cannot_be_described_again_is_not_changed_before_it_can() {
    let deployed = Deployed::new(ENFORCE, |world| {
        violating(60)(world);
        world.failures.insert("ec2:DescribeInstances", vec![]);
        let deed = |world: &mut World| {
            world.failures.insert("ec2:DescribeInstances", vec![Kind::Throttled]);
        };
        world.meanwhile.push((MODIFY, 30, Box::new(deed)));
    });
    let told = deployed.sweep().await;
    assert_eq!(told.resources("retry").len(), 20);
    assert_eq!((deployed.left(), deployed.calls(MODIFY)), (0, 60), "the next pass changes them");
}

/// A sweep with the policy in a parameter, in which somebody writes another document after 50 changes.
fn stopped_by(document: &'static str) -> Deployed {
    Deployed::under(parameter(), move |world| {
        violating(600)(world);
        world.parameter = Some(ENFORCE.to_owned());
        // 5 changes a second.
        world.call_takes = 200;
        let deed = move |world: &mut World| world.parameter = Some(document.to_owned());
        world.meanwhile.push((MODIFY, 50, Box::new(deed)));
    })
}

#[tokio::test]
async fn observe_that_is_written_during_a_sweep_holds_within_a_minute() {
    let deployed = stopped_by(OBSERVE);
    let told = deployed.sweep().await;
    let changed = deployed.calls(MODIFY);
    // A minute at 5 changes a second.
    assert!(changed <= 50 + 300 + CHUNK, "{changed}");
    assert_eq!(told.resources("held").len(), 600 - changed, "each of the others is reported");
    assert!(told.outcomes("held").iter().all(|it| it["hold"] == "observe-mode"));
}

#[tokio::test]
async fn an_exemption_in_the_document_that_is_written_during_a_sweep_holds_within_a_minute() {
    let deployed = stopped_by(
        "version: 1\nmode: enforce\ninstances: { usage_gate: { applies_to: none } }\nexemptions:\n  \
         - { match: { account: \"111122223333\" }, until: 2026-12-31, reason: incident }\n",
    );
    let told = deployed.sweep().await;
    let changed = deployed.calls(MODIFY);
    assert!(changed <= 50 + 300 + CHUNK, "{changed}");
    assert_eq!(told.resources("fixed").len(), changed);
}

#[tokio::test]
async fn a_usage_gate_that_is_written_during_a_sweep_asks_for_evidence_again() {
    let deployed = stopped_by("version: 1\nmode: enforce\n");
    let long_ago = now() - SignedDuration::from_hours(500);
    deployed.world(|it| it.instances.values_mut().for_each(|it| it.created_at = Some(long_ago)));
    let told = deployed.sweep().await;
    let changed = deployed.calls(MODIFY);
    assert!(changed <= 50 + 300 + CHUNK, "{changed}");
    assert!(told.outcomes("held").iter().all(|it| it["hold"] == "usage-gate"));
    assert!(deployed.calls("cloudwatch:GetMetricData") > 0);
}

#[tokio::test]
async fn observe_that_is_written_during_a_big_batch_of_events_holds_within_a_minute() {
    let app = App::new(
        PolicySource::new(parameter()),
        Fake::with(|world| {
            violating(500)(world);
            world.parameter = Some(ENFORCE.to_owned());
            world.call_takes = 200;
            let deed = |world: &mut World| world.parameter = Some(OBSERVE.to_owned());
            world.meanwhile.push((MODIFY, 10, Box::new(deed)));
        }),
    );
    let counts = batch_of_500(&app).await;
    let changed = app.ports.calls().iter().filter(|it| it.starts_with(MODIFY)).count();
    assert!(changed <= 10 + 300 + CHUNK, "{changed}");
    assert_eq!(counts, changed, "each change has its record");
}

#[tokio::test]
async fn an_instance_that_is_exempted_during_a_big_batch_of_events_is_left() {
    let app = App::new(
        PolicySource::new(Location::Inline(ENFORCE.to_owned())),
        Fake::with(|world| {
            violating(500)(world);
            world.call_takes = 200;
            let deed = |world: &mut World| {
                for n in 0..500 {
                    world.instance(&format!("i-{n:08x}")).options.http_endpoint = Switch::Disabled;
                }
            };
            world.meanwhile.push((MODIFY, 10, Box::new(deed)));
        }),
    );
    batch_of_500(&app).await;
    let calls = app.ports.calls();
    let changed = calls.iter().filter(|it| it.starts_with(MODIFY)).count();
    assert!(changed <= 10 + FRESH, "{changed}");
    let looks = calls.iter().filter(|it| it.starts_with("ec2:DescribeInstances")).count();
    assert!(looks <= 1 + 500 / FRESH, "{looks}");
}

/// Ten messages about 50 started instances each; how many were fixed.
async fn batch_of_500(app: &App<Fake>) -> usize {
    let started = |message: u32| {
        let ids: Vec<Value> =
            (0..50).map(|n| json!({"instanceId": format!("i-{:08x}", message * 50 + n)})).collect();
        json!({
            "version": "0", "id": format!("e-{message}"), "detail-type": "AWS API Call via CloudTrail",
            "source": "aws.ec2", "account": ACCOUNT, "time": NOW, "region": REGION, "resources": [],
            "detail": {
                "eventVersion": "1.11", "eventSource": "ec2.amazonaws.com", "eventName": "StartInstances",
                "eventTime": NOW, "awsRegion": REGION, "eventID": format!("ct-{message}"),
                "recipientAccountId": ACCOUNT, "eventType": "AwsApiCall",
                "userIdentity": {"type": "Root", "accountId": ACCOUNT},
                "requestParameters": {"instancesSet": {"items": ids}},
                "responseElements": {"instancesSet": {"items": ids}},
            },
        })
    };
    let records: Vec<Value> = (0..10)
        .map(|n| {
            json!({
                "messageId": format!("m-{n}"), "receiptHandle": "r", "body": started(n).to_string(), "attributes": {},
                "messageAttributes": {}, "md5OfBody": "", "eventSource": "aws:sqs", "awsRegion": REGION,
                "eventSourceARN": "arn:aws:sqs:eu-central-1:111122223333:v2only-ec2",
            })
        })
        .collect();
    let mut fixed = 0;
    let mut say = |entry: LogEntry<'_>| {
        if let LogEntry::Record(record) = entry {
            fixed += usize::from(record.outcome.code() == "fixed");
        }
    };
    let clock = || now() + SignedDuration::from_millis(app.ports.0.lock().unwrap().passed);
    let invocation = Invocation { now: &clock, deadline: None, log: &mut say };
    let (reply, _) = handle_ec2(json!({"Records": records}), app, invocation).await.unwrap();
    assert_eq!(reply["batchItemFailures"], json!([]));
    fixed
}

#[tokio::test]
async fn a_notebook_that_cannot_be_described_is_reported_by_its_name_and_the_others_are_swept() {
    for action in ["sagemaker:DescribeNotebookInstance", "sagemaker:ListTags"] {
        let deployed = Deployed::new(ENFORCE, |world| {
            for name in ["alpha", "beta", "gamma"] {
                world.notebook(name, NotebookStatus::Stopped);
            }
            world.failures.insert(action, vec![Kind::Denied]);
        });
        let told = deployed.sweep().await;
        let open: Vec<String> = deployed.world(|world| {
            let open = world.notebooks.iter().filter(|(_, it)| it.minimum_version != MinimumVersion::Two);
            open.map(|(name, _)| name.clone()).collect()
        });
        assert_eq!(open.len(), 1, "{action}");
        assert_eq!(told.resources("failed"), open, "{action}");
    }
}
