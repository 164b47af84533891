//! Every error code that AWS documents for our calls, once at each of them.
//!
//! One Region for each code, so that one run asks all of them; the SDK's own tries are off.

use v2only_sandbox::sagemaker::{Seed, Status};
use v2only_sandbox::{AwsError, Effect, Fault, HttpTokens, Place};
use v2only_tests::stage::{v1, v2};
use v2only_tests::{HOME, SECOND, Setup, Stage};

use crate::fault_points::age_announced_starts;

/// What a code must lead to.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Then {
    /// It is tried again, and fixed.
    Again,
    /// It is said and not tried again.
    Said,
}

/// Code, status, message, consequence. Amazon EC2 API Reference, "Error codes for the Amazon EC2 API".
const EC2: [(&str, u16, Then); 17] = [
    ("InvalidInstanceID.NotFound", 400, Then::Again),
    ("InvalidInstanceID.Malformed", 400, Then::Said),
    ("IncorrectInstanceState", 400, Then::Again),
    ("IncorrectState", 400, Then::Again),
    ("UnauthorizedOperation", 403, Then::Said),
    ("UnsupportedOperation", 400, Then::Said),
    ("OperationNotPermitted", 400, Then::Said),
    ("InvalidParameterValue", 400, Then::Said),
    ("InvalidParameterCombination", 400, Then::Said),
    ("RequestLimitExceeded", 503, Then::Again),
    ("InternalError", 500, Then::Again),
    ("Unavailable", 503, Then::Again),
    ("ServiceUnavailable", 503, Then::Again),
    ("InvalidState", 400, Then::Again),
    ("ConcurrentTagAccess", 400, Then::Again),
    ("TagLimitExceeded", 400, Then::Said),
    ("TagPolicyViolation", 400, Then::Said),
];

/// SageMaker models hardly any error of these calls: only the message differs.
const SAGEMAKER: [(&str, u16, &str, Then); 6] = [
    (
        "ValidationException",
        400,
        "Status (Updating) not in ([Stopped, Failed]). Unable to transition to (Pending) for it",
        Then::Again,
    ),
    ("ValidationException", 400, "1 validation error detected", Then::Said),
    ("ThrottlingException", 400, "Rate exceeded", Then::Again),
    ("InternalFailure", 500, "an internal error", Then::Again),
    ("ServiceUnavailable", 503, "try again later", Then::Again),
    ("AccessDeniedException", 400, "not authorized to perform it", Then::Said),
];

const REGIONS: [&str; 17] = [
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ca-central-1",
    "eu-central-1",
    "eu-north-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
    "ap-northeast-3",
];

fn error(code: &str, status: u16, message: &str) -> Effect {
    Effect::ErrorBefore(AwsError::client(code, message).with_status(status))
}

/// One fresh and one flipped instance in each Region, each Region with its code at this call.
#[track_caller]
fn instances(action: &str) {
    let stage = Setup::default().without_sdk_retries().closed();
    let people = stage.people();
    let mut launched = Vec::new();
    for ((code, status, then), region) in EC2.into_iter().zip(REGIONS) {
        let ids = [stage.launch_at(HOME, region, v1()), stage.launch_at(HOME, region, v2())].concat();
        people.turn_back(region, &ids[1]);
        launched.push((code, then, region, ids));
        stage.aws.inject(
            Fault::on("ec2", action, error(code, status, "as the test asked")).in_region(region).times(1),
        );
    }
    stage.install();
    stage.replay();
    stage.pass(SECOND * 1800);
    for (code, then, region, ids) in launched {
        let tokens = |id: &str| stage.aws.instance(HOME, region, id).unwrap().metadata.http_tokens;
        let in_region = |it: &&v2only_tests::Line| it.text("region") == region;
        let lines: Vec<_> = stage.lines().iter().filter(in_region).cloned().collect();
        let said = lines.iter().any(|it| it.text("error_code") == code || it.texts("reasons").contains(code));
        assert!(said, "{code} at {action} is said nowhere: {lines:#?}");
        let fixed = ids.iter().all(|id| tokens(id) == HttpTokens::Required);
        let reported = lines.iter().any(|it| it.text("outcome") == "failed" && it.text("error_code") == code);
        match then {
            Then::Again => assert!(fixed && !reported, "{code} at {action}: {lines:#?}"),
            Then::Said => assert!(fixed || reported, "{code} at {action}: {lines:#?}"),
        }
    }
    assert_eq!((stage.waiting(), stage.dead().len()), (0, 0));
}

#[test]
fn every_code_at_a_description() {
    instances("DescribeInstances");
}

