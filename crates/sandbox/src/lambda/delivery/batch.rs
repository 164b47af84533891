//! A batch of messages as a function sees it, and what its answer means.
//!
//! <https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html>

use serde_json::{Map, Value, json};

use crate::lambda::InvocationOutcome;
use crate::sqs::{Message, QueueName, system_attributes};

/// The event of an event source mapping.
pub(super) fn event(queue: &QueueName, messages: &[Message]) -> Value {
    let arn = queue.arn();
    let record = |message: &Message| {
        json!({
            "messageId": message.id,
            "receiptHandle": message.receipt_handle(),
            "body": message.body,
            "attributes": system_attributes(message),
            "messageAttributes": message_attributes(message),
            "md5OfBody": message.md5,
            "eventSource": "aws:sqs",
            "eventSourceARN": arn,
            "awsRegion": queue.place.region,
        })
    };
    json!({"Records": messages.iter().map(record).collect::<Vec<_>>()})
}

fn message_attributes(message: &Message) -> Map<String, Value> {
    let convert = |(name, attribute): (&String, &Value)| {
        let converted = json!({
            "stringValue": attribute.get("StringValue"),
            "stringListValues": [],
            "binaryListValues": [],
            "dataType": attribute.get("DataType"),
        });
        (name.clone(), converted)
    };
    message.attributes.iter().map(convert).collect()
}

/// The ids that go back to the queue. `reports` is `ReportBatchItemFailures`; without it every
/// answer counts as success.
pub(super) fn returned(outcome: &InvocationOutcome, messages: &[Message], reports: bool) -> Vec<String> {
    let all = || messages.iter().map(|it| it.id.clone()).collect();
    match outcome.response() {
        None => all(),
        Some(_) if !reports => Vec::new(),
        Some(answer) => failures(answer)
            // AWS does not say what an id of no message means; taking it for a broken answer loses nothing.
            .filter(|ids| ids.iter().all(|id| messages.iter().any(|it| it.id == *id)))
            .unwrap_or_else(all),
    }
}

/// The listed ids; `None` for an answer that AWS takes for the failure of the complete batch.
fn failures(answer: &Value) -> Option<Vec<String>> {
    let members = match answer {
        Value::Null => return Some(Vec::new()),
        Value::Object(members) => members,
        _ => return None,
    };
    match members.get("batchItemFailures") {
        None | Some(Value::Null) => Some(Vec::new()),
        Some(Value::Array(items)) => items
            .iter()
            .map(|it| it.get("itemIdentifier")?.as_str().filter(|id| !id.is_empty()).map(str::to_owned))
            .collect(),
        Some(_) => None,
    }
}
