//! Events that are not acted on, and what is said about them.

use crate::support::*;
use rstest::rstest;
use v2only_events::{EventName, Ignored, Parsed, header, parse};

const API_CALL: &str = "AWS API Call via CloudTrail";

fn not_ours(source: &str, detail_type: &str, event_name: Option<&str>) -> Ignored {
    Ignored::NotOurs {
        source: source.to_owned(),
        detail_type: detail_type.to_owned(),
        event_name: event_name.map(str::to_owned),
    }
}

#[rstest]
#[case::failed_launch(
    "run-instances-failed",
    Ignored::Failed { event: EventName::RunInstances, error_code: "Client.InvalidParameterValue".to_owned() },
    "failed-call",
    "`RunInstances` failed with `Client.InvalidParameterValue`, so it changed nothing"
)]
#[case::failed_change(
    "modify-options-failed",
    Ignored::Failed {
        event: EventName::ModifyInstanceMetadataOptions,
        error_code: "Client.InvalidParameterValue".to_owned(),
    },
    "failed-call",
    "`ModifyInstanceMetadataOptions` failed with `Client.InvalidParameterValue`, so it changed nothing"
)]
#[case::dry_run(
    "run-instances-dry-run",
    Ignored::DryRun { event: EventName::RunInstances },
    "dry-run",
    "`RunInstances` was a dry run, so it changed nothing"
)]
#[case::fleet_whose_launches_follow(
    "create-fleet",
    not_ours("aws.ec2", API_CALL, Some("CreateFleet")),
    "not-ours",
    "`CreateFleet` (`AWS API Call via CloudTrail` from `aws.ec2`) is not an event v2only acts on"
)]
#[case::another_call(
    "stop-instances",
    not_ours("aws.ec2", API_CALL, Some("StopInstances")),
    "not-ours",
    "`StopInstances` (`AWS API Call via CloudTrail` from `aws.ec2`) is not an event v2only acts on"
)]
#[case::another_announcement(
    "spot-interruption",
    not_ours("aws.ec2", "EC2 Spot Instance Interruption Warning", None),
    "not-ours",
    "`EC2 Spot Instance Interruption Warning` from `aws.ec2` is not an event v2only acts on"
)]
#[case::another_service(
    "scheduled",
    not_ours("aws.events", "Scheduled Event", None),
    "not-ours",
    "`Scheduled Event` from `aws.events` is not an event v2only acts on"
)]
#[case::reads_only(
    "describe-instances",
    Ignored::ReadOnly { source: "aws.ec2".to_owned(), event_name: "DescribeInstances".to_owned() },
    "read-only",
    "`DescribeInstances` from `aws.ec2` only reads, so it changed nothing"
)]
#[case::service_event_with_capitalised_keys(
    "service-event",
    Ignored::ServiceEvent { event_name: "BidEvictedEvent".to_owned() },
    "service-event",
    "`BidEvictedEvent` is a service event, which v2only does not act on"
)]
#[case::terminated(
    "state-terminated",
    Ignored::InstanceState { id: id(A), state: "terminated".to_owned() },
    "instance-state",
    "i-0aaaaaaaaaaaaaaaa is `terminated`, so there is nothing left to protect"
)]
#[case::notebook_deleted(
    "notebook-deleted",
    Ignored::NotebookStatus { name: notebook(), status: "Deleted".to_owned() },
    "notebook-status",
    "notebook Research-Churn is `Deleted`, so there is nothing left to protect"
)]
#[case::notebook_stopped_by_a_call(
    "stop-notebook",
    Ignored::StateChangeFollows { event_name: "StopNotebookInstance".to_owned() },
    "state-change-follows",
    "`StopNotebookInstance` shows in a state change, and v2only acts on that"
)]
fn an_event_is_ignored_for_a_reason(
    #[case] name: &str,
    #[case] expected: Ignored,
    #[case] code: &str,
    #[case] sentence: &str,
) {
    let why = ignored(name);
    assert_eq!(why, expected);
    assert_eq!((why.code(), why.to_string().as_str()), (code, sentence));
}

