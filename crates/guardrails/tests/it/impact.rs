//! Recorded calls against a policy before it is attached: denied, as before, or not told by the record.

use serde_json::{Value, json};
use v2only_guardrails::check::impact::{Impact, judge};
use v2only_guardrails::check::recorded::{Caller, NoCall, RecordedCall, read};
use v2only_guardrails::check::{Attachment, Outcome};

const ROLE: &str = "arn:aws:iam::111122223333:role/developer";

pub(super) fn record(name: &str, request: Value, response: Value) -> Value {
    let source = if name.contains("Notebook") { "sagemaker" } else { "ec2" };
    json!({
        "eventVersion": "1.09", "eventType": "AwsApiCall", "eventTime": "2026-11-20T10:15:00Z",
        "eventSource": format!("{source}.amazonaws.com"), "eventName": name, "eventID": "e-1",
        "awsRegion": "eu-central-1", "recipientAccountId": "111122223333", "userAgent": "aws-cli/2.15",
        "sourceIPAddress": "203.0.113.7",
        "userIdentity": {
            "type": "AssumedRole", "arn": "arn:aws:sts::111122223333:assumed-role/developer/alice",
            "accountId": "111122223333",
            "sessionContext": { "sessionIssuer": { "type": "Role", "arn": ROLE }, "ec2RoleDelivery": "2.0" },
        },
        "requestParameters": request, "responseElements": response,
    })
}

pub(super) fn launch(stated: Option<&str>, answered: Option<&str>) -> Value {
    let mut request = json!({ "instancesSet": { "items": [{ "imageId": "ami-0abc", "minCount": 1 }] } });
    if let Some(tokens) = stated {
        set(&mut request, "/metadataOptions", json!({ "httpTokens": tokens }));
    }
    let response = answered.map_or(Value::Null, |tokens| {
        let options =
            json!({ "httpTokens": tokens, "httpEndpoint": "enabled", "httpPutResponseHopLimit": 1 });
        json!({ "instancesSet": { "items": [{ "instanceId": "i-0abc", "metadataOptions": options }] } })
    });
    record("RunInstances", request, response)
}

/// Sets a member of an object by its pointer.
pub(super) fn set(object: &mut Value, pointer: &str, value: Value) {
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    object.pointer_mut(parent).and_then(Value::as_object_mut).unwrap().insert(name.to_owned(), value);
}

pub(super) fn policy(effect: &str, action: &str, resource: &str, condition: Value) -> String {
    let statement = json!({
        "Sid": "S", "Effect": effect, "Action": action, "Resource": resource, "Condition": condition,
    });
    json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string()
}

fn scp() -> String {
    let instance = "arn:aws:ec2:*:*:instance/*";
    policy(
        "Deny",
        "ec2:RunInstances",
        instance,
        json!({ "StringNotEquals": { "ec2:MetadataHttpTokens": "required" } }),
    )
}

pub(super) fn outcome(policy: &str, attachment: Attachment, record: &Value) -> Outcome {
    let policy = v2only_guardrails::check::read::read(policy).unwrap();
    judge(&policy, attachment, &read(record).unwrap())
}

pub(super) fn denied() -> Outcome {
    Outcome::Denied(vec!["S".to_owned()])
}

pub(super) fn not_told(key: &str) -> Outcome {
    Outcome::Depends([key.to_owned()].into())
}

