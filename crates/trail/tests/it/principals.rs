//! Records of every kind of principal, and of every quality, end in the right group.

use rstest::rstest;
use serde_json::{Value, json};
use v2only_policy::AccountId;
use v2only_trail::{
    Counts, EnforcementSwitch, GroupKey, GroupState, LaunchGroup, LaunchPath, Missing, Recording,
    TemplateOptions, forecast,
};

use crate::paths::{counted, record};

fn only(recording: &Recording) -> (&GroupKey, &LaunchGroup) {
    assert_eq!(recording.groups.len(), 1, "{:#?}", recording.groups.keys());
    recording.groups.iter().next().unwrap()
}

fn by(identity: Value) -> Value {
    let mut record = record("1", "Boto3/1.40.0", None, &[]);
    record["userIdentity"] = identity;
    record
}

const LINKED: &str =
    "arn:aws:iam::111122223333:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling";

#[rstest]
#[case::root(
    json!({ "type": "Root", "arn": "arn:aws:iam::111122223333:root", "accountId": "111122223333" }),
    "arn:aws:iam::111122223333:root", None, LaunchPath::Sdk, false
)]
#[case::user(
    json!({ "type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/ops/alice", "userName": "alice" }),
    "arn:aws:iam::111122223333:user/ops/alice", None, LaunchPath::Sdk, false
)]
#[case::role_with_a_path_and_web_identity(
    json!({
        "type": "AssumedRole", "arn": "arn:aws:sts::111122223333:assumed-role/Deploy/run-17",
        "sessionContext": {
            "sessionIssuer": { "type": "Role", "arn": "arn:aws:iam::111122223333:role/ci/Deploy", "userName": "Deploy" },
            "webIdFederationData": { "federatedProvider": "arn:aws:iam::111122223333:oidc-provider/ci.example" },
        },
    }),
    "arn:aws:iam::111122223333:role/ci/Deploy", Some("run-17"), LaunchPath::Sdk, false
)]
#[case::identity_center(
    json!({
        "type": "AssumedRole",
        "arn": "arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Admin_0123456789abcdef/alice@example.com",
        "sessionContext": { "sessionIssuer": {
            "type": "Role",
            "arn": "arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Admin_0123456789abcdef",
        } },
    }),
    "arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Admin_0123456789abcdef",
    Some("alice@example.com"), LaunchPath::Sdk, false
)]
#[case::federated_user(
    json!({
        "type": "FederatedUser", "arn": "arn:aws:sts::111122223333:federated-user/alice",
        "sessionContext": { "sessionIssuer": { "type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/broker" } },
    }),
    "arn:aws:iam::111122223333:user/broker", Some("alice"), LaunchPath::Sdk, false
)]
#[case::session_without_issuer(
    json!({ "type": "AssumedRole", "arn": "arn:aws:sts::111122223333:assumed-role/Deploy/run-18" }),
    "arn:aws:iam::111122223333:role/Deploy", Some("run-18"), LaunchPath::Sdk, false
)]
#[case::another_account(
    json!({ "type": "AWSAccount", "accountId": "444455556666", "principalId": "AROAEXAMPLE:bob" }),
    "444455556666", None, LaunchPath::Sdk, false
)]
#[case::service(
    json!({ "type": "AWSService", "invokedBy": "autoscaling.amazonaws.com" }),
    "autoscaling.amazonaws.com", None, LaunchPath::AutoScaling, true
)]
#[case::service_linked_role_without_invoked_by(
    json!({
        "type": "AssumedRole", "arn": "arn:aws:sts::111122223333:assumed-role/AWSServiceRoleForAutoScaling/AutoScaling",
        "sessionContext": { "sessionIssuer": { "arn": LINKED } },
    }),
    LINKED, Some("AutoScaling"), LaunchPath::AutoScaling, true
)]
#[case::group_with_mixed_instances(
    json!({
        "type": "AssumedRole", "arn": "arn:aws:sts::111122223333:assumed-role/AWSServiceRoleForAutoScaling/AutoScaling",
        "invokedBy": "ec2fleet.amazonaws.com", "sessionContext": { "sessionIssuer": { "arn": LINKED } },
    }),
    LINKED, Some("AutoScaling"), LaunchPath::AutoScaling, true
)]
#[case::service_linked_role_without_issuer(
    json!({ "type": "AssumedRole", "arn": "arn:aws:sts::111122223333:assumed-role/AWSServiceRoleForEC2Fleet/fleet" }),
    "arn:aws:iam::111122223333:role/AWSServiceRoleForEC2Fleet", Some("fleet"), LaunchPath::Sdk, true
)]
#[case::user_of_identity_center_only(
    json!({ "type": "IdentityCenterUser", "onBehalfOf": { "userId": "544894e8" } }),
    "IdentityCenterUser", None, LaunchPath::Sdk, false
)]
fn every_kind_of_principal_is_one_group(
    #[case] identity: Value,
    #[case] principal: &str,
    #[case] session: Option<&str>,
    #[case] path: LaunchPath,
    #[case] beyond_scps: bool,
) {
    let recording = counted([by(identity)]);
    let (key, group) = only(&recording);
    assert_eq!((key.principal.as_str(), key.path), (principal, path));
    assert_eq!((group.last_session.as_deref(), group.service_linked), (session, beyond_scps));
}

#[test]
fn sessions_of_a_role_are_one_group() {
    let session = |id: &str| {
        let mut record = record(id, "Boto3/1.40.0", None, &[]);
        record["userIdentity"] = json!({ "type": "AssumedRole", "arn": format!("arn:aws:sts::111122223333:assumed-role/Deploy/{id}") });
        record
    };
    let recording = counted(["1", "2", "3"].map(session));
    assert_eq!(only(&recording).1.launches(), 3);
}

