//! Recorded calls as requests: which resource and which keys each kind of record tells.

use rstest::rstest;
use serde_json::{Value, json};
use v2only_guardrails::check::impact::{Impact, judge};
use v2only_guardrails::check::recorded::{Caller, NoCall, read};
use v2only_guardrails::check::{Attachment, Outcome};

use super::impact::{denied, launch, not_told, outcome, policy, record, set};

/// A record of a call to a service.
fn call(service: &str, name: &str, request: Value) -> Value {
    let mut record = record(name, request, json!({}));
    set(&mut record, "/eventSource", json!(format!("{service}.amazonaws.com")));
    record
}

fn scp(action: &str, resource: &str, condition: Value, record: &Value) -> Outcome {
    outcome(&policy("Deny", action, resource, condition), Attachment::Scp, record)
}

/// A denial of the resource applies, and one of another resource of the kind does not.
#[rstest]
#[case("ec2", "ModifyInstanceMetadataOptions", json!({"ModifyInstanceMetadataOptionsRequest": {"InstanceId": "ID"}}), "arn:aws:ec2:eu-central-1:111122223333:instance/ID")]
#[case("ec2", "StartInstances", json!({"instancesSet": {"items": [{"instanceId": "i-2"}, {"instanceId": "ID"}]}}), "arn:aws:ec2:eu-central-1:111122223333:instance/ID")]
#[case("ec2", "AssociateIamInstanceProfile", json!({"AssociateIamInstanceProfileRequest": {"InstanceId": "ID"}}), "arn:aws:ec2:*:*:instance/ID")]
#[case("ec2", "StartInstances", json!({"instanceId": "ID"}), "arn:aws:ec2:*:*:instance/ID")]
#[case("sagemaker", "CreateNotebookInstance", json!({"notebookInstanceName": "ID"}), "arn:aws:sagemaker:*:111122223333:notebook-instance/id")]
#[case("sagemaker", "UpdateNotebookInstance", json!({"notebookInstanceName": "ID"}), "arn:aws:sagemaker:*:111122223333:notebook-instance/id")]
#[case("autoscaling", "CreateLaunchConfiguration", json!({"launchConfigurationName": "ID"}), "arn:aws:autoscaling:*:*:launchConfiguration:*:launchConfigurationName/ID")]
#[case("imagebuilder", "CreateInfrastructureConfiguration", json!({"name": "ID"}), "arn:aws:imagebuilder:*:*:infrastructure-configuration/*")]
#[case("imagebuilder", "UpdateInfrastructureConfiguration", json!({"name": "ID"}), "arn:aws:imagebuilder:*:*:infrastructure-configuration/*")]
fn a_call_is_about_the_resource_that_its_record_names(
    #[case] service: &str,
    #[case] name: &str,
    #[case] request: Value,
    #[case] resource: &str,
) {
    let action = format!("{service}:{name}");
    let record = call(service, name, request);
    assert_eq!(scp(&action, resource, json!({}), &record), denied());
    let other = resource.replace(['*'], "0").replace("ID", "other").replace("/id", "/other");
    assert_eq!(scp(&action, &other, json!({}), &record), Outcome::Allowed);
}

#[test]
fn any_other_call_is_about_the_only_resource_that_its_record_lists() {
    let bucket = "arn:aws:s3:::bucket";
    let mut record = call("s3", "GetObject", json!({}));
    set(&mut record, "/resources", json!([{"ARN": bucket}]));
    assert_eq!(scp("s3:*", bucket, json!({}), &record), denied());
    assert_eq!(scp("s3:*", "arn:aws:s3:::other", json!({}), &record), Outcome::Allowed);
    set(&mut record, "/resources", json!([{"ARN": bucket}, {"ARN": "arn:aws:s3:::other"}]));
    assert_eq!(scp("s3:*", bucket, json!({}), &record), not_told("the resource"));
    let none = call("ec2", "StartInstances", json!({}));
    assert_eq!(scp("ec2:*", "arn:aws:ec2:*:*:instance/i-1", json!({}), &none), not_told("the resource"));
}

