//! The daily review of exemptions.

use jiff::SignedDuration;
use serde_json::{Value, json};
use v2only_enforcer::Kind;

use crate::sweep::{Deployed, SweepOutput, violating};

const REVIEW: &str = r#"{"task": "review-exemptions"}"#;

const EXEMPTIONS: &str = "version: 1
mode: enforce
exemptions:
  - match: { resources: [i-00000000] }
    reason: vendor agent
    owner: vendor@example.com
    until: 2026-11-30
  - match: { resources: [i-deadbeef] }
    reason: long gone
    until: 2027-11-30
  - match: { resources: [i-00000001] }
    reason: over
    until: 2026-11-01
  - match: { resources: [i-00000002] }
    reason: still needed
    until: 2027-11-30
";

fn states(told: &SweepOutput) -> Vec<String> {
    let state =
        |it: &&Value| format!("{} {}", it["exemption"].as_str().unwrap(), it["state"].as_str().unwrap());
    told.outcomes("exemption").iter().map(state).collect()
}

#[tokio::test]
async fn the_review_names_exemptions_that_expired_end_soon_or_match_nothing() {
    let deployed = Deployed::new(EXEMPTIONS, |world| {
        violating(4)(world);
        world.other_accounts = vec!["444455556666".to_owned()];
        let tagged = &mut world.instance("i-00000003").tags;
        tagged.insert("v2only:exempt-until".to_owned(), "2026-11-22".to_owned());
        tagged.insert("v2only:exempt-reason".to_owned(), "because".to_owned());
    });
    let mut told = SweepOutput::default();
    deployed.drain(REVIEW, &mut told).await;
    assert_eq!(
        states(&told),
        ["i-00000003 expires", "exemptions[0] expires", "exemptions[1] stale", "exemptions[2] expired"]
    );
    let soon = told.outcomes("exemption")[1];
    assert_eq!((&soon["owner"], &soon["why"]), (&json!("vendor@example.com"), &json!("ends in 10 days")));
    let counts = told.counts[0].sweep.unwrap();
    assert_eq!((counts.expired, counts.expiring, counts.stale), (1, 2, 1));
    assert_eq!(deployed.left(), 4, "a review changes nothing");
}

#[tokio::test]
async fn a_review_that_could_not_read_everything_calls_nothing_stale() {
    for action in ["ec2:DescribeRegions", "ec2:DescribeInstances"] {
        let deployed = Deployed::new(EXEMPTIONS, |world| {
            violating(4)(world);
            world.failures.insert(action, vec![Kind::Denied]);
            world.other_accounts = vec!["000011112222".to_owned()];
        });
        let mut told = SweepOutput::default();
        deployed.drain(REVIEW, &mut told).await;
        assert_eq!(states(&told), ["exemptions[0] expires", "exemptions[2] expired"], "{action}");
        assert_eq!(told.outcomes("exemptions-reviewed")[0]["unread"], 1, "{action}");
        assert_eq!(told.outcomes("unswept").len(), 1, "{action}");
    }
}

#[tokio::test]
async fn a_review_goes_on_in_another_invocation_with_what_it_has_seen() {
    let mut deployed = Deployed::new(EXEMPTIONS, |world| {
        violating(4)(world);
        world.call_takes = 3000;
        world.other_accounts = (0..6).map(|n| format!("90000000000{n}")).collect();
    });
    deployed.timeout = SignedDuration::from_secs(60);
    let mut told = SweepOutput::default();
    deployed.drain(REVIEW, &mut told).await;
    assert!(told.invocations > 2, "{}", told.invocations);
    assert_eq!(told.outcomes("exemptions-reviewed").len(), 1);
    assert_eq!(states(&told), ["exemptions[0] expires", "exemptions[1] stale", "exemptions[2] expired"]);
}
