//! Scenarios about notebooks, on a clock that moves by hand.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Notebooks, Status};
use crate::call::{Answer, Body, Call};
use crate::clock::ClockMode;
use crate::config::Config;
use crate::error::AwsError;
use crate::identity::{Place, Principal};
use crate::sandbox::Sandbox;

mod api;
mod events;
mod life;

const MINUTE: Duration = Duration::from_secs(60);
const ROLE: &str = "arn:aws:iam::111122223333:role/SageMakerExecution";

fn here() -> Place {
    Place::new("111122223333", "eu-central-1")
}

fn start() -> (Sandbox, Notebooks) {
    start_at("2026-11-02T09:00:00Z")
}

fn start_at(time: &str) -> (Sandbox, Notebooks) {
    let clock = ClockMode::Manual(time.parse().unwrap());
    let aws = Sandbox::start(Config { clock, ..Config::default() }).unwrap();
    let notebooks = aws.notebooks();
    (aws, notebooks)
}

fn call(aws: &Sandbox, action: &str, input: Value) -> Result<Value, AwsError> {
    let call = Call {
        service: "sagemaker".to_owned(),
        action: action.to_owned(),
        principal: Principal::session(&here(), "Developer", "alice", aws.now()),
        place: here(),
        access_key: None,
        request_id: "00000000-0000-4000-8000-00000000000a".to_owned(),
        at: aws.now(),
        user_agent: "test".to_owned(),
        source_ip: "203.0.113.10".to_owned(),
        body: Body::Json(input),
    };
    match crate::services::answer(aws.core(), &call)? {
        Answer::Json(value) => Ok(value),
        other => panic!("{other:?}"),
    }
}

fn named(name: &str) -> Value {
    json!({"NotebookInstanceName": name})
}

fn create(aws: &Sandbox, more: Value) -> Result<Value, AwsError> {
    let mut input = json!({
        "NotebookInstanceName": "Research-Churn", "InstanceType": "ml.t3.medium", "RoleArn": ROLE,
    });
    input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    call(aws, "CreateNotebookInstance", input)
}

fn update_v2(aws: &Sandbox, more: Value) -> Result<Value, AwsError> {
    let v2 = json!({"MinimumInstanceMetadataServiceVersion": "2"});
    let mut input = json!({"NotebookInstanceName": "nb", "InstanceMetadataServiceConfiguration": v2});
    input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    call(aws, "UpdateNotebookInstance", input)
}

fn describe(aws: &Sandbox, name: &str) -> Value {
    call(aws, "DescribeNotebookInstance", named(name)).unwrap()
}

#[track_caller]
fn status(notebooks: &Notebooks, expected: Status) {
    assert_eq!(notebooks.get(&here(), "nb").unwrap().status, expected);
}

#[track_caller]
fn refused(answer: Result<Value, AwsError>, part: &str) {
    let error = answer.unwrap_err();
    assert_eq!((error.status, error.code.as_str()), (400, "ValidationException"));
    assert!(error.message.contains(part), "{}", error.message);
}

/// What the bus heard, as `name errorCode` or `status`.
fn heard(aws: &Sandbox) -> Vec<String> {
    let text = |event: &Value, name: &str| event["detail"][name].as_str().map(str::to_owned);
    let line = |event: &Value| match text(event, "eventName") {
        Some(name) => text(event, "errorCode").map_or(name.clone(), |code| format!("{name} {code}")),
        None => text(event, "NotebookInstanceStatus").unwrap(),
    };
    aws.events().iter().map(line).collect()
}
