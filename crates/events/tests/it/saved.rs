//! Events as people and tools save them.

use rstest::rstest;
use serde_json::{Value, json};
use v2only_events::saved_events;

fn record() -> Value {
    json!({"eventName": "RunInstances", "eventSource": "ec2.amazonaws.com"})
}

fn insight() -> Value {
    json!({"eventCategory": "Insight", "eventName": "RunInstances"})
}

fn older_insight() -> Value {
    json!({"eventType": "AwsCloudTrailInsight", "eventName": "RunInstances"})
}

fn message(body: &Value) -> Value {
    json!({"messageId": "m-1", "eventSource": "aws:sqs", "body": body.to_string()})
}

/// An event in this many envelopes of Lambda's destinations.
fn wrapped(times: usize) -> Value {
    (0..times).fold(record(), |event, _| json!({"requestContext": {}, "requestPayload": event}))
}

#[rstest]
#[case::event(record(), vec![record()])]
#[case::other_object(json!({"a": 1}), vec![json!({"a": 1})])]
#[case::number(json!(3), vec![json!(3)])]
#[case::list(json!([record(), insight(), 3]), vec![record(), json!(3)])]
#[case::insight(insight(), vec![])]
#[case::older_insight(older_insight(), vec![])]
#[case::log_file(json!({"Records": [record(), insight(), older_insight()]}), vec![record()])]
#[case::log_file_of_insights(json!({"Records": [insight()]}), vec![])]
#[case::queue(json!({"Records": [message(&record())]}), vec![record()])]
#[case::looked_up(
    json!({"Events": [{"CloudTrailEvent": record().to_string()}, {"CloudTrailEvent": insight().to_string()}]}),
    vec![record()]
)]
#[case::received(json!({"Messages": [{"Body": record().to_string()}]}), vec![record()])]
#[case::filtered_log(json!({"events": [{"message": record().to_string()}]}), vec![record()])]
#[case::notification(
    json!({"Type": "Notification", "TopicArn": "arn", "Message": record().to_string()}),
    vec![record()]
)]
#[case::notification_without_topic(
    json!({"Type": "Notification", "Message": "3"}),
    vec![json!({"Type": "Notification", "Message": "3"})]
)]
#[case::subscription(
    json!({"Type": "SubscriptionConfirmation", "TopicArn": "arn", "Message": "3"}),
    vec![json!({"Type": "SubscriptionConfirmation", "TopicArn": "arn", "Message": "3"})]
)]
#[case::destination(wrapped(1), vec![record()])]
#[case::payload_alone(json!({"requestPayload": 3}), vec![json!({"requestPayload": 3})])]
#[case::deep(wrapped(5), vec![record()])]
#[case::too_deep(wrapped(6), vec![wrapped(1)])]
fn events_are_taken_out_of_what_is_around_them(#[case] saved: Value, #[case] events: Vec<Value>) {
    assert_eq!(saved_events(saved), events.into_iter().map(Ok).collect::<Vec<_>>());
}

#[rstest]
#[case::no_list(json!({"Records": 3}), "Records")]
#[case::neither_record_nor_message(json!({"Records": [{"a": 1}]}), "Records[0].eventSource")]
#[case::message_with_the_name_of_an_event(
    json!({"Records": [{"messageId": "m-1", "eventName": "RunInstances"}]}),
    "Records[0].eventSource"
)]
#[case::no_record_in_the_entry(json!({"Events": [{}]}), "Events[0].CloudTrailEvent")]
#[case::no_json_in_the_entry(json!({"Events": [{"CloudTrailEvent": "{"}]}), "Events[0].CloudTrailEvent")]
#[case::no_json_in_the_body(json!({"Messages": [{"Body": "{"}]}), "Body of message 0")]
#[case::no_text_in_the_notification(json!({"Type": "Notification", "TopicArn": "arn"}), "Message")]
fn what_cannot_be_read_names_its_field(#[case] saved: Value, #[case] field: &str) {
    let fields: Vec<_> = saved_events(saved).into_iter().map(|event| event.unwrap_err().field).collect();
    assert_eq!(fields, [field]);
}
