//! What a Lambda function is invoked with.

use crate::support::*;
use rstest::rstest;
use serde_json::{Value, json};
use v2only_events::{Input, Message, input};

#[test]
fn every_message_of_a_batch_stands_alone() {
    let Ok(Input::Batch(messages)) = input(fixture("sqs-batch")) else { panic!("not a batch") };
    let [good, truncated, null]: [Message; 3] = messages.try_into().unwrap();
    assert_eq!((good.id.as_str(), good.receive_count), ("message-1", Some(1)));
    assert_eq!(good.body.unwrap(), fixture("state-running"));
    assert_eq!(truncated.id, "message-2");
    assert_eq!(
        truncated.body.unwrap_err().to_string(),
        "`Records[1].body` should be JSON, but is 11 bytes with an error: \
         EOF while parsing a value at line 1 column 11"
    );
    assert_eq!((null.body, null.receive_count), (Ok(Value::Null), Some(3)));
}

#[test]
fn everything_else_is_one_event() {
    let event = fixture("run-instances-required");
    assert_eq!(input(event.clone()), Ok(Input::Event(event)));
    assert_eq!(input(json!({})), Ok(Input::Event(json!({}))));
}

#[test]
fn an_empty_batch_holds_no_message() {
    assert_eq!(input(json!({"Records": []})), Ok(Input::Batch(Vec::new())));
}

#[rstest]
#[case::without_an_id(
    json!({"Records": [{"eventSource": "aws:sqs", "body": "{}"}]}),
    "`Records[0].messageId` should be the id of a message, but is missing"
)]
#[case::of_another_service(
    json!({"Records": [{"eventSource": "aws:s3", "messageId": "m"}]}),
    "`Records[0].eventSource` should be `aws:sqs`, but is `aws:s3`"
)]
#[case::of_two_services(
    json!({"Records": [{"eventSource": "aws:sqs", "messageId": "m"}, {"EventSource": "aws:sns"}]}),
    "`Records[1].EventSource` should be `aws:sqs`, but is `aws:sns`"
)]
#[case::no_list(json!({"Records": {}}), "`Records` should be a list of SQS messages, but is an object")]
#[case::no_object(json!("text"), "`event` should be an EventBridge event or an SQS batch, but is `text`")]
fn a_batch_without_anything_to_report_is_refused(#[case] payload: Value, #[case] message: &str) {
    assert_eq!(input(payload).unwrap_err().to_string(), message);
}

#[rstest]
#[case::no_body(json!({}), "`Records[0].body` should be JSON, but is 0 bytes with an error: EOF while")]
#[case::body_is_no_text(json!({"body": {"secret": 1}}), "`Records[0].body` should be that of an SQS message, but is")]
#[case::attributes_are_no_map(json!({"body": "{}", "attributes": 7}), "`Records[0].body` should be that of")]
fn an_unreadable_message_keeps_its_id(#[case] mut record: Value, #[case] message: &str) {
    record["eventSource"] = "aws:sqs".into();
    record["messageId"] = "m".into();
    let Ok(Input::Batch(messages)) = input(json!({"Records": [record]})) else { panic!("not a batch") };
    let error = messages[0].body.as_ref().unwrap_err().to_string();
    assert_eq!(messages[0].id, "m");
    assert!(error.starts_with(message), "{error}");
}