/// What a call asks for is a key of its own in each service. A key that the call does not state is not there.
#[rstest]
#[case(
    "ec2",
    "ModifyInstanceMetadataOptions",
    "/ModifyInstanceMetadataOptionsRequest/HttpTokens",
    "ec2:Attribute/HttpTokens"
)]
#[case("ec2", "ModifyInstanceMetadataOptions", "/httpEndpoint", "ec2:Attribute/HttpEndpoint")]
#[case(
    "ec2",
    "ModifyInstanceMetadataDefaults",
    "/ModifyInstanceMetadataDefaultsRequest/HttpTokens",
    "ec2:Attribute/HttpTokens"
)]
#[case(
    "autoscaling",
    "CreateLaunchConfiguration",
    "/metadataOptions/httpTokens",
    "autoscaling:MetadataHttpTokens"
)]
#[case(
    "imagebuilder",
    "CreateInfrastructureConfiguration",
    "/instanceMetadataOptions/httpTokens",
    "imagebuilder:Ec2MetadataHttpTokens"
)]
#[case(
    "imagebuilder",
    "UpdateInfrastructureConfiguration",
    "/instanceMetadataOptions/httpTokens",
    "imagebuilder:Ec2MetadataHttpTokens"
)]
#[case(
    "sagemaker",
    "CreateNotebookInstance",
    "/instanceMetadataServiceConfiguration/minimumInstanceMetadataServiceVersion",
    "sagemaker:MinimumInstanceMetadataServiceVersion"
)]
#[case(
    "sagemaker",
    "UpdateNotebookInstance",
    "/instanceMetadataServiceConfiguration/minimumInstanceMetadataServiceVersion",
    "sagemaker:MinimumInstanceMetadataServiceVersion"
)]
fn a_call_carries_what_it_asks_for(
    #[case] service: &str,
    #[case] name: &str,
    #[case] field: &str,
    #[case] key: &str,
) {
    let record = |value: Value| {
        let names: Vec<&str> = field.split('/').skip(1).collect();
        let request = names.iter().rev().fold(value, |inner, name| json!({ *name: inner }));
        call(service, name, request)
    };
    let action = format!("{service}:{name}");
    let is = |wanted: &str| json!({ "StringEquals": { key: wanted } });
    for (value, wanted) in [(json!("a"), "a"), (json!(2), "2"), (json!(true), "true")] {
        assert_eq!(scp(&action, "*", is(wanted), &record(value.clone())), denied(), "{value}");
        assert_eq!(scp(&action, "*", is("other"), &record(value)), Outcome::Allowed);
    }
    for unset in [Value::Null, json!({})] {
        assert_eq!(scp(&action, "*", json!({ "Null": { key: "true" } }), &record(unset)), denied());
    }
}

#[test]
fn a_change_carries_only_options() {
    let record =
        call("ec2", "ModifyInstanceMetadataOptions", json!({"InstanceId": "i-1", "HttpTokens": "required"}));
    let missing = json!({ "Null": { "ec2:Attribute/InstanceId": "true" } });
    assert_eq!(scp("ec2:*", "*", missing, &record), denied());
}

#[test]
fn every_record_tells_who_called_from_where() {
    let role = "arn:aws:iam::111122223333:role/developer";
    let mut start = call("ec2", "StartInstances", json!({}));
    for (key, value) in [
        ("aws:PrincipalArn", role),
        ("aws:PrincipalAccount", "111122223333"),
        ("aws:RequestedRegion", "eu-central-1"),
        ("aws:UserAgent", "aws-cli/2.15"),
        ("aws:SourceIp", "203.0.113.7"),
        ("ec2:RoleDelivery", "2.0"),
    ] {
        assert_eq!(scp("ec2:*", "*", json!({ "StringEquals": { key: value } }), &start), denied(), "{key}");
        assert_eq!(scp("ec2:*", "*", json!({ "StringNotEquals": { key: value } }), &start), Outcome::Allowed);
    }
    // A service that calls for somebody has no address, and the caller of another account has that account.
    set(&mut start, "/sourceIPAddress", json!("autoscaling.amazonaws.com"));
    set(&mut start, "/userIdentity/accountId", json!("444455556666"));
    let from = json!({ "StringEquals": { "aws:SourceIp": "autoscaling.amazonaws.com" } });
    assert_eq!(scp("ec2:*", "*", from, &start), not_told("aws:SourceIp"));
    let of = json!({ "StringEquals": { "aws:PrincipalAccount": "444455556666" } });
    assert_eq!(scp("ec2:*", "*", of, &start), denied());
    assert_eq!(read(&start).unwrap().account, "111122223333");
    set(&mut start, "/recipientAccountId", Value::Null);
    assert_eq!(read(&start).unwrap().account, "444455556666");
}

