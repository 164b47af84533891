//! How often a sweep reads the same, and how long one invocation of it works.

use jiff::SignedDuration;
use serde_json::{Value, json};
use v2only_enforcer::Kind;
use v2only_enforcer::policy_source::Location;
use v2only_policy::notebook::NotebookStatus;

use crate::fake::{ACCOUNT, REGION, World, now};
use crate::sweep::{Deployed, SweepOutput, violating};

const ENFORCE: &str = "version: 1\nmode: enforce\ninstances: { usage_gate: { applies_to: none } }\n";
const OBSERVE: &str = "version: 1\nmode: observe\n";

/// The task to sweep one stage of the account and Region that has resources.
fn stage(stage: &str) -> String {
    let began = now();
    json!({
        "task": "place", "began": began, "account": ACCOUNT, "region": REGION, "stage": stage, "only": stage,
    })
    .to_string()
}

async fn swept(deployed: &Deployed, task: &str) -> SweepOutput {
    let mut told = SweepOutput::default();
    deployed.drain(task, &mut told).await;
    told
}

/// The passes of each stage, as the log has them.
fn passes(told: &SweepOutput) -> Vec<u64> {
    told.outcomes("swept").iter().map(|it| it["passes"].as_u64().unwrap()).collect()
}

fn listings(deployed: &Deployed) -> usize {
    deployed.calls("ec2:DescribeInstances listed")
}

#[tokio::test]
async fn pages_on_which_nothing_is_changed_are_read_once() {
    let deployed = Deployed::new(OBSERVE, |world| {
        violating(5)(world);
        world.page_size = 2;
    });
    let told = swept(&deployed, &stage("instances")).await;
    assert_eq!((told.invocations, listings(&deployed), passes(&told)), (1, 3, vec![1]));
}

#[tokio::test]
async fn pages_on_which_something_was_changed_are_read_until_nothing_is() {
    let deployed = Deployed::new(ENFORCE, |world| {
        violating(3)(world);
        world.page_size = 2;
    });
    let told = swept(&deployed, &stage("instances")).await;
    // Two pages, and the instance that moved to the first. The second one is empty by then.
    assert_eq!((told.invocations, passes(&told), deployed.left()), (1, vec![2], 0));
}

/// AWS answers each change with success and carries none out.
#[tokio::test]
async fn a_listing_that_stays_the_same_is_read_four_times_at_most() {
    let deployed = Deployed::new(ENFORCE, |world| {
        violating(3)(world);
        (world.page_size, world.ignores_changes) = (1, true);
    });
    let told = swept(&deployed, &stage("instances")).await;
    assert_eq!((listings(&deployed), passes(&told)), (4 * 3, vec![4]));
}

#[tokio::test]
async fn a_page_that_aws_forgets_is_asked_for_in_four_passes() {
    let deployed = Deployed::new(OBSERVE, |world| {
        violating(9)(world);
        (world.page_size, world.forgets_pages) = (3, true);
    });
    let told = swept(&deployed, &stage("instances")).await;
    assert_eq!((listings(&deployed), passes(&told)), (4 * 2, vec![4]));
    assert_eq!(told.outcomes("unswept").len(), 1);
    // The first page needs no token, so no other token helps: it is asked for once.
    let deployed = Deployed::new(OBSERVE, |world| {
        world.failures.insert("ec2:DescribeInstances", vec![Kind::Invalid; 9]);
    });
    let told = swept(&deployed, &stage("instances")).await;
    assert_eq!((listings(&deployed), passes(&told)), (1, vec![1]));
}

