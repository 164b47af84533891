//! What a Lambda function is invoked with.

use aws_lambda_events::event::sqs::SqsMessage;
use serde_json::Value;

use crate::Malformed;
use crate::json::{Node, shortened};

/// What a Lambda invocation brings: one EventBridge event, or an SQS batch of them.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// One event.
    Event(Value),
    /// A batch. Each message succeeds or fails alone.
    Batch(Vec<Message>),
}

/// A message of an SQS batch.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// Its id, by which it is reported as failed.
    pub id: String,
    /// Its body, read as JSON.
    pub body: Result<Value, Malformed>,
    /// How often it was received, this time included.
    pub receive_count: Option<u32>,
    /// The receipt of this delivery, by which the message can be postponed.
    pub receipt: Option<Receipt>,
}

/// A delivery of a message by its queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The ARN of the queue.
    pub queue: String,
    /// What SQS calls the receipt handle. It is only good for this delivery.
    pub handle: String,
}

/// Tells one event from a batch of them.
///
/// # Errors
/// The payload is not an object; or it is a batch of something else than SQS messages; or a message has no
/// id, so that nothing of the batch could be reported as failed. A message that is unreadable in any other
/// way is part of the batch, with the error as its body.
pub fn input(payload: Value) -> Result<Input, Malformed> {
    match payload {
        Value::Object(mut fields) => match fields.remove("Records") {
            Some(Value::Array(records)) => batch(records),
            Some(other) => Err(records_expected(&other)),
            None => Ok(Input::Event(Value::Object(fields))),
        },
        other => Err(Node::root(&other).malformed("an EventBridge event or an SQS batch")),
    }
}

fn batch(records: Vec<Value>) -> Result<Input, Malformed> {
    let messages = records.into_iter().enumerate().map(|(index, record)| message(index, record));
    messages.collect::<Result<_, _>>().map(Input::Batch)
}

fn message(index: usize, record: Value) -> Result<Message, Malformed> {
    let path = format!("Records[{index}]");
    let node = Node::at(path.clone(), &record);
    let source = node.field("eventSource");
    if source.text().as_deref() != Some("aws:sqs") {
        return Err(source.malformed("`aws:sqs`"));
    }
    let id = node.field("messageId");
    let id = id.text().ok_or_else(|| id.malformed("the id of a message"))?.into_owned();

    let in_body = |expected: &str, found: String| Malformed {
        field: format!("{path}.body"),
        expected: expected.to_owned(),
        found,
    };
    // Message by message, because one that SQS would never send must not take the others with it.
    let (body, receive_count, receipt) = match serde_json::from_value::<SqsMessage>(record) {
        Ok(message) => {
            let receipt = message.receipt_handle.zip(message.event_source_arn);
            let receipt = receipt.map(|(handle, queue)| Receipt { queue, handle });
            let body = message.body.unwrap_or_default();
            let json = serde_json::from_str(&body)
                .map_err(|error| in_body("JSON", format!("{} bytes with an error: {error}", body.len())));
            let count = message.attributes.get("ApproximateReceiveCount");
            (json, count.and_then(|count| count.parse().ok()), receipt)
        }
        Err(error) => {
            let why = shortened(&error.to_string(), 120);
            (Err(in_body("that of an SQS message", format!("unreadable: {why}"))), None, None)
        }
    };
    Ok(Message { id, body, receive_count, receipt })
}

fn records_expected(found: &Value) -> Malformed {
    Node::at("Records".to_owned(), found).malformed("a list of SQS messages")
}
