//! Scenarios: lists, tags, wrong input, too many calls.

use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::identity::Place;
use crate::sagemaker::{Seed, Status};

#[test]
fn a_list_is_paged_filtered_and_stable_while_rows_come_and_go() {
    let (aws, notebooks) = start();
    for n in 0..25 {
        let status = if n % 5 == 0 { Status::Stopped } else { Status::InService };
        notebooks.add(&here(), Seed::new(&format!("Nb-{n:02}")).status(status).age((100 - n) * MINUTE));
    }
    notebooks.add(&Place::new("111122223333", "us-east-1"), Seed::new("elsewhere"));
    let list = |input: Value| call(&aws, "ListNotebookInstances", input).unwrap();
    let names = |page: &Value| -> Vec<String> {
        let rows = page["NotebookInstances"].as_array().unwrap();
        rows.iter().map(|it| it["NotebookInstanceName"].as_str().unwrap().to_owned()).collect()
    };
    let first = list(json!({"MaxResults": 10}));
    assert_eq!(names(&first).len(), 10);
    notebooks.add(&here(), Seed::new("Aa"));
    let second = list(json!({"MaxResults": 10, "NextToken": first["NextToken"]}));
    let third = list(json!({"MaxResults": 10, "NextToken": second["NextToken"]}));
    assert_eq!(names(&second)[0], "Nb-10", "the new row does not shift the page");
    assert_eq!((names(&third).len(), third.get("NextToken")), (5, None));
    assert_eq!(names(&list(json!({"StatusEquals": "Stopped"}))).len(), 5);
    assert_eq!(names(&list(json!({"NameContains": "b-2"}))).len(), 5);
    let newest = list(
        json!({"SortBy": "CreationTime", "SortOrder": "Descending", "MaxResults": 2, "NameContains": "nb"}),
    );
    assert_eq!(names(&newest), ["Nb-24", "Nb-23"]);
    let cut = (aws.now().as_second() - 90 * 60) as f64 - 0.5;
    assert_eq!(names(&list(json!({"CreationTimeBefore": cut, "MaxResults": 100}))).len(), 11);
    assert_eq!(names(&list(json!({"CreationTimeAfter": cut, "MaxResults": 100}))).len(), 15);
    for (wrong, part) in [
        (json!({"MaxResults": 0}), "greater than or equal to 1"),
        (json!({"MaxResults": 101}), "less than or equal to 100"),
        (json!({"StatusEquals": "Running"}), "enum value set"),
        (json!({"NextToken": "no"}), "NextToken"),
    ] {
        refused(call(&aws, "ListNotebookInstances", wrong), part);
    }
    let row = &list(json!({}))["NotebookInstances"][0];
    assert!(
        row.get("PlatformIdentifier").is_none() && row.get("InstanceMetadataServiceConfiguration").is_none()
    );
}

#[test]
fn tags_belong_to_an_arn_and_can_change_in_any_status() {
    let (aws, notebooks) = start();
    let arn = notebooks.add(&here(), Seed::new("nb").status(Status::Updating).tag("team", "a"));
    let tags = json!([{"Key": "v2only:was-running", "Value": "yes"}, {"Key": "team", "Value": "b"}]);
    call(&aws, "AddTags", json!({"ResourceArn": arn, "Tags": tags})).unwrap();
    let list = || call(&aws, "ListTags", json!({"ResourceArn": arn})).unwrap();
    let expected = json!([{"Key": "team", "Value": "b"}, {"Key": "v2only:was-running", "Value": "yes"}]);
    assert_eq!(list()["Tags"], expected);
    call(&aws, "DeleteTags", json!({"ResourceArn": arn, "TagKeys": ["team", "none"]})).unwrap();
    assert_eq!(list()["Tags"].as_array().unwrap().len(), 1);
    let unknown = Notebooks::arn(&here(), "nobody");
    refused(call(&aws, "ListTags", json!({"ResourceArn": unknown})), "RecordNotFound");
    let reserved = json!({"ResourceArn": arn, "Tags": [{"Key": "aws:x", "Value": ""}]});
    refused(call(&aws, "AddTags", reserved), "aws:");
}

#[test]
fn wrong_input_is_refused_and_names_the_member() {
    let (aws, _) = start();
    for (more, part) in [
        (json!({"NotebookInstanceName": "-x"}), "notebookInstanceName"),
        (json!({"NotebookInstanceName": "a".repeat(64)}), "less than or equal to 63"),
        (json!({"InstanceType": "t3.medium"}), "instanceType"),
        (json!({"RoleArn": "SageMaker"}), "roleArn"),
        (json!({"VolumeSizeInGB": 4}), "greater than or equal to 5"),
        (json!({"PlatformIdentifier": "notebook-al9"}), "platformIdentifier"),
        (json!({"PlatformIdentifier": "notebook-al2-v3"}), "no longer supported"),
        (json!({"InstanceMetadataServiceConfiguration": {}}), "must not be null"),
        (
            json!({"InstanceMetadataServiceConfiguration": {"MinimumInstanceMetadataServiceVersion": "3"}}),
            "regular expression pattern: 1|2",
        ),
        (json!({"RoleArn": null}), "roleArn"),
    ] {
        refused(create(&aws, more), part);
    }
    create(&aws, json!({})).unwrap();
    refused(create(&aws, json!({"NotebookInstanceName": "RESEARCH-churn"})), "duplicate");
    let unknown = create(&aws, json!({"AcceleratorTypes": ["ml.eia2.medium"]})).unwrap_err();
    assert_eq!(unknown.code, "NotSimulated");
}

#[test]
fn too_many_calls_are_throttled_when_the_sandbox_does_so() {
    let (aws, notebooks) = start();
    notebooks.add(&here(), Seed::new("nb"));
    aws.set_throttling(true);
    let outcomes: Vec<_> =
        (0..12).map(|_| call(&aws, "DescribeNotebookInstance", named("nb")).map_err(|it| it.code)).collect();
    assert_eq!(outcomes.iter().filter(|it| it.is_ok()).count(), 10);
    assert_eq!(outcomes[11], Err("ThrottlingException".to_owned()));
    aws.advance(Duration::from_secs(1));
    call(&aws, "DescribeNotebookInstance", named("nb")).unwrap();
}
