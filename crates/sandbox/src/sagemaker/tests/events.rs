//! Scenarios: what the bus hears of a notebook.

use serde_json::{Value, json};

use super::*;
use crate::sagemaker::Seed;

#[test]
fn a_refusal_leaves_a_record_with_its_code_and_changes_nothing() {
    let (aws, notebooks) = start();
    notebooks.add(&here(), Seed::new("nb").minimum_version("1"));
    update_v2(&aws, json!({})).unwrap_err();
    assert_eq!(heard(&aws), ["UpdateNotebookInstance ValidationException"]);
    assert_eq!(notebooks.get(&here(), "nb").unwrap().minimum_version.as_deref(), Some("1"));
    refused(call(&aws, "StopNotebookInstance", named("nobody")), "RecordNotFound");
}

#[test]
fn the_state_change_has_exactly_the_documented_fields() {
    let (aws, notebooks) = start();
    let seed = Seed::new("Research-Churn").in_subnet("subnet-0a1b2c3d4e5f60718", "sg-0f1e2d3c4b5a69788");
    notebooks.add(&here(), seed.status(Status::Stopped).tag("team", "research"));
    call(&aws, "StartNotebookInstance", named("research-churn")).unwrap();
    aws.advance(2 * MINUTE);
    let event = aws.events().pop().unwrap();
    let interface = event["detail"]["NetworkInterfaceId"].clone();
    assert!(interface.as_str().unwrap().starts_with("eni-0"));
    let arn = "arn:aws:sagemaker:eu-central-1:111122223333:notebook-instance/research-churn";
    let expected = json!({
        "version": "0", "id": event["id"], "detail-type": "SageMaker Notebook Instance State Change",
        "source": "aws.sagemaker", "account": "111122223333", "time": "2026-11-02T09:02:00Z",
        "region": "eu-central-1", "resources": [arn],
        "detail": {
            "NotebookInstanceArn": arn, "NotebookInstanceName": "Research-Churn",
            "NotebookInstanceStatus": "InService", "FailureReason": "", "InstanceType": "ml.t3.medium",
            "SubnetId": "subnet-0a1b2c3d4e5f60718", "SecurityGroups": ["sg-0f1e2d3c4b5a69788"],
            "RoleArn": "arn:aws:iam::111122223333:role/service-role/notebooks", "KmsKeyId": null,
            "NetworkInterfaceId": interface, "NotebookInstanceLifecycleConfigName": "",
            "LastModifiedTime": 1_793_610_120_000_i64, "CreationTime": 1_793_523_600_000_i64,
            "DirectInternetAccess": "Enabled", "Tags": {"team": "research"},
        },
    });
    assert_eq!(event, expected);
}

#[test]
fn the_record_of_a_creation_is_in_camel_case() {
    let (aws, _) = start();
    let v1 = json!({"MinimumInstanceMetadataServiceVersion": "1"});
    let tags = json!([{"Key": "team", "Value": "research"}]);
    let more = json!({"InstanceMetadataServiceConfiguration": v1, "VolumeSizeInGB": 5, "Tags": tags});
    create(&aws, more).unwrap();
    let event = aws.events().pop().unwrap();
    assert_eq!(event["source"], "aws.sagemaker");
    assert_eq!(
        event["detail"]["requestParameters"],
        json!({
            "notebookInstanceName": "Research-Churn", "instanceType": "ml.t3.medium", "roleArn": ROLE,
            "volumeSizeInGB": 5, "tags": [{"key": "team", "value": "research"}],
            "instanceMetadataServiceConfiguration": {"minimumInstanceMetadataServiceVersion": "1"},
        })
    );
    let arn = Notebooks::arn(&here(), "Research-Churn");
    assert_eq!(event["detail"]["responseElements"], json!({"notebookInstanceArn": arn}));
}

#[test]
fn success_without_an_answer_has_null_response_elements() {
    let (aws, notebooks) = start();
    notebooks.add(&here(), Seed::new("nb"));
    call(&aws, "StopNotebookInstance", named("nb")).unwrap();
    let detail = aws.events().pop().unwrap()["detail"].clone();
    assert_eq!(detail["responseElements"], Value::Null);
    assert!(
        detail.get("errorCode").is_none() && detail.as_object().unwrap().contains_key("responseElements")
    );
}

#[test]
fn aws_may_tell_the_same_change_twice() {
    let (aws, notebooks) = start();
    notebooks.configure(|it| it.notices = 2);
    notebooks.add(&here(), Seed::new("nb"));
    call(&aws, "StopNotebookInstance", named("nb")).unwrap();
    assert_eq!(heard(&aws), ["Stopping", "Stopping", "StopNotebookInstance"]);
}