#[tokio::test]
async fn only_what_may_work_later_is_tried_in_another_pass() {
    for (kind, changes, counted) in [(Kind::Denied, 1, 1), (Kind::Throttled, 2, 0)] {
        let deployed = Deployed::new(ENFORCE, |world| {
            violating(1)(world);
            world.failures.insert("ec2:ModifyInstanceMetadataOptions", vec![kind]);
        });
        let told = swept(&deployed, &stage("instances")).await;
        assert_eq!(deployed.calls("ec2:ModifyInstanceMetadataOptions"), changes, "{kind:?}");
        assert_eq!(told.counts.iter().map(|it| it.failed).sum::<u64>(), counted, "{kind:?}");
    }
    for (kind, descriptions) in [(Kind::Denied, 1), (Kind::Throttled, 2)] {
        let deployed = Deployed::new(OBSERVE, |world| {
            world.notebook("analysis", NotebookStatus::Stopped);
            world.failures.insert("sagemaker:DescribeNotebookInstance", vec![kind]);
        });
        swept(&deployed, &stage("notebooks")).await;
        assert_eq!(deployed.calls("sagemaker:DescribeNotebookInstance"), descriptions, "{kind:?}");
    }
}

#[tokio::test]
async fn a_listing_that_is_denied_counts_as_failed_and_a_throttled_one_is_tried_again() {
    for (kind, failed, listed) in [(Kind::Denied, 1, 1), (Kind::Throttled, 0, 2)] {
        let deployed = Deployed::new(ENFORCE, |world| {
            world.failures.insert("ec2:DescribeInstances", vec![kind]);
        });
        let told = swept(&deployed, &stage("instances")).await;
        assert_eq!(told.counts.iter().map(|it| it.failed).sum::<u64>(), failed, "{kind:?}");
        assert_eq!(listings(&deployed), listed, "{kind:?}");
    }
}

