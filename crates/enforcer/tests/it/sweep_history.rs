//! A sweep asks CloudTrail about what is open: whether it was v2-only, and how often it was opened again.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use v2only_enforcer::Kind;
use v2only_policy::notebook::NotebookStatus;

use crate::fake::{ACCOUNT, REGION, now};
use crate::sweep::{Deployed, ENFORCE, SWEEP, SweepOutput};

/// The event of the flip was lost, and the instance is old and still makes IMDSv1 calls.
#[tokio::test]
async fn a_sweep_closes_what_was_v2_only_though_the_gate_would_shelter_it() {
    let record = |id: &str, tokens: &str, time: &str| {
        json!({
            "eventVersion": "1.11", "eventSource": "ec2.amazonaws.com", "awsRegion": REGION, "eventType": "AwsApiCall",
            "eventName": "ModifyInstanceMetadataOptions", "eventTime": time, "eventID": format!("ct-{id}-{time}"),
            "recipientAccountId": ACCOUNT,
            "userIdentity": {"type": "IAMUser", "arn": format!("arn:aws:iam::{ACCOUNT}:user/mallory"), "accountId": ACCOUNT},
            "requestParameters": {"ModifyInstanceMetadataOptionsRequest": {"InstanceId": id, "HttpTokens": tokens}},
            "responseElements": null,
        })
    };
    let deployed = Deployed::new("version: 1\nmode: enforce\n", |world| {
        for id in ["i-00000001", "i-00000002", "i-00000003"] {
            world.instance(id).created_at = Some("2020-01-01T00:00:00Z".parse().unwrap());
        }
        world.history = vec![
            record("i-00000001", "optional", "2026-11-10T12:00:00Z"),
            record("i-00000001", "required", "2026-10-10T12:00:00Z"),
            // Nothing is known of it from before.
            record("i-00000002", "optional", "2026-11-10T12:00:00Z"),
        ];
    });
    let mut told = SweepOutput::default();
    deployed.drain(SWEEP, &mut told).await;
    assert_eq!(told.resources("fixed"), ["i-00000001"]);
    assert_eq!(told.resources("held"), ["i-00000002", "i-00000003"]);
    let looked_up: Vec<String> =
        deployed.app.ports.calls().into_iter().filter(|it| it.starts_with("cloudtrail")).collect();
    let expected = ["cloudtrail:LookupEvents modified options", "cloudtrail:LookupEvents i-00000002"];
    assert_eq!(looked_up, expected, "once, and for the one that somebody opened");
}

/// Somebody dropped the tag `v2only:reverted`, as a Terraform apply does. CloudTrail remembers the flips.
#[tokio::test]
async fn a_sweep_pauses_for_a_notebook_that_was_opened_again_and_again_though_its_tag_is_gone() {
    let update = |time: Timestamp, version: &str| {
        json!({
            "eventVersion": "1.09", "eventSource": "sagemaker.amazonaws.com", "awsRegion": REGION,
            "eventName": "UpdateNotebookInstance", "eventTime": time.to_string(), "eventID": format!("ct-{time}"),
            "recipientAccountId": ACCOUNT,
            "userIdentity": {"type": "IAMUser", "arn": format!("arn:aws:iam::{ACCOUNT}:user/mallory"), "accountId": ACCOUNT},
            "requestParameters": {
                "notebookInstanceName": "churn",
                "instanceMetadataServiceConfiguration": {"minimumInstanceMetadataServiceVersion": version},
            },
            "responseElements": null,
        })
    };
    for (flips, outcome) in [(3, "fixed"), (9, "waiting")] {
        let deployed = Deployed::new(ENFORCE, |world| {
            let created_at = now() - SignedDuration::from_hours(48);
            world.notebook("churn", NotebookStatus::Stopped).created_at = Some(created_at);
            // Each is corrected an hour later, but for the last one.
            let flips = (0..flips)
                .map(|it| now() - SignedDuration::from_mins(5) - SignedDuration::from_hours(2) * it);
            let both =
                flips.flat_map(|it| [update(it, "1"), update(it - SignedDuration::from_hours(1), "2")]);
            world.history = both.collect();
        });
        let mut told = SweepOutput::default();
        deployed.drain(SWEEP, &mut told).await;
        assert_eq!(told.resources(outcome), ["churn"], "{flips} flips: {:?}", told.lines);
        assert_eq!(deployed.calls("cloudtrail:LookupEvents"), 1);
    }
}

/// The pause between two passes is long enough for CloudTrail's 2 calls a second.
#[tokio::test]
async fn an_instance_that_was_v2_only_is_closed_although_cloudtrail_is_throttled_at_first() {
    let deployed = Deployed::new("version: 1\nmode: enforce\n", |world| {
        world.instance("i-00000001").created_at = Some("2020-01-01T00:00:00Z".parse().unwrap());
        world.history = vec![json!({
            "eventVersion": "1.09", "eventSource": "ec2.amazonaws.com", "awsRegion": REGION,
            "eventName": "ModifyInstanceMetadataOptions", "eventTime": "2026-10-10T12:00:00Z", "eventID": "ct-1",
            "recipientAccountId": ACCOUNT,
            "userIdentity": {"type": "IAMUser", "arn": format!("arn:aws:iam::{ACCOUNT}:user/ana"), "accountId": ACCOUNT},
            "requestParameters": {
                "ModifyInstanceMetadataOptionsRequest": {"InstanceId": "i-00000001", "HttpTokens": "required"},
            },
            "responseElements": null,
        })];
        world.failures.insert("cloudtrail:LookupEvents", vec![Kind::Throttled]);
    });
    let mut told = SweepOutput::default();
    deployed.drain(SWEEP, &mut told).await;
    assert_eq!(told.resources("held"), ["i-00000001"], "in the first pass");
    assert_eq!(told.resources("fixed"), ["i-00000001"], "in the second");
}
