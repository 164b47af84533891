//! What is tried again comes back soon, and not when the queue's visibility time-out ends.

use std::time::Duration;

use v2only_sandbox::sqs::{RedrivePolicy, Settings};
use v2only_sandbox::{AwsError, Effect, Fault, HttpTokens};
use v2only_tests::stage::{v1, v2};
use v2only_tests::{REGION, SECOND, Setup, Stage};

const POSTPONE: &str = "sqs:ChangeMessageVisibilityBatch";

/// The queues as the templates make them: hidden for six minutes after each receipt, ten times.
fn deployed(setup: Setup) -> Stage {
    let stage = setup.without_sdk_retries().open();
    let redrive = RedrivePolicy { dead_letters: stage.queue("v2only-dead-letters"), max_receives: 10 };
    let settings =
        Settings { visibility: Duration::from_secs(360), redrive: Some(redrive), ..Settings::default() };
    stage.aws.sqs().create(&stage.queue("ec2-enforcer"), settings);
    stage
}

fn postponed(stage: &Stage) -> usize {
    stage.calls().iter().filter(|it| *it == POSTPONE).count()
}

fn throttled(action: &str) -> Fault {
    let slow = AwsError::client("RequestLimitExceeded", "Request limit exceeded.").with_status(503);
    Fault::on("ec2", action, Effect::ErrorBefore(slow))
}

/// An instance that somebody opened. One event reports it, and the function meets this fault.
fn opened(stage: &Stage, fault: Fault) -> String {
    let id = stage.launch(v2()).remove(0);
    stage.pass(SECOND * 60);
    stage.people().turn_back(REGION, &id);
    stage.aws.inject(fault);
    id
}

#[test]
fn an_opened_instance_whose_change_is_throttled_is_closed_ten_seconds_later() {
    let stage = deployed(Setup::default());
    let ids = [opened(&stage, throttled("ModifyInstanceMetadataOptions").times(1))];
    stage.settle();
    assert_eq!(stage.tokens(&ids[0]), HttpTokens::Optional);
    assert_eq!((stage.waiting(), postponed(&stage)), (1, 1));
    stage.pass(SECOND * 9);
    assert_eq!(stage.tokens(&ids[0]), HttpTokens::Optional);
    stage.pass(SECOND);
    assert_eq!(stage.tokens(&ids[0]), HttpTokens::Required);
    assert_eq!((stage.waiting(), stage.dead().len()), (0, 0));
}

#[test]
fn an_instance_that_aws_does_not_show_yet_is_closed_soon_after_it_is_shown() {
    let mut setup = Setup::default();
    setup.config.ec2.visible_after = SECOND * 25;
    let stage = deployed(setup);
    let ids = stage.launch(v1());
    stage.pass(SECOND * 75);
    assert_eq!(stage.tokens(&ids[0]), HttpTokens::Required);
    assert_eq!((stage.waiting(), stage.dead().len()), (0, 0));
}

#[test]
fn each_try_rests_longer_and_a_message_is_not_given_up_within_an_hour() {
    let stage = deployed(Setup::default());
    opened(&stage, throttled("DescribeInstances"));
    stage.settle();
    stage.pass(SECOND * 310);
    assert_eq!(postponed(&stage), 6, "after 0, 10, 30, 70, 150 and 310 seconds");
    stage.pass(SECOND * 3300);
    assert_eq!(stage.dead().len(), 0);
}

#[test]
fn a_message_that_cannot_be_postponed_is_tried_again_all_the_same() {
    let stage = deployed(Setup::default());
    let denied = AwsError::client("AccessDenied", "not authorized").with_status(403);
    let fault = Fault::on("sqs", "ChangeMessageVisibilityBatch", Effect::ErrorBefore(denied));
    stage.aws.inject(fault);
    let ids = [opened(&stage, throttled("ModifyInstanceMetadataOptions").times(1))];
    stage.settle();
    stage.pass(SECOND * 359);
    assert_eq!(stage.tokens(&ids[0]), HttpTokens::Optional);
    stage.pass(SECOND * 2);
    assert_eq!(stage.tokens(&ids[0]), HttpTokens::Required);
    let said: Vec<String> = stage.lines().iter().map(|it| it.0["outcome"].to_string()).collect();
    assert!(said.contains(&"\"not-postponed\"".to_owned()), "{said:?}");
}

#[test]
fn what_is_not_tried_again_costs_no_call_to_the_queue() {
    let stage = deployed(Setup::default());
    stage.launch(v2().count(3));
    stage.launch(v1().count(3));
    stage.pass(SECOND * 3600);
    assert_eq!(postponed(&stage), 0, "{:?}", stage.bill());
}