/// Whether `ec2:MetadataHttpTokens` holds what a launch inherits is not documented. Where both readings end the same,
/// the answer is known all the same.
#[test]
fn a_launch_is_judged_by_what_it_states_and_by_both_readings_of_what_it_inherits() {
    let tokens = "ec2:MetadataHttpTokens";
    for (stated, answered, expected) in [
        (Some("required"), Some("required"), Outcome::Allowed),
        (Some("optional"), Some("optional"), denied()),
        (None, Some("optional"), denied()),
        (None, Some("required"), not_told(tokens)),
        (Some("required"), None, Outcome::Allowed),
        (Some("optional"), None, denied()),
    ] {
        let is = outcome(&scp(), Attachment::Scp, &launch(stated, answered));
        match (&is, &expected) {
            (Outcome::Depends(keys), Outcome::Depends(wanted)) => {
                assert!(keys.is_superset(wanted), "{keys:?}")
            }
            _ => assert_eq!(is, expected, "stated {stated:?}, answered {answered:?}"),
        }
    }
    let silent = outcome(&scp(), Attachment::Scp, &launch(None, None));
    assert!(matches!(silent, Outcome::Depends(_)), "no answer, no template: {silent:?}");
}

#[test]
fn a_key_that_the_record_does_not_hold_is_named() {
    let start = record(
        "StartInstances",
        json!({ "instancesSet": { "items": [{ "instanceId": "i-0abc" }] } }),
        json!({}),
    );
    let open = policy(
        "Deny",
        "ec2:StartInstances",
        "*",
        json!({ "StringEquals": { "ec2:MetadataHttpTokens": "optional" } }),
    );
    assert_eq!(outcome(&open, Attachment::Scp, &start), not_told("ec2:MetadataHttpTokens"));
    let tag = policy(
        "Deny",
        "ec2:StartInstances",
        "*",
        json!({ "StringEquals": { "aws:ResourceTag/app": "shop" } }),
    );
    assert_eq!(outcome(&tag, Attachment::Scp, &start), not_told("aws:ResourceTag/app"));
    let other = record("GetThing", json!({}), json!({}));
    let one = policy("Deny", "ec2:*", "arn:aws:ec2:*:*:instance/i-0abc", json!({}));
    assert_eq!(outcome(&one, Attachment::Scp, &other), not_told("the resource"));
    assert_eq!(outcome(&policy("Deny", "ec2:*", "*", json!({})), Attachment::Scp, &other), denied());
}

#[test]
fn every_call_about_the_metadata_service_carries_what_it_asks_for() {
    let asked = json!({ "ModifyInstanceMetadataOptionsRequest": {
        "InstanceId": "i-0abc", "HttpTokens": "optional", "HttpEndpoint": "enabled" } });
    let condition = json!({
        "StringNotEquals": { "ec2:Attribute/HttpTokens": "required" }, "Null": { "ec2:Attribute/HttpTokens": "false" },
    });
    let opt_out = policy("Deny", "ec2:ModifyInstanceMetadataOptions", "*", condition);
    let change = record("ModifyInstanceMetadataOptions", asked, json!({}));
    assert_eq!(outcome(&opt_out, Attachment::Scp, &change), denied());
    let hops = json!({ "ModifyInstanceMetadataOptionsRequest": { "InstanceId": "i-0abc", "HttpPutResponseHopLimit": 2 } });
    let change = record("ModifyInstanceMetadataOptions", hops, json!({}));
    assert_eq!(outcome(&opt_out, Attachment::Scp, &change), Outcome::Allowed);

    let version = json!({ "StringNotEquals": { "sagemaker:MinimumInstanceMetadataServiceVersion": "2" } });
    let notebooks = policy("Deny", "sagemaker:CreateNotebookInstance", "*", version);
    let request = |version: Value| {
        json!({
            "notebookInstanceName": "Notes",
            "instanceMetadataServiceConfiguration": { "minimumInstanceMetadataServiceVersion": version },
        })
    };
    for (version, expected) in
        [(json!("1"), denied()), (json!("2"), Outcome::Allowed), (Value::Null, denied())]
    {
        let create = record("CreateNotebookInstance", request(version), json!({}));
        assert_eq!(outcome(&notebooks, Attachment::Scp, &create), expected);
    }
}

