//! `GetQueueAttributes`.
//!
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_GetQueueAttributes.html>

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::input;
use crate::call::Call;
use crate::error::AwsError;
use crate::sqs::errors;
use crate::sqs::name::QueueName;
use crate::sqs::queue::Queue;
use crate::world::World;

pub(super) fn answer(world: &mut World, call: &Call, input: &Value) -> Result<Value, AwsError> {
    let name = input::queue_name(input, call)?;
    let wanted: Vec<&str> = input
        .get("AttributeNames")
        .and_then(Value::as_array)
        .map(|it| it.iter().filter_map(Value::as_str).collect())
        .unwrap_or_default();
    let now = world.now();
    world.sqs.tidy(&name, now);
    world.sqs.tidy_feeders(&name, now);
    let all = describe(&name, input::queue(&mut world.sqs, &name)?, now);
    if let Some(unknown) = wanted.iter().find(|it| **it != "All" && !KNOWN.contains(it)) {
        return Err(errors::invalid_attribute_name(unknown));
    }
    let attributes: Map<_, _> =
        all.into_iter().filter(|(it, _)| wanted.contains(&"All") || wanted.contains(&it.as_str())).collect();
    if attributes.is_empty() {
        return Ok(json!({}));
    }
    Ok(json!({"Attributes": attributes}))
}

const KNOWN: [&str; 21] = [
    "Policy",
    "VisibilityTimeout",
    "MaximumMessageSize",
    "MessageRetentionPeriod",
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
    "CreatedTimestamp",
    "LastModifiedTimestamp",
    "QueueArn",
    "DelaySeconds",
    "ReceiveMessageWaitTimeSeconds",
    "RedrivePolicy",
    "RedriveAllowPolicy",
    "FifoQueue",
    "ContentBasedDeduplication",
    "KmsMasterKeyId",
    "KmsDataKeyReusePeriodSeconds",
    "DeduplicationScope",
    "FifoThroughputLimit",
    "SqsManagedSseEnabled",
];

fn describe(name: &QueueName, queue: &Queue, now: Timestamp) -> Map<String, Value> {
    let counts = queue.counts(now);
    let mut all = queue.settings.describe();
    let mut put = |name: &str, value: String| drop(all.insert(name.to_owned(), Value::String(value)));
    put("QueueArn", name.arn());
    put("ApproximateNumberOfMessages", counts.visible.to_string());
    put("ApproximateNumberOfMessagesNotVisible", counts.in_flight.to_string());
    put("ApproximateNumberOfMessagesDelayed", counts.delayed.to_string());
    put("CreatedTimestamp", queue.created.as_second().to_string());
    put("LastModifiedTimestamp", queue.changed.as_second().to_string());
    all
}
