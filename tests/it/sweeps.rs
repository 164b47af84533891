//! What no event reported: the schedule, the queue of the sweeper, and the built function at work on both.

use serde_json::{Value, json};
use v2only_sandbox::sagemaker::{Seed, Status};
use v2only_sandbox::{Config, Effect, Fault, HttpTokens, Place};
use v2only_tests::stage::{EXTERNAL_ID, v1, v2};
use v2only_tests::{ENFORCE, HOME, MEMBER, REGION, SECOND, Setup, Stage};

const ELSEWHERE: &str = "us-west-2";

/// An estate without any delivered event: everything was there before the functions were.
fn estate(setup: Setup) -> Stage {
    let stage = setup.closed();
    // That of the organization's management is an account like the others.
    stage.aws.add_role("999988887777", "v2only-member", Some(EXTERNAL_ID));
    stage.launch(v1().count(3));
    stage.launch(v2());
    let exempt = v1()
        .tag("v2only:exempt-until", &v2only_tests::exemption_day())
        .tag("v2only:exempt-reason", "migration");
    stage.exempt(stage.launch(exempt));
    stage.launch_at(MEMBER, ELSEWHERE, v1().count(2));
    stage.aws.notebooks().add(&stage.home(), Seed::new("churn").status(Status::Stopped).minimum_version("1"));
    stage.aws.clear_calls();
    stage
}

/// Everything that answers version 1 and may not.
fn open(stage: &Stage) -> usize {
    let all = [(HOME, REGION), (MEMBER, ELSEWHERE)];
    let all = all.iter().flat_map(|(account, region)| stage.aws.instances(account, region));
    let v1 = |instance: &v2only_sandbox::InstanceView| {
        instance.metadata.http_tokens == HttpTokens::Optional
            && !instance.tags.contains_key("v2only:exempt-until")
    };
    let notebooks = stage.aws.notebooks().all().into_iter();
    all.filter(v1).count() + notebooks.filter(|it| it.minimum_version.as_deref() != Some("2")).count()
}

/// The same with two Regions, in a tenth of the time.
fn small(setup: Setup) -> Stage {
    let regions = vec![REGION.to_owned(), ELSEWHERE.to_owned()];
    estate(Setup { config: Config { regions, ..setup.config.clone() }, ..setup })
}

fn sweep(stage: &Stage) {
    stage.send_to_sweeper(&json!({"task": "sweep"}));
    stage.install_sweeper();
    stage.pass(SECOND * 3600);
}

#[test]
fn a_sweep_fixes_what_no_event_reported_in_every_account_and_region() {
    let stage = estate(Setup::default().cross_account());
    assert_eq!(open(&stage), 6);
    sweep(&stage);
    assert_eq!(open(&stage), 0);
    assert_eq!((stage.waiting(), stage.dead()), (0, vec![]));
    let bill = stage.bill();
    assert_eq!(bill["ec2:ModifyInstanceMetadataOptions"], 5);
    assert_eq!(bill["sagemaker:UpdateNotebookInstance"], 1);
    assert_eq!(bill["organizations:ListAccounts"], 1);
    assert_eq!(bill["ec2:DescribeRegions"], 3);
    // One listing for each Region of all accounts: what is compliant is left out on AWS's side. And one description right
    // before the changes in each account and Region that has some.
    let regions = stage.lines().iter().filter(|it| it.is("swept") && it.text("stage") == "instances").count();
    assert_eq!(bill["ec2:DescribeInstances"], regions + 2);
    assert!(regions > 10, "{regions}");

    stage.aws.clear_calls();
    stage.send_to_sweeper(&json!({"task": "sweep"}));
    stage.pass(SECOND * 3600);
    let bill = stage.bill();
    assert!(!bill.keys().any(|it| it.contains("Modify") || it.contains("Update")), "{bill:?}");
}

#[test]
fn a_sweep_in_one_account_needs_no_organization() {
    let stage = small(Setup::default());
    sweep(&stage);
    assert_eq!(open(&stage), 2, "those of the other account");
    assert!(!stage.bill().keys().any(|it| it.starts_with("organizations:") || it == "sts:AssumeRole"));
}

#[test]
fn an_account_that_cannot_be_entered_is_said_and_the_others_are_swept() {
    let stage = small(Setup::default().cross_account().variable("V2ONLY_EXTERNAL_ID", "another"));
    sweep(&stage);
    assert_eq!(open(&stage), 2);
    let unswept: Vec<_> = stage.lines().into_iter().filter(|it| it.is("unswept")).collect();
    assert_eq!(unswept.len(), 2, "{unswept:?}");
    assert_eq!(unswept[0].text("subject"), format!("account {MEMBER}"));
    assert_eq!((unswept[0].text("error"), unswept[0].text("level")), ("denied", "error"));
    assert_eq!((stage.waiting(), stage.dead()), (0, vec![]));
}