#[test]
fn the_caller_is_the_role_of_a_session_a_user_or_a_service() {
    let caller = |identity: Value| {
        let mut record = call("ec2", "StartInstances", json!({}));
        set(&mut record, "/userIdentity", identity);
        read(&record).map(|it| (it.principal, it.caller))
    };
    let user = "arn:aws:iam::111122223333:user/alice";
    assert_eq!(caller(json!({ "type": "IAMUser", "arn": user })), Ok((user.to_owned(), Caller::Principal)));
    let service = json!({ "type": "AWSService", "invokedBy": "autoscaling.amazonaws.com" });
    assert_eq!(caller(service), Ok(("autoscaling.amazonaws.com".to_owned(), Caller::Service)));
    assert_eq!(caller(json!({ "type": "AWSService" })), Ok(("an AWS service".to_owned(), Caller::Service)));
    assert_eq!(caller(json!({ "type": "IAMUser", "arn": "" })), Err(NoCall::Incomplete));
}

#[rstest]
#[case("/errorCode", json!("Client.DryRunOperation"), None)]
#[case("/errorCode", json!(""), None)]
#[case("/errorCode", json!("AccessDenied"), Some(NoCall::Failed))]
#[case("/eventType", Value::Null, None)]
#[case("/eventType", json!("AwsConsoleSignIn"), Some(NoCall::NotApi))]
#[case("/eventSource", json!(""), Some(NoCall::Incomplete))]
#[case("/eventName", Value::Null, Some(NoCall::Incomplete))]
#[case("/awsRegion", json!(""), Some(NoCall::Incomplete))]
#[case("/detail", json!("text"), None)]
fn a_record_is_a_call_or_says_why_not(
    #[case] field: &str,
    #[case] value: Value,
    #[case] expected: Option<NoCall>,
) {
    let mut record = call("ec2", "StartInstances", json!({}));
    set(&mut record, field, value);
    assert_eq!(read(&record).err(), expected);
}

#[rstest]
#[case("ec2", "RunInstances", "ec2:RunInstances")]
#[case("ec2", "runinstances", "ec2:RunInstances")]
#[case("ec2", "StartInstances20161115", "ec2:StartInstances")]
#[case("ec2", "StartInstances_v2", "ec2:StartInstances")]
#[case("tagging", "GetResources", "tag:GetResources")]
#[case("monitoring", "GetThing", "cloudwatch:GetThing")]
#[case("thing", "Call2015v1", "thing:Call2015v1")]
fn an_action_has_the_name_of_iam(#[case] service: &str, #[case] name: &str, #[case] action: &str) {
    assert_eq!(read(&call(service, name, json!({}))).unwrap().action, action);
}

/// A launch of one instance into a subnet, from an image and a template, with tags.
fn tagged_launch(template: bool) -> Value {
    let mut record = launch(Some("required"), Some("required"));
    set(&mut record, "/requestParameters/instanceType", json!("m7g.large"));
    set(&mut record, "/requestParameters/subnetId", json!("subnet-1"));
    let tags =
        |kind: &str, key: &str| json!({ "resourceType": kind, "tags": [{ "key": key, "value": "x" }] });
    let sets = json!({ "items": [tags("instance", "Owner"), tags("volume", "Backup")] });
    set(&mut record, "/requestParameters/tagSpecificationSet", sets);
    if template {
        set(&mut record, "/requestParameters/launchTemplate", json!({ "launchTemplateId": "lt-1" }));
    }
    record
}

#[rstest]
#[case("image/ami-0abc", true)]
#[case("image/ami-1", false)]
#[case("subnet/subnet-1", true)]
#[case("subnet/subnet-2", false)]
#[case("launch-template/lt-1", true)]
#[case("launch-template/lt-2", false)]
#[case("instance/*", true)]
#[case("volume/*", true)]
fn a_launch_names_its_image_subnet_and_template(#[case] resource: &str, #[case] found: bool) {
    let account = if resource.starts_with("image/") { "" } else { "111122223333" };
    let arn = format!("arn:aws:ec2:eu-central-1:{account}:{resource}");
    let is = scp("ec2:RunInstances", &arn, json!({}), &tagged_launch(true));
    assert_eq!(is, if found { denied() } else { Outcome::Allowed });
    let without = scp("ec2:RunInstances", &arn, json!({}), &tagged_launch(false));
    assert_eq!(without == denied(), found && !resource.starts_with("launch-template"));
}