#[rstest]
#[case("pending", "i-0aaaaaaaaaaaaaaaa is `pending`; v2only acts when it is `running`")]
#[case("stopping", "i-0aaaaaaaaaaaaaaaa is `stopping`; v2only acts when it is `stopped`")]
#[case("shutting-down", "i-0aaaaaaaaaaaaaaaa is `shutting-down`, so there is nothing left to protect")]
#[case("dreaming", "i-0aaaaaaaaaaaaaaaa is `dreaming`; v2only acts on `running` and `stopped`")]
fn a_state_without_work_says_so(#[case] state: &str, #[case] sentence: &str) {
    let mut event = fixture("state-running");
    event["detail"]["state"] = state.into();
    let Ok(Parsed::Ignored(why)) = parse(&event) else { panic!("`{state}` is not ignored") };
    assert_eq!(why.to_string(), sentence);
}

/// Anybody can put an event on a bus, but only AWS under a source that starts with `aws.`.
#[rstest]
#[case::made_up_source("source", "custom.ec2")]
#[case::made_up_type("detail-type", "RunInstances")]
fn an_event_that_only_looks_like_ours_is_not(#[case] field: &str, #[case] value: &str) {
    let mut event = fixture("run-instances-required");
    event[field] = value.into();
    let Ok(Parsed::Ignored(Ignored::NotOurs { .. })) = parse(&event) else { panic!("acted on") };
}

#[test]
fn an_ignored_event_can_be_named_in_a_record() {
    let header = header(&fixture("create-fleet"));
    assert_eq!(header.event_id.as_deref(), Some("c0ffee00-0000-4000-8000-000000000001"));
    assert_eq!(header.name.as_deref(), Some("CreateFleet"));
    assert_eq!((header.account, header.region), (Some(place().account), Some(place().region)));
}

#[test]
fn every_event_is_found_by_its_own_name_only() {
    let names: std::collections::BTreeSet<_> = EventName::ALL.iter().map(|event| event.as_str()).collect();
    assert_eq!(names.len(), EventName::ALL.len());
    for event in EventName::ALL {
        let api_call = event.detail_type() == API_CALL;
        assert_ne!(api_call, event.detail_type() == event.as_str(), "{event}");
        assert!(["aws.ec2", "aws.sagemaker"].contains(&event.source()), "{event}");
    }
}

#[rstest]
#[case::by_its_detail_type("AWS Service Event via CloudTrail", "AwsApiCall")]
#[case::by_its_event_type("AWS API Call via CloudTrail", "AwsServiceEvent")]
fn a_service_event_is_one_whatever_it_is_called(#[case] detail_type: &str, #[case] event_type: &str) {
    let mut event = fixture("run-instances-required");
    event["detail-type"] = detail_type.into();
    event["detail"]["eventType"] = event_type.into();
    let why = Ignored::ServiceEvent { event_name: "RunInstances".to_owned() };
    assert_eq!(parse(&event), Ok(Parsed::Ignored(why)));
}

#[rstest]
#[case("AwsApiCall", API_CALL)]
#[case("AwsServiceEvent", "AWS Service Event via CloudTrail")]
fn a_record_of_another_service_is_named_as_its_envelope_would(
    #[case] event_type: &str,
    #[case] detail_type: &str,
) {
    let mut record = fixture("service-event")["detail"].take();
    record["eventSource"] = "kms.amazonaws.com".into();
    record["eventName"] = "RotateKey".into();
    record["eventType"] = event_type.into();
    let why = not_ours("aws.kms", detail_type, Some("RotateKey"));
    assert_eq!(parse(&record), Ok(Parsed::Ignored(why)));
}

/// CloudTrail writes Insights records beside management events. They name no call and no resource.
#[test]
fn an_insights_record_is_ignored() {
    let record = serde_json::json!({
        "eventVersion": "1.09",
        "eventTime": "2026-03-01T10:00:00Z",
        "awsRegion": "eu-central-1",
        "eventID": "55ed45c5-0b0c-4228-9fe5-EXAMPLE00001",
        "eventType": "AwsCloudTrailInsight",
        "recipientAccountId": "111122223333",
        "sharedEventID": "12edc982-3348-4794-83d3-EXAMPLE00001",
        "insightDetails": {
            "state": "Start",
            "eventSource": "ec2.amazonaws.com",
            "eventName": "RunInstances",
            "insightType": "ApiCallRateInsight"
        },
        "eventCategory": "Insight"
    });
    let why = Ok(Parsed::Ignored(not_ours("aws.cloudtrail", "AWS Insight via CloudTrail", None)));
    assert_eq!(parse(&record), why);
}