#[test]
fn the_usage_gate_holds_what_somebody_may_still_need() {
    let stage = Setup::policy(ENFORCE).closed();
    let old = stage.launch(v1());
    stage.aws.age_instance(HOME, REGION, &old[0], SECOND * 3600 * 24 * 60);
    sweep(&stage);
    assert_eq!(stage.tokens(&old[0]), HttpTokens::Optional);
    let lines = stage.lines();
    let line = lines.iter().find(|it| it.text("resource") == old[0]).unwrap();
    assert_eq!((line.text("outcome"), line.text("hold")), ("held", "usage-gate"));
    let hours = lines.iter().filter_map(|it| it.0["OldestViolationHours"].as_u64()).max();
    assert_eq!(hours, Some(24 * 60));
}

/// The process is killed with a call of its own under way, here and there in a whole sweep.
#[test]
fn a_sweeper_killed_after_any_call_is_continued_by_its_queue() {
    let setup = || Setup::default().cross_account().without_sdk_retries();
    let clean = small(setup());
    sweep(&clean);
    assert_eq!((open(&clean), clean.waiting(), clean.dead()), (0, 0, vec![]));
    let calls = u64::try_from(clean.calls().len()).unwrap();
    // The first ones plan; of the others every place is like the next.
    for nth in (1..=12).chain((13..=calls).step_by(5)) {
        let stage = small(setup());
        stage.aws.inject(Fault::anywhere(Effect::HoldAfter).from_call(nth).times(1));
        stage.note_kills(2);
        let host = stage.sweeper.clone();
        stage.aws.on_call(move |call| {
            if call.error.as_deref() == Some("NoAnswer") {
                host.kill();
            }
        });
        sweep(&stage);
        assert_eq!((open(&stage), stage.waiting(), stage.dead()), (0, 0, vec![]), "killed at call {nth}");
        assert!(stage.bill()["ec2:ModifyInstanceMetadataOptions"] <= 6, "killed at call {nth}");
    }
}

#[test]
fn a_review_of_the_exemptions_reports_and_changes_nothing() {
    let policy = "version: 1
mode: enforce
exemptions:
  - match: { resources: [i-00000000000000000] }
    reason: long gone
    owner: team@example.com
    until: 2999-12-31
";
    let stage = small(Setup::policy(policy).cross_account());
    stage.send_to_sweeper(&json!({"task": "review-exemptions"}));
    stage.install_sweeper();
    stage.pass(SECOND * 3600);
    assert_eq!(open(&stage), 6);
    let lines = stage.lines();
    let exemptions: Vec<_> = lines.iter().filter(|it| it.is("exemption")).collect();
    assert_eq!(exemptions.len(), 1, "{exemptions:?}");
    assert_eq!(
        (exemptions[0].text("exemption"), exemptions[0].text("state"), exemptions[0].text("owner")),
        ("exemptions[0]", "stale", "team@example.com")
    );
    assert_eq!(lines.iter().filter(|it| it.is("exemptions-reviewed")).count(), 1);
}

#[test]
fn a_single_task_that_fails_is_in_the_metrics_of_the_sweeper() {
    let stage = Setup::default().closed();
    let task = json!({
        "task": "place", "began": stage.aws.clock().now(), "account": HOME, "region": ELSEWHERE,
        "stage": "instances", "handed-on": 500,
    });
    stage.invoke(&stage.sweeper, &task);
    let metrics: Vec<_> = stage.lines().into_iter().filter(|it| it.is_metrics()).collect();
    assert_eq!(metrics.len(), 1, "{metrics:?}");
    assert_eq!((&metrics[0].0["Unswept"], &metrics[0].0["Retried"]), (&json!(1), &json!(1)), "{metrics:?}");
}

#[test]
fn a_sweeper_without_its_queue_says_so_and_does_not_start() {
    let stage = Setup::default().variable("V2ONLY_SWEEP_QUEUE", "").closed();
    let event: Value = json!({"task": "sweep"});
    stage.invoke(&stage.sweeper, &event);
    let lines = stage.lines();
    assert!(
        lines
            .iter()
            .any(|it| it.text("outcome") == "settings" && it.text("why").contains("V2ONLY_SWEEP_QUEUE"))
    );
}

#[test]
fn a_notebook_in_a_place_of_its_own_is_swept_by_its_own_message() {
    let stage = Setup::default().closed();
    let place = Place::new(HOME, ELSEWHERE);
    stage.aws.notebooks().add(&place, Seed::new("far").status(Status::Stopped).minimum_version("1"));
    sweep(&stage);
    assert_eq!(open(&stage), 0);
    let line = stage.lines().into_iter().find(|it| it.text("resource") == "far").unwrap();
    assert_eq!((line.text("region"), line.text("outcome")), (ELSEWHERE, "fixed"));
}
