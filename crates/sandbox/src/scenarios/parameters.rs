//! Systems Manager parameters.

use serde_json::{Value, json};

use super::client::{Aws, Reply, aws};

fn ask(aws: &Aws, action: &str, body: &Value) -> Reply {
    aws.json("ssm", &format!("AmazonSSM.{action}"), body)
}

#[test]
fn a_parameter_is_written_and_read() {
    let aws = aws();
    let put = json!({ "Name": "/v2only/policy", "Value": "version: 1", "Type": "String" });
    assert_eq!(ask(&aws, "PutParameter", &put).ok().document()["Version"], 1);
    assert_eq!(ask(&aws, "PutParameter", &put).code(), "ParameterAlreadyExists");
    let again = json!({ "Name": "/v2only/policy", "Value": "version: 2", "Overwrite": true });
    assert_eq!(ask(&aws, "PutParameter", &again).ok().document()["Version"], 2);
    let get =
        |name: &str| ask(&aws, "GetParameter", &json!({ "Name": name })).ok().document()["Parameter"].clone();
    let now = get("/v2only/policy");
    assert_eq!((&now["Value"], &now["Version"]), (&json!("version: 2"), &json!(2)));
    assert_eq!(now["ARN"], "arn:aws:ssm:eu-central-1:111122223333:parameter/v2only/policy");
    assert_eq!(get("/v2only/policy:1")["Value"], "version: 1");
    assert_eq!(get("arn:aws:ssm:eu-central-1:111122223333:parameter/v2only/policy")["Value"], "version: 2");
}

#[test]
fn what_is_not_there_or_too_long_is_said() {
    let aws = aws();
    assert_eq!(ask(&aws, "GetParameter", &json!({ "Name": "nope" })).code(), "ParameterNotFound");
    let long = json!({ "Name": "p", "Value": "x".repeat(4097), "Type": "String" });
    assert_eq!(ask(&aws, "PutParameter", &long).code(), "ValidationException");
    let mut advanced = long;
    advanced["Tier"] = json!("Advanced");
    ask(&aws, "PutParameter", &advanced).ok();
    aws.sandbox.put_parameter(aws.account, aws.region, "q", "from outside");
    assert_eq!(
        ask(&aws, "GetParameter", &json!({ "Name": "q" })).ok().document()["Parameter"]["Value"],
        "from outside"
    );
    assert_eq!(ask(&aws, "GetParameter", &json!({ "Name": "q:7" })).code(), "ParameterVersionNotFound");
    let aws = aws.in_region("us-east-1");
    assert_eq!(ask(&aws, "GetParameter", &json!({ "Name": "q" })).code(), "ParameterNotFound");
}

#[test]
fn writing_is_recorded_without_the_value() {
    let aws = aws();
    ask(&aws, "PutParameter", &json!({ "Name": "p", "Value": "secret", "Type": "String" })).ok();
    let record = aws.last_record();
    assert_eq!(record["eventSource"], "ssm.amazonaws.com");
    assert!(!record.to_string().contains("secret"), "{record}");
}