#[rstest]
#[case::boto3("Boto3/1.40.0 md/Botocore#1.40.0", LaunchPath::Sdk)]
#[case::sdk_in_the_shell("aws-sdk-go-v2/1.36 exec-env/CloudShell", LaunchPath::Sdk)]
#[case::cli("aws-cli/2.31.0 exec-env/CloudShell", LaunchPath::Cli)]
#[case::console("EC2ConsoleFrontend, aws-internal/3 aws-sdk-java/1.12.1", LaunchPath::Console)]
#[case::unknown("", LaunchPath::Console)]
fn credentials_of_a_console_session_are_used_in_cloudshell_too(
    #[case] user_agent: &str,
    #[case] path: LaunchPath,
) {
    let mut record = record("1", user_agent, None, &[]);
    record["sessionCredentialFromConsole"] = "true".into();
    assert_eq!(only(&counted([record])).0.path, path);
}

#[rstest]
#[case::by_id(json!({ "launchTemplateId": "lt-0aaaaaaaaaaaaaaaa", "version": "$Default" }), "lt-0aaaaaaaaaaaaaaaa", Some("$Default"))]
#[case::by_name(json!({ "launchTemplateName": "web", "version": "$Latest" }), "web", Some("$Latest"))]
#[case::without_version(json!({ "launchTemplateName": "web" }), "web", None)]
#[case::by_number(json!({ "launchTemplateId": "lt-0aaaaaaaaaaaaaaaa", "version": 7 }), "lt-0aaaaaaaaaaaaaaaa", Some("7"))]
fn a_template_is_named_as_the_caller_named_it(
    #[case] template: Value,
    #[case] id: &str,
    #[case] version: Option<&str>,
) {
    let mut record = record("1", "Boto3/1.40.0", None, &[]);
    record["requestParameters"]["launchTemplate"] = template.clone();
    let recording = counted([record.clone()]);
    let (key, group) = only(&recording);
    let used = group.latest.as_ref().unwrap().1.template.as_ref().unwrap();
    assert_eq!(key.template.as_deref(), Some(id));
    assert_eq!((used.id.as_str(), used.version.as_deref()), (id, version));

    // The tags of the instance name the id and the number, whatever the caller wrote.
    record["responseElements"]["instancesSet"]["items"][0]["tagSet"]["items"] = json!([
        { "key": "aws:ec2launchtemplate:id", "value": "lt-0bbbbbbbbbbbbbbbb" },
        { "key": "aws:ec2launchtemplate:version", "value": "3" },
    ]);
    let recording = counted([record]);
    let used = only(&recording).1.latest.as_ref().unwrap().1.template.clone().unwrap();
    assert_eq!((used.id.as_str(), used.version.as_deref()), ("lt-0bbbbbbbbbbbbbbbb", Some("3")));
}

#[test]
fn an_answer_with_several_instances_is_one_launch_and_the_loosest_instance_decides() {
    let mut record = record("1", "Boto3/1.40.0", None, &[]);
    let items = record["responseElements"]["instancesSet"]["items"].as_array_mut().unwrap();
    let mut second = items[0].clone();
    second["instanceId"] = "i-0bbbbbbbbbbbbbbbb".into();
    second["metadataOptions"]["httpTokens"] = "required".into();
    items.insert(0, second);
    let recording = counted([record]);
    let (_, group) = only(&recording);
    let tally = group.launched.values().next().unwrap();
    assert_eq!((tally.launches, tally.instances, group.state()), (1, 2, GroupState::Open));
}

fn of(recording: &Recording, switch: EnforcementSwitch, management: Option<&AccountId>) -> Counts {
    let (key, group) = only(recording);
    forecast(key, group, switch, &TemplateOptions::default(), management).recorded
}

#[rstest]
#[case::omitted(json!({ "omitted": true, "originalSize": 104_858, "reason": "requestParameters too large" }))]
#[case::null(Value::Null)]
fn a_launch_without_its_request_is_not_judged_by_what_it_did_not_state(#[case] request: Value) {
    let mut record = record("1", "Boto3/1.40.0", None, &[]);
    record["requestParameters"] = request;
    let recording = counted([record]);
    let counts = of(&recording, EnforcementSwitch::EnforcedWithDefault, None);
    assert_eq!((counts.undecided, counts.missing.get(&Missing::Request)), (1, Some(&1)));
    // The answer alone decides this switch.
    assert_eq!(of(&recording, EnforcementSwitch::Enforced, None).refused, 1);
}

#[test]
fn a_failed_launch_counts_though_its_region_is_disguised() {
    let mut record = record("1", "stratus", None, &[]);
    record["awsRegion"] = "ca-south-3r".into();
    record["errorCode"] = "Client.UnauthorizedOperation".into();
    record["responseElements"] = Value::Null;
    let recording = counted([record]);
    let (key, group) = only(&recording);
    assert_eq!((key.place.region.as_str(), group.failed), ("ca-south-3r", 1));
    assert_eq!(group.state(), GroupState::NoLaunch);
}

#[test]
fn no_scp_applies_to_the_management_account_and_to_services() {
    let management = AccountId::parse("111122223333").unwrap();
    let recording = counted([record("1", "Boto3/1.40.0", None, &[])]);
    assert_eq!(of(&recording, EnforcementSwitch::Scp, None).refused, 1);
    assert_eq!(of(&recording, EnforcementSwitch::Scp, Some(&management)).unchanged, 1);
    assert_eq!(of(&recording, EnforcementSwitch::Enforced, Some(&management)).refused, 1);
    let service = counted([by(json!({ "type": "AWSService", "invokedBy": "spot.amazonaws.com" }))]);
    assert_eq!(of(&service, EnforcementSwitch::Scp, None).unchanged, 1);
}
