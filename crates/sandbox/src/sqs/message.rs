//! One message and its way through a queue.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::md5::hex_digest;

/// A message as the queue keeps it.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// The id SQS gave it; it keeps it in a dead-letter queue.
    pub id: String,
    /// The body, byte for byte.
    pub body: String,
    /// MD5 of the body.
    pub md5: String,
    /// Message attributes as sent.
    pub attributes: Map<String, Value>,
    /// `MessageGroupId`: on a standard queue, the tenant that fair queues tell apart.
    pub group: Option<String>,
    /// The account that sent it.
    pub sender: String,
    /// When it was sent; unchanged in a dead-letter queue.
    pub sent: Timestamp,
    /// From when on it can be received.
    pub visible_at: Timestamp,
    /// How often it was received.
    pub received: u32,
    /// When it was first received.
    pub first_received: Option<Timestamp>,
    /// The queue it came from, if this is a dead-letter queue.
    pub moved_from: Option<String>,
    /// Its place in the queue, part of the receipt handle.
    pub(super) number: u64,
}

impl Message {
    /// The handle of the latest receipt: the place, which receipt it is, and the id.
    pub fn receipt_handle(&self) -> String {
        format!("sandbox.{}.{}.{}", self.number, self.received, self.id)
    }

    /// MD5 of the attributes, if there are any.
    pub(super) fn attributes_md5(&self) -> Option<String> {
        attributes_md5(&self.attributes)
    }
}

/// What a receipt handle says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Receipt {
    pub(super) number: u64,
    pub(super) received: u32,
}

impl Receipt {
    pub(super) fn parse(handle: &str) -> Option<Self> {
        let mut parts = handle.strip_prefix("sandbox.")?.splitn(3, '.');
        let number = parts.next()?.parse().ok()?;
        let received = parts.next()?.parse().ok()?;
        parts.next().map(|_| Self { number, received })
    }
}

/// SQS's own rule: name, type and value of each attribute in the order of the names, each with its
/// length in front, and a byte for the kind of value.
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html>
fn attributes_md5(attributes: &Map<String, Value>) -> Option<String> {
    if attributes.is_empty() {
        return None;
    }
    let mut names: Vec<_> = attributes.keys().collect();
    names.sort();
    let mut bytes = Vec::new();
    for name in names {
        let attribute = attributes.get(name)?;
        push(&mut bytes, name);
        push(&mut bytes, attribute.get("DataType")?.as_str()?);
        bytes.push(1); // a string or a number; binary values are refused when a request is read
        push(&mut bytes, attribute.get("StringValue")?.as_str()?);
    }
    Some(hex_digest(&bytes))
}

fn push(bytes: &mut Vec<u8>, text: &str) {
    bytes.extend(u32::try_from(text.len()).unwrap_or(u32::MAX).to_be_bytes());
    bytes.extend(text.as_bytes());
}