#[test]
fn credentials_that_version_1_delivered_are_in_the_record() {
    let delivery = json!({ "NumericLessThan": { "ec2:RoleDelivery": "2.0" } });
    let denies = policy("Deny", "*", "*", delivery);
    let mut call = record("DescribeInstances", json!({}), json!({}));
    assert_eq!(outcome(&denies, Attachment::Scp, &call), Outcome::Allowed);
    set(&mut call, "/userIdentity/sessionContext/ec2RoleDelivery", json!("1.0"));
    assert_eq!(outcome(&denies, Attachment::Scp, &call), denied());
    set(&mut call, "/userIdentity/sessionContext", json!({ "sessionIssuer": { "arn": ROLE } }));
    assert_eq!(outcome(&denies, Attachment::Scp, &call), Outcome::Allowed, "credentials of no instance");
}

#[test]
fn services_and_their_roles_are_not_bound_and_failed_calls_are_left_out() {
    let policy = v2only_guardrails::check::read::read(&scp()).unwrap();
    let mut impact = Impact::default();
    let mut add = |record: &Value| match read(record) {
        Ok(call) => impact.add(&policy, Attachment::Scp, &call),
        Err(why) => impact.leave_out(why),
    };
    let optional = launch(Some("optional"), Some("optional"));
    add(&optional);
    add(&json!({ "detail-type": "AWS API Call via CloudTrail", "detail": optional.clone() }));
    let mut service = optional.clone();
    let linked = "arn:aws:iam::111122223333:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling";
    set(&mut service, "/userIdentity/sessionContext/sessionIssuer/arn", json!(linked));
    add(&service);
    let mut refused = optional.clone();
    set(&mut refused, "/errorCode", json!("Client.UnauthorizedOperation"));
    add(&refused);
    add(&json!({ "eventType": "AwsServiceEvent", "eventName": "BidEvictedEvent" }));
    add(&json!({ "eventType": "AwsApiCall", "eventName": "RunInstances" }));
    assert_eq!((impact.calls, impact.denied(), impact.not_bound), (3, 2, 1));
    let left_out: Vec<(NoCall, u64)> = impact.left_out.into_iter().collect();
    assert_eq!(left_out, [(NoCall::Failed, 1), (NoCall::NotApi, 1), (NoCall::Incomplete, 1)]);
    let (key, affected) = impact.affected.pop_first().unwrap();
    assert_eq!((key.principal.as_str(), key.action.as_str()), (ROLE, "ec2:RunInstances"));
    assert_eq!((affected.by, affected.last_id.as_str()), (["S".to_owned()].into(), "e-1"));
}

#[test]
fn an_allow_list_denies_what_is_not_on_it_and_an_identity_policy_only_what_it_denies() {
    let list = policy("Allow", "s3:*", "*", json!({}));
    let call = record("DescribeInstances", json!({}), json!({}));
    assert_eq!(outcome(&list, Attachment::Scp, &call), Outcome::NotGranted);
    assert_eq!(outcome(&list, Attachment::Identity, &call), Outcome::Allowed);
    let (policy, mut impact) = (v2only_guardrails::check::read::read(&list).unwrap(), Impact::default());
    (0..2).for_each(|_| impact.add(&policy, Attachment::Scp, &read(&call).unwrap()));
    assert_eq!((impact.denied(), impact.untold(), impact.unchanged), (2, 0, 0));
    assert!(impact.affected.values().all(|it| it.by.is_empty()), "no statement denies them");
}

#[test]
fn names_of_actions_are_those_of_iam() {
    let call = |source: &str, name: &str| -> RecordedCall {
        let mut it = record(name, json!({}), json!({}));
        set(&mut it, "/eventSource", json!(source));
        read(&it).unwrap()
    };
    assert_eq!(call("monitoring.amazonaws.com", "GetMetricData").action, "cloudwatch:GetMetricData");
    assert_eq!(call("lambda.amazonaws.com", "CreateFunction20150331").caller, Caller::Principal);
    assert_eq!(call("ec2.amazonaws.com", "RunInstances").action, "ec2:RunInstances");
}
