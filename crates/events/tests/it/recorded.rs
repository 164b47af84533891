//! Records as evidence: launches that succeeded, launches that failed, and how the caller got its credentials.

use rstest::rstest;
use serde_json::{Value, json};
use v2only_events::{LaunchOutcome, RecordedLaunch, RoleDelivery, recorded_call, recorded_launch};
use v2only_policy::{Switch, SwitchOption};

use crate::support::{A, fixture, id, place, tags};

/// A launch as CloudTrail records it, without an envelope.
fn record() -> Value {
    fixture("run-instances-required")["detail"].clone()
}

fn changed(pointer: &str, key: &str, value: Value) -> Value {
    let mut record = record();
    record.pointer_mut(pointer).unwrap()[key] = value;
    record
}

#[track_caller]
fn launch(record: &Value) -> RecordedLaunch {
    recorded_launch(record).unwrap().expect("a launch")
}

#[test]
fn a_launch_is_recorded_with_what_was_requested() {
    for record in [record(), fixture("run-instances-required")] {
        let launch = launch(&record);
        let LaunchOutcome::Launched(instances) = &launch.outcome else { panic!("{:?}", launch.outcome) };
        assert_eq!(instances.iter().map(|it| &it.id).collect::<Vec<_>>(), [&id(A)]);
        assert_eq!(launch.instance_type.as_deref(), Some("t3.micro"));
        assert_eq!(launch.client_token.as_deref(), Some("token-1"));
        assert_eq!(launch.requested.hop_limit, Some(2));
        assert_eq!(launch.tags, tags(&[]));
        assert!(launch.has_request && !launch.spot && !launch.is_refused_by_enforcement());
        let call = launch.call;
        assert_eq!((call.service.as_str(), call.action.as_str()), ("ec2.amazonaws.com", "RunInstances"));
        assert_eq!(call.place, place());
        assert_eq!(call.caller.actor.unwrap().session_name(), Some("alice"));
        assert_eq!(call.caller.user_agent.as_deref(), Some("aws-cli/2.31"));
        assert_eq!((call.caller.role_delivery, call.caller.from_console), (None, false));
    }
}

#[test]
fn a_request_may_switch_the_ipv6_endpoint() {
    let record = changed("/requestParameters/metadataOptions", "httpProtocolIpv6", json!("enabled"));
    let switches = launch(&record).requested.switches;
    assert_eq!(switches[SwitchOption::Ipv6Endpoint], Some(Switch::Enabled));
    assert_eq!(switches[SwitchOption::MetadataTags], None);
}

#[test]
fn other_records_are_no_launches() {
    let other = [
        changed("", "eventName", json!("StartInstances")),
        changed("", "eventSource", json!("lightsail.amazonaws.com")),
        changed("", "eventType", json!("AwsServiceEvent")),
        fixture("state-running"),
    ];
    for record in other {
        assert_eq!(recorded_launch(&record), Ok(None), "{record}");
    }
    assert!(recorded_call(&changed("", "eventName", json!("StartInstances"))).unwrap().is_some());
    assert_eq!(recorded_call(&changed("", "eventType", json!("AwsServiceEvent"))), Ok(None));
}

#[rstest]
#[case::dry_run("Client.DryRunOperation", "", LaunchOutcome::DryRun)]
#[case::denied(
    "Client.UnauthorizedOperation",
    "You are not authorized",
    LaunchOutcome::Refused { code: "UnauthorizedOperation".to_owned(), by_enforcement: false }
)]
#[case::enforced(
    "Client.UnsupportedOperation",
    "httpTokensEnforced is enabled",
    LaunchOutcome::Refused { code: "UnsupportedOperation".to_owned(), by_enforcement: true }
)]
fn a_launch_that_failed_has_its_error(
    #[case] code: &str,
    #[case] message: &str,
    #[case] outcome: LaunchOutcome,
) {
    let mut record = changed("", "responseElements", json!(null));
    record["errorCode"] = code.into();
    record["errorMessage"] = message.into();
    let launch = launch(&record);
    let is_enforced = code == "Client.UnsupportedOperation";
    assert_eq!((launch.is_refused_by_enforcement(), launch.outcome), (is_enforced, outcome));
}