#[test]
fn every_code_at_a_change() {
    instances("ModifyInstanceMetadataOptions");
}

#[test]
fn every_code_at_a_tag() {
    instances("CreateTags");
}

/// One fresh notebook in each Region, each Region with its code at this call.
#[track_caller]
fn notebooks(action: &str) {
    let stage = Setup::default().without_sdk_retries().open();
    for ((code, status, message, _), region) in SAGEMAKER.into_iter().zip(REGIONS) {
        let fault = Fault::on("sagemaker", action, error(code, status, message)).in_region(region).times(1);
        stage.aws.inject(fault);
        let seed = Seed::new("churn").age(SECOND * 60).minimum_version("1").status(Status::Pending);
        stage.aws.notebooks().add(&Place::new(HOME, region), seed);
    }
    stage.pass(SECOND * 1200);
    age_announced_starts(&stage);
    stage.pass(SECOND * 1200);
    for ((code, _, message, then), region) in SAGEMAKER.into_iter().zip(REGIONS) {
        let it = stage.aws.notebooks().get(&Place::new(HOME, region), "churn").unwrap();
        let lines: Vec<_> = stage.lines().into_iter().filter(|it| it.text("region") == region).collect();
        let whole = (it.minimum_version.as_deref(), it.status) == (Some("2"), Status::InService);
        let reported = lines.iter().any(|it| it.text("outcome") == "failed" && it.text("error_code") == code);
        let what = format!("{code} ({message}) at {action}: {:?} {:?} {lines:#?}", it.status, it.tags);
        match then {
            Then::Again => {
                assert!(whole && !reported, "{what}");
                assert!(!it.tags.contains_key("v2only:restart"), "{what}");
            }
            Then::Said => assert!(whole || reported, "{what}"),
        }
    }
    assert_eq!((stage.waiting(), stage.dead().len()), (0, 0));
}

#[test]
fn every_code_at_each_call_about_notebooks() {
    for action in ["DescribeNotebookInstance", "ListTags", "AddTags", "DeleteTags"] {
        notebooks(action);
    }
}

#[test]
fn every_code_at_each_step_of_a_notebook() {
    for action in ["StopNotebookInstance", "UpdateNotebookInstance", "StartNotebookInstance"] {
        notebooks(action);
    }
}

/// For ever, and not once: it ends in the dead letters, and each try left its line.
#[test]
fn what_never_gets_better_ends_in_the_dead_letters_with_a_record_of_each_try() {
    for (code, status) in [("InternalError", 500), ("RequestLimitExceeded", 503), ("SomethingNew", 400)] {
        let stage = Setup::default().without_sdk_retries().open();
        stage.aws.inject(Fault::on("ec2", "DescribeInstances", error(code, status, "as the test asked")));
        let ids = stage.launch(v1());
        stage.pass(SECOND * 3600);
        assert_eq!((stage.waiting(), stage.dead().len()), (0, 2), "{code}: the launch and its state change");
        assert!(stage.dead().iter().all(|it| it.contains(&ids[0])));
        let lines = tries(&stage, &ids[0], code);
        assert!(lines >= 5, "{code}: {lines}");
        // Brought back by hand once AWS is well again, it is fixed.
        stage.aws.clear_faults();
        for body in stage.dead() {
            stage.aws.bus().deliver(serde_json::from_str(&body).unwrap());
        }
        stage.settle();
        assert_eq!(stage.tokens(&ids[0]), HttpTokens::Required, "{code}");
    }
}

fn tries(stage: &Stage, id: &str, code: &str) -> usize {
    let failed = |it: &&v2only_tests::Line| it.text("resource") == id && it.text("error_code") == code;
    let lines = stage.lines();
    let lines: Vec<_> = lines.iter().filter(failed).collect();
    assert!(lines.iter().all(|it| it.text("outcome") == "retry"), "{lines:#?}");
    lines.len()
}

/// Straight from the rule: three tries, and a record of the failure.
#[test]
fn an_event_from_a_rule_that_never_gets_better_is_recorded_after_three_tries() {
    let setup = Setup { route: v2only_tests::Route::Direct, ..Setup::default() }.without_sdk_retries();
    let stage = setup.open();
    stage.aws.inject(Fault::on("ec2", "DescribeInstances", error("InternalError", 500, "as the test asked")));
    let ids = stage.launch(v1());
    stage.pass(SECOND * 3600);
    assert_eq!(stage.wiring.ledger().given_up.len(), 2, "the launch and its state change");
    assert_eq!(tries(&stage, &ids[0], "InternalError"), 6);
    assert!(
        stage.dead().iter().all(|it| it.contains("RetriesExhausted") && it.contains("to be tried again"))
    );
}