#[rstest]
#[case("instance/*", json!({ "StringEquals": { "aws:RequestTag/Owner": "x" } }), true)]
#[case("instance/*", json!({ "StringEquals": { "aws:RequestTag/Owner": "y" } }), false)]
#[case("volume/*", json!({ "StringEquals": { "aws:RequestTag/Owner": "x" } }), false)]
#[case("volume/*", json!({ "ForAnyValue:StringEquals": { "aws:TagKeys": "Backup" } }), true)]
#[case("instance/*", json!({ "ForAnyValue:StringEquals": { "aws:TagKeys": "Backup" } }), false)]
#[case("instance/*", json!({ "StringEquals": { "ec2:InstanceType": "m7g.large" } }), true)]
#[case("instance/*", json!({ "StringEquals": { "ec2:InstanceType": "m7g.small" } }), false)]
fn the_tags_and_the_type_of_a_launch_are_those_of_its_resources(
    #[case] resource: &str,
    #[case] condition: Value,
    #[case] found: bool,
) {
    let arn = format!("arn:aws:ec2:*:*:{resource}");
    let is = scp("ec2:RunInstances", &arn, condition, &tagged_launch(false));
    assert_eq!(is, if found { denied() } else { Outcome::Allowed });
}

/// A template may add tags, which the record does not hold.
#[test]
fn the_tags_of_a_launch_from_a_template_are_not_told() {
    let missing = json!({ "Null": { "aws:RequestTag/Team": "true" } });
    let arn = "arn:aws:ec2:*:*:instance/*";
    assert_eq!(scp("ec2:RunInstances", arn, missing.clone(), &tagged_launch(false)), denied());
    let is = scp("ec2:RunInstances", arn, missing, &tagged_launch(true));
    assert_eq!(is, not_told("aws:RequestTag/Team"));
}

#[test]
fn an_arn_has_the_partition_of_its_region() {
    let mut start = call("ec2", "StartInstances", json!({"instanceId": "i-1"}));
    set(&mut start, "/awsRegion", json!("cn-north-1"));
    assert_eq!(scp("ec2:*", "arn:aws-cn:ec2:cn-north-1:*:instance/i-1", json!({}), &start), denied());
}

#[test]
fn readings_that_end_in_different_denials_are_a_denial() {
    let list = policy("Allow", "ec2:*", "arn:aws:ec2:*:*:volume/*", json!({}));
    let mut silent = read(&launch(None, Some("optional"))).unwrap();
    let read_policy = v2only_guardrails::check::read::read(&list).unwrap();
    assert_eq!(judge(&read_policy, Attachment::Scp, &silent), Outcome::NotGranted);
    silent.readings.clear();
    assert_eq!(judge(&read_policy, Attachment::Scp, &silent), Outcome::Depends(silent.open.clone()));
}

#[test]
fn calls_are_counted_by_what_becomes_of_them() {
    let required = json!({ "StringNotEquals": { "ec2:MetadataHttpTokens": "required" } });
    let text = policy("Deny", "ec2:RunInstances", "arn:aws:ec2:*:*:instance/*", required);
    let policy = v2only_guardrails::check::read::read(&text).unwrap();
    let mut impact = Impact { management: Some("999988887777".to_owned()), ..Impact::default() };
    let at = |mut record: Value, time: &str, id: &str, account: &str| {
        set(&mut record, "/eventTime", json!(time));
        set(&mut record, "/eventID", json!(id));
        set(&mut record, "/recipientAccountId", json!(account));
        read(&record).unwrap()
    };
    let (open, right, silent) =
        (launch(Some("optional"), None), launch(Some("required"), None), launch(None, Some("required")));
    let of_management = at(open.clone(), "2026-11-20T10:00:00Z", "e-5", "999988887777");
    for call in [
        at(open.clone(), "2026-11-20T10:00:02Z", "e-1", "111122223333"),
        at(open, "2026-11-20T10:00:01Z", "e-2", "111122223333"),
        at(silent, "2026-11-20T10:00:02Z", "e-3", "111122223333"),
        at(right, "2026-11-20T10:00:03Z", "e-4", "111122223333"),
        of_management.clone(),
    ] {
        impact.add(&policy, Attachment::Scp, &call);
    }
    let counts = (impact.calls, impact.denied(), impact.untold(), impact.unchanged, impact.not_bound);
    assert_eq!(counts, (5, 2, 1, 1, 1));
    let (_, affected) = impact.affected.first_key_value().unwrap();
    assert_eq!((affected.last.as_str(), affected.last_id.as_str()), ("2026-11-20T10:00:02Z", "e-3"));
    assert!(affected.missing.contains("ec2:MetadataHttpTokens"));
    // An identity policy binds in the management account too.
    impact.add(&policy, Attachment::Identity, &of_management);
    assert_eq!((impact.denied(), impact.not_bound), (3, 1));
}