#[test]
fn a_launch_without_an_answer_counts_its_least_number() {
    let launch = launch(&changed("", "responseElements", json!(null)));
    assert_eq!(launch.outcome, LaunchOutcome::Unnamed { at_least: 1 });
}

#[rstest]
#[case("spot", true)]
#[case("capacity-block", false)]
fn spot_is_a_type_of_market(#[case] market: &str, #[case] spot: bool) {
    let options = json!({"marketType": market});
    assert_eq!(launch(&changed("/requestParameters", "instanceMarketOptions", options)).spot, spot);
}

#[rstest]
#[case::omitted(json!(null), false)]
#[case::other_fields(json!({"instanceType": "t3.micro"}), false)]
#[case::image(json!({"instancesSet": {"items": []}}), true)]
#[case::template(json!({"launchTemplate": {"launchTemplateName": "web"}}), true)]
#[case::options(json!({"metadataOptions": {"httpTokens": "required"}}), true)]
fn a_record_may_omit_the_request(#[case] request: Value, #[case] has_request: bool) {
    assert_eq!(launch(&changed("", "requestParameters", request)).has_request, has_request);
}

#[rstest]
#[case(json!("1.0"), Some(RoleDelivery::V1))]
#[case(json!(1.0), Some(RoleDelivery::V1))]
#[case(json!("2.0"), Some(RoleDelivery::V2))]
#[case(json!("3.0"), Some(RoleDelivery::Unknown))]
#[case(json!("0.5"), Some(RoleDelivery::Unknown))]
#[case(json!("v2"), Some(RoleDelivery::Unknown))]
#[case(json!(null), None)]
fn credentials_name_the_version_that_delivered_them(
    #[case] delivery: Value,
    #[case] wanted: Option<RoleDelivery>,
) {
    let record = changed("/userIdentity/sessionContext", "ec2RoleDelivery", delivery);
    assert_eq!(launch(&record).call.caller.role_delivery, wanted);
}

#[rstest]
#[case(json!(true), true)]
#[case(json!("true"), true)]
#[case(json!(false), false)]
#[case(json!("false"), false)]
#[case(json!(1), false)]
fn a_console_session_is_named(#[case] named: Value, #[case] from_console: bool) {
    let record = changed("", "sessionCredentialFromConsole", named);
    assert_eq!(launch(&record).call.caller.from_console, from_console);
}

#[test]
fn a_shortened_record_belongs_to_the_owner_of_the_reservation() {
    let mut shortened = changed("/responseElements", "ownerId", json!("444455556666"));
    assert_eq!(launch(&shortened).call.place, place(), "the record names its account");
    shortened.as_object_mut().unwrap().remove("recipientAccountId");
    assert_eq!(launch(&shortened).call.place, place(), "the caller names its account");
    shortened["userIdentity"].as_object_mut().unwrap().remove("accountId");
    assert_eq!(launch(&shortened).call.place.account.as_str(), "444455556666");
    shortened["responseElements"].as_object_mut().unwrap().remove("ownerId");
    assert!(recorded_launch(&shortened).is_err());
}

#[test]
fn a_region_that_is_unknown_counts_in_a_record_and_not_in_an_event() {
    let record = changed("", "awsRegion", json!("xx-somewhere-9x"));
    let launch = launch(&record);
    assert_eq!(
        (launch.call.place.region.as_str(), launch.call.place.account),
        ("xx-somewhere-9x", place().account)
    );
    let mut event = fixture("run-instances-required");
    event["region"] = json!(null);
    event["detail"]["awsRegion"] = json!("xx-somewhere-9x");
    assert!(recorded_launch(&event).is_err());
}