#[tokio::test]
async fn a_task_that_is_received_again_is_counted_each_time() {
    let told = swept(&Deployed::new(ENFORCE, |_| {}), r#"{"task": "tidy"}"#).await;
    assert_eq!(told.counts.iter().map(|it| it.malformed).collect::<Vec<_>>(), [1; 5]);
    let throttled = Deployed::new(ENFORCE, |world| {
        world.failures.insert("organizations:ListAccounts", vec![Kind::Throttled]);
    });
    let told = swept(&throttled, r#"{"task": "sweep", "only": "notebooks"}"#).await;
    assert_eq!((told.counts[0].retried, told.counts[1].retried), (1, 0));
}

/// An account that cannot be entered is reported for each of its Regions, and ends no task in the dead letters.
#[tokio::test]
async fn an_account_that_cannot_be_entered_counts_as_failed() {
    let deployed = Deployed::new(ENFORCE, |_| {});
    let task = json!({
        "task": "place", "began": now(), "account": "999999999999", "region": REGION, "stage": "instances",
    });
    let told = swept(&deployed, &task.to_string()).await;
    assert_eq!((told.outcomes("unswept").len(), told.counts[0].failed), (1, 1));
    assert_eq!(told.counts[0].sweep.unwrap().unswept, 1);
}

/// Half of the time is kept for the end where there is little of it. The clock stands still between calls.
#[tokio::test]
async fn a_stage_begins_while_half_of_a_minute_is_left() {
    for (call_takes, invocations) in [(15_000, 1), (15_001, 2)] {
        let mut deployed = Deployed::new(OBSERVE, |world| world.call_takes = call_takes);
        deployed.timeout = SignedDuration::from_secs(60);
        let task = json!({
            "task": "place", "began": now(), "account": ACCOUNT, "region": REGION, "stage": "instances",
        });
        let told = swept(&deployed, &task.to_string()).await;
        assert_eq!(told.invocations, invocations, "two listings of {call_takes} ms before the third stage");
    }
}

#[tokio::test]
async fn a_page_for_which_no_time_is_left_is_handed_on_and_the_task_counts_its_invocations() {
    let mut deployed = Deployed::new(OBSERVE, |world| {
        violating(6)(world);
        (world.page_size, world.call_takes) = (1, 16_000);
    });
    deployed.timeout = SignedDuration::from_secs(60);
    let told = swept(&deployed, &stage("instances")).await;
    assert_eq!((told.invocations, passes(&told)), (3, vec![1]), "two pages at a time");
    deployed.timeout = SignedDuration::from_secs(900);
    let told = swept(&deployed, &stage("instances")).await;
    assert_eq!(told.invocations, 1, "all pages at once");
    // The limit of hand-overs holds for the sum of all invocations.
    deployed.timeout = SignedDuration::from_secs(60);
    let mut task: Value = serde_json::from_str(&stage("instances")).unwrap();
    for (before, dead) in [(497, 0), (498, 1)] {
        task["handed-on"] = json!(before);
        let told = swept(&deployed, &task.to_string()).await;
        assert_eq!(told.dead.len(), dead, "{before} invocations before");
    }
}

/// Without this, a function with very little time would hand its task on for ever.
#[tokio::test]
async fn the_first_notebooks_of_a_turn_are_done_however_late_it_is() {
    let mut deployed = Deployed::new(ENFORCE, |world| {
        world.notebook("analysis", NotebookStatus::Stopped);
        world.call_takes = 40_000;
    });
    deployed.timeout = SignedDuration::from_secs(60);
    let told = swept(&deployed, &stage("notebooks")).await;
    assert_eq!((told.resources("fixed"), told.invocations), (vec!["analysis".to_owned()], 1));
}

#[tokio::test]
async fn a_sweep_is_left_to_a_newer_one_once_it_is_more_than_a_day_old() {
    for (age, left) in [(SignedDuration::from_hours(24), 0), (SignedDuration::from_secs(86_401), 1)] {
        let deployed = Deployed::new(ENFORCE, violating(1));
        let task = json!({"task": "account", "began": now() - age, "account": ACCOUNT});
        swept(&deployed, &task.to_string()).await;
        assert_eq!(deployed.left(), left, "{age}");
    }
}

/// Exemptions are known by their position, and another document has other ones there.
#[tokio::test]
async fn a_review_begins_again_when_somebody_edits_the_exemptions_meanwhile() {
    let document = |first: &str| {
        format!(
            "version: 1\nmode: observe\nexemptions:\n  - match: {{ resources: [{first}] }}\n    reason: vendor agent\n    until: 2027-11-19\n"
        )
    };
    let review = async |edit: bool, handed_on: u16, age: SignedDuration| {
        let edited = document("i-deadbeef");
        let mut deployed = Deployed::under(Location::Parameter("/v2only/policy".to_owned()), |world| {
            violating(1)(world);
            world.parameter = Some(document("i-00000000"));
            world.call_takes = 10_000;
            world.other_accounts = vec!["900000000000".to_owned()];
            if edit {
                let deed = move |world: &mut World| world.parameter = Some(edited);
                world.meanwhile.push(("ssm:GetParameter", 1, Box::new(deed)));
            }
        });
        deployed.timeout = SignedDuration::from_secs(60);
        let first = json!({"task": "review-exemptions", "began": now() - age, "handed-on": handed_on});
        let told = swept(&deployed, &first.to_string()).await;
        let stale = told.outcomes("exemption").iter().filter(|it| it["state"] == "stale").count();
        (told.invocations, stale, told.outcomes("exemptions-reviewed").len(), told.dead.len())
    };
    let young = SignedDuration::ZERO;
    assert_eq!(review(false, 3, young).await, (2, 0, 1, 0), "the first account has the instance");
    assert_eq!(review(true, 3, young).await, (3, 1, 1, 0), "both accounts are read again");
    // What was counted before holds for what begins again: how often it was handed on, and since when it goes on.
    let (_, _, reviewed, dead) = review(false, 499, young).await;
    assert_eq!((reviewed, dead), (0, 1));
    let (_, _, reviewed, dead) = review(true, 498, young).await;
    assert_eq!((reviewed, dead), (0, 1));
    let nearly_a_day = SignedDuration::from_secs(86_400 - 250);
    assert_eq!(review(false, 3, nearly_a_day).await, (2, 0, 1, 0));
    assert_eq!(review(true, 3, nearly_a_day).await, (3, 0, 0, 0), "it is left to a newer one");
}
