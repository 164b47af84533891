//! Events that are malformed, and what is said about them.

use crate::support::*;
use rstest::rstest;
use serde_json::{Value, json};
use v2only_events::{parse, parse_event};

#[rstest]
#[case::accounts_contradict(
    "run-instances-two-accounts",
    "`detail.recipientAccountId` should be `111122223333` as in the envelope, but is `444455556666`"
)]
#[case::regions_contradict(
    "run-instances-two-regions",
    "`detail.awsRegion` should be `eu-central-1` as in the envelope, but is `us-east-1`"
)]
#[case::arn_of_another_account(
    "notebook-of-another-account",
    "`detail.NotebookInstanceArn` should be an ARN in 111122223333/eu-central-1, \
     but is `arn:aws:sagemaker:eu-central-1:444455556…`"
)]
fn an_event_that_contradicts_itself_about_its_place_is_refused(#[case] name: &str, #[case] message: &str) {
    assert_eq!(refused(name).to_string(), message);
}

#[rstest]
#[case::source(
    "run-instances-required",
    "/source",
    "`source` should be the source of an event, such as `aws.ec2`"
)]
#[case::detail_type("run-instances-required", "/detail-type", "`detail-type` should be the type of an event")]
#[case::detail("run-instances-required", "/detail", "`detail` should be an object")]
#[case::event_name(
    "run-instances-required",
    "/detail/eventName",
    "`detail.eventName` should be the name of the event"
)]
#[case::options(
    "modify-options-flat",
    "/detail/requestParameters",
    "`detail.requestParameters.InstanceId` should be an EC2 instance id such as `i-0123456789abcdef0`"
)]
#[case::template(
    "modify-launch-template-by-name",
    "/detail/requestParameters",
    "`detail.requestParameters.LaunchTemplateId` should be a launch template id"
)]
#[case::image(
    "copy-image",
    "/detail/responseElements",
    "`detail.responseElements.imageId` should be an image id such as `ami-0123456789abcdef0`"
)]
#[case::state("state-running", "/detail/state", "`detail.state` should be the state of an instance")]
#[case::notebook(
    "start-notebook",
    "/detail/requestParameters/notebookInstanceName",
    "`detail.requestParameters.notebookInstanceName` should be a notebook instance name \
     (1 to 63 letters, digits and inner hyphens)"
)]
#[case::status(
    "notebook-in-service",
    "/detail/NotebookInstanceStatus",
    "`detail.NotebookInstanceStatus` should be the status of a notebook instance"
)]
#[case::event_id("state-running", "/id", "`id` should be the id of the event")]
fn a_missing_field_is_named(#[case] name: &str, #[case] pointer: &str, #[case] message: &str) {
    let mut event = fixture(name);
    let field = event.pointer_mut(pointer).unwrap();
    *field = if field.is_object() && pointer != "/detail" { json!({}) } else { Value::Null };
    let error = parse(&event).unwrap_err().to_string();
    assert!(error.starts_with(message), "{error}");
}

#[rstest]
#[case::nothing(json!(null), json!(null), "instancesSet` should be a list of instances, but is missing")]
#[case::unreadable(
    json!({"instancesSet": {"items": [{"instanceId": "web"}]}}),
    json!(null),
    "instancesSet.items[0].instanceId` should be an EC2 instance id such as `i-0123456789abcdef0`, but is `web`"
)]
fn a_start_of_no_instance_is_refused(#[case] request: Value, #[case] response: Value, #[case] message: &str) {
    let mut event = fixture("start-instances");
    event["detail"]["requestParameters"] = request;
    event["detail"]["responseElements"] = response;
    assert_eq!(parse(&event).unwrap_err().to_string(), format!("`detail.requestParameters.{message}"));
}

#[test]
fn an_error_code_that_is_no_code_is_refused() {
    let mut event = fixture("run-instances-failed");
    event["detail"]["errorCode"] = json!({"code": 1});
    let message = "`detail.errorCode` should be an error code, but is an object";
    assert_eq!(parse(&event).unwrap_err().to_string(), message);
}

#[rstest]
#[case::account_in_envelope_only(&["/detail/recipientAccountId", "/detail/awsRegion"], None)]
#[case::account_in_record_only(&["/account", "/region"], None)]
#[case::account_nowhere(&["/account", "/detail/recipientAccountId"], Some("`account` should be an AWS account id"))]
#[case::region_nowhere(&["/region", "/detail/awsRegion"], Some("`region` should be an AWS Region code"))]
fn one_of_both_places_is_enough(#[case] removed: &[&str], #[case] refusal: Option<&str>) {
    let mut event = fixture("run-instances-required");
    for pointer in removed {
        *event.pointer_mut(pointer).unwrap() = Value::Null;
    }
    match (parse(&event), refusal) {
        (Ok(parsed), None) => assert_eq!(parsed, parse(&fixture("run-instances-required")).unwrap()),
        (Err(error), Some(message)) => assert!(error.to_string().starts_with(message), "{error}"),
        (other, _) => panic!("{other:?}"),
    }
}

/// In a record by itself, the account of the caller stands in for that of the recipient.
#[test]
fn a_record_without_an_envelope_needs_an_account() {
    let mut record = fixture("run-instances-before-imds-options");
    record["recipientAccountId"] = Value::Null;
    assert!(parse(&record).is_ok());
    record["userIdentity"]["accountId"] = Value::Null;
    let message = "`recipientAccountId` should be an AWS account id (12 digits), but is null";
    assert_eq!(parse(&record).unwrap_err().to_string(), message);
}

/// The author of a bare record chooses its account, so a queue must not bring one.
#[test]
fn a_record_without_an_envelope_is_no_event_of_eventbridge() {
    let record = fixture("run-instances-before-imds-options");
    assert!(parse(&record).is_ok());
    let message = "`detail-type` should be the type of an EventBridge event, but is missing";
    assert_eq!(parse_event(&record).unwrap_err().to_string(), message);
    let event = fixture("run-instances-required");
    assert_eq!(parse_event(&event), parse(&event));
}

#[test]
fn a_source_that_contradicts_the_record_is_refused() {
    let mut event = fixture("run-instances-required");
    event["detail"]["eventSource"] = "sagemaker.amazonaws.com".into();
    let message =
        "`detail.eventSource` should be the service of source `aws.ec2`, but is `sagemaker.amazonaws.com`";
    assert_eq!(parse(&event).unwrap_err().to_string(), message);
}

#[rstest]
#[case(json!(null), "`event` should be an EventBridge event or a CloudTrail record, but is null")]
#[case(json!([1]), "`event` should be an EventBridge event or a CloudTrail record, but is a list")]
#[case(json!({}), "`source` should be the source of an event, such as `aws.ec2`, but is missing")]
fn what_is_no_event_is_refused(#[case] json: Value, #[case] message: &str) {
    assert_eq!(parse(&json).unwrap_err().to_string(), message);
}

/// A record beside, not inside, its envelope: whose place would count?
#[test]
fn a_record_in_place_of_an_envelope_is_refused() {
    let mut event = fixture("run-instances-before-imds-options");
    event["detail-type"] = "AWS API Call via CloudTrail".into();
    event["source"] = "aws.ec2".into();
    assert_eq!(parse(&event).unwrap_err().to_string(), "`detail` should be an object, but is missing");
}
