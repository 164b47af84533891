//! What a sweep can neither read nor change is said, tried again or left to the next one, and the rest is swept.

use jiff::SignedDuration;
use serde_json::{Value, json};
use v2only_enforcer::LogEntry;
use v2only_enforcer::invocation::{Invocation, InvocationError};
use v2only_enforcer::{Kind, sweep};
use v2only_policy::notebook::NotebookStatus;

use crate::fake::{ACCOUNT, REGION, now};
use crate::sweep::{Deployed, ENFORCE, SweepOutput, violating};

#[tokio::test]
async fn what_is_throttled_is_gone_over_again_after_a_while() {
    let deployed = Deployed::new(ENFORCE, |world| {
        violating(10)(world);
        world.failures.insert("ec2:ModifyInstanceMetadataOptions", vec![Kind::Throttled; 4]);
    });
    let told = deployed.sweep().await;
    assert_eq!(deployed.left(), 0);
    assert_eq!(told.resources("retry").len(), 4);
    assert_eq!(told.resources("fixed").len(), 10);
    assert!(deployed.clock().duration_since(now()) >= SignedDuration::from_mins(5));
}

#[tokio::test]
async fn what_stays_throttled_is_left_to_the_next_sweep_and_the_rest_is_swept() {
    let deployed = Deployed::new(ENFORCE, |world| {
        violating(2)(world);
        world.notebook("analysis", NotebookStatus::Stopped);
        world.failures.insert("ec2:ModifyInstanceMetadataOptions", vec![Kind::Throttled; 1000]);
    });
    let told = deployed.sweep().await;
    assert_eq!(deployed.left(), 2);
    assert_eq!(told.resources("fixed"), ["analysis"]);
    let unswept = told.outcomes("unswept");
    assert_eq!(unswept.len(), 1, "{unswept:?}");
    assert!(unswept[0]["why"].as_str().unwrap().contains("the next sweep takes them up"));
    assert_eq!(told.outcomes("swept").last().unwrap()["stage"], "sources");
    assert!(told.dead.is_empty());
}

#[tokio::test]
async fn a_denied_listing_is_reported_and_the_other_resources_are_swept() {
    let deployed = Deployed::new(ENFORCE, |world| {
        violating(2)(world);
        world.failures.insert("ec2:DescribeImages", vec![Kind::Denied; 2]);
        world.failures.insert("sagemaker:ListNotebookInstances", vec![Kind::Denied; 2]);
    });
    let told = deployed.sweep().await;
    assert_eq!(deployed.left(), 0);
    let subjects: Vec<&str> =
        told.outcomes("unswept").iter().filter_map(|it| it["subject"].as_str()).collect();
    assert_eq!(subjects.len(), 4, "{subjects:?}");
    assert!(subjects.iter().any(|it| it.starts_with("sources of ")), "{subjects:?}");
    assert!(subjects.iter().any(|it| it.starts_with("notebooks of ")), "{subjects:?}");
    assert!(told.dead.is_empty());
}

/// Not every partition knows every call, and what AWS answers then is not known to this release.
#[tokio::test]
async fn a_listing_that_never_works_keeps_nothing_else_from_being_swept() {
    for action in ["ec2:GetInstanceMetadataDefaults", "sagemaker:ListNotebookInstances"] {
        let deployed = Deployed::new(ENFORCE, |world| {
            violating(3)(world);
            world.notebook("analysis", NotebookStatus::Stopped);
            world.failures.insert(action, vec![Kind::Unknown; 1000]);
        });
        let told = deployed.sweep().await;
        assert_eq!(deployed.left(), 0, "{action}");
        let others = if action.starts_with("ec2") { "analysis" } else { "account-default" };
        let seen = |it: &&Value| it["resource"] == others || it["stage"] == "sources";
        assert!(told.lines.iter().any(|it| seen(&it)), "{action}");
        assert!(told.dead.is_empty(), "{action}");
        let given_up =
            told.outcomes("unswept").into_iter().filter(|it| it["why"].to_string().contains("4 passes"));
        assert_eq!(given_up.count(), 2, "{action}: once for each Region");
    }
}

#[tokio::test]
async fn a_sweep_of_yesterday_is_left_to_a_newer_one_and_said_to_be() {
    let deployed = Deployed::new(ENFORCE, violating(1));
    let began = now() - SignedDuration::from_hours(25);
    let task = json!({"task": "account", "began": began, "account": ACCOUNT});
    let mut told = SweepOutput::default();
    deployed.drain(&task.to_string(), &mut told).await;
    assert_eq!(deployed.left(), 1);
    assert!(told.lines[0]["why"].as_str().unwrap().contains("more than a day old"), "{:?}", told.lines);
}

#[tokio::test]
async fn a_task_that_goes_round_for_ever_ends_in_the_dead_letter_queue() {
    let deployed = Deployed::new(ENFORCE, violating(1));
    let task = json!({
        "task": "place", "began": now(), "account": ACCOUNT, "region": "eu-central-1", "stage": "instances",
        "handed-on": 500,
    });
    let mut told = SweepOutput::default();
    deployed.drain(&task.to_string(), &mut told).await;
    assert_eq!(told.dead.len(), 1);
}

#[tokio::test]
async fn a_single_task_that_fails_is_counted_like_one_of_a_queue() {
    let deployed = Deployed::new(ENFORCE, violating(1));
    let refused = |payload: Value| {
        let app = &deployed.app;
        async move {
            let mut say = |_: LogEntry<'_>| {};
            let invocation = Invocation { now: &now, deadline: None, log: &mut say };
            sweep::handle(payload, app, invocation).await.unwrap_err()
        }
    };
    let failed = refused(json!({
        "task": "place", "began": now(), "account": ACCOUNT, "region": REGION, "stage": "instances", "handed-on": 500,
    }))
    .await;
    assert!(matches!(failed.why, InvocationError::Retry(_)), "{failed}");
    let unswept = failed.counts.sweep.map(|it| it.unswept);
    assert_eq!((failed.counts.retried, failed.counts.malformed, unswept), (1, 0, Some(1)));
    for payload in [json!({"task": "sweeep"}), json!("sweep")] {
        let failed = refused(payload).await;
        assert!(matches!(failed.why, InvocationError::Malformed(_)), "{failed}");
        assert_eq!((failed.counts.retried, failed.counts.malformed), (0, 1));
        assert!(failed.counts.sweep.is_some());
    }
}

#[tokio::test]
async fn what_is_no_task_is_said_by_its_field_and_kept_for_the_dead_letter_queue() {
    let deployed = Deployed::new(ENFORCE, |_| {});
    let mut told = SweepOutput::default();
    deployed.drain(r#"{"task": "sweeep"}"#, &mut told).await;
    assert_eq!(told.dead.len(), 1);
    assert_eq!(told.lines[0]["outcome"], "malformed");
    assert!(told.lines[0]["why"].as_str().unwrap().contains("sweeep"), "{}", told.lines[0]);
}
