//! Reading request members, with SQS's refusals.

use std::ops::RangeInclusive;
use std::time::Duration;

use serde_json::{Map, Value};

use crate::call::Call;
use crate::error::AwsError;
use crate::sqs::errors;
use crate::sqs::name::QueueName;
use crate::sqs::queue::{Draft, Queue};
use crate::sqs::state::State;

pub(super) fn text<'a>(input: &'a Value, name: &str) -> Result<&'a str, AwsError> {
    input.get(name).and_then(Value::as_str).ok_or_else(|| errors::missing(name))
}

pub(super) fn optional_number(
    input: &Value,
    name: &str,
    range: RangeInclusive<u64>,
) -> Result<Option<u64>, AwsError> {
    match input.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => value.as_u64().filter(|it| range.contains(it)).map(Some).ok_or_else(|| {
            let (low, high) = (range.start(), range.end());
            errors::invalid_value(format!(
                "Value {value} for parameter {name} is invalid. Reason: Must be between {low} and {high}, if provided."
            ))
        }),
    }
}

pub(super) fn seconds(input: &Value, name: &str, most: u64) -> Result<Option<Duration>, AwsError> {
    Ok(optional_number(input, name, 0..=most)?.map(Duration::from_secs))
}

/// The queue of a URL: the last two path segments are account and name.
pub(super) fn queue_name(input: &Value, call: &Call) -> Result<QueueName, AwsError> {
    let mut segments = text(input, "QueueUrl")?.rsplit('/');
    match (segments.next(), segments.next()) {
        (Some(name), Some(account)) if !name.is_empty() && !account.is_empty() => {
            Ok(QueueName::new(account, call.place.region.as_str(), name))
        }
        _ => Err(errors::no_such_queue()),
    }
}

pub(super) fn queue<'a>(state: &'a mut State, name: &QueueName) -> Result<&'a mut Queue, AwsError> {
    state.queues.get_mut(name).ok_or_else(errors::no_such_queue)
}

/// As AWS writes it. Who calls the sandbox has overridden the endpoint and uses the URL as a name
/// only.
pub(super) fn queue_url(name: &QueueName) -> String {
    let suffix = if name.place.partition() == "aws-cn" { ".cn" } else { "" };
    format!("https://sqs.{}.amazonaws.com{suffix}/{}/{}", name.place.region, name.place.account, name.name)
}

/// One message to send, from a request or from an entry of a batch.
pub(super) fn draft(input: &Value, call: &Call, max_size: usize) -> Result<Draft, AwsError> {
    let body = text(input, "MessageBody")?;
    if body.is_empty() {
        return Err(errors::missing("MessageBody"));
    }
    if !body.chars().all(allowed) {
        return Err(AwsError::client(
            "InvalidMessageContents",
            "Invalid characters found in the message body.",
        ));
    }
    let attributes = match input.get("MessageAttributes") {
        Some(Value::Object(attributes)) => attributes.clone(),
        _ => Map::new(),
    };
    let mut size = body.len();
    for (name, attribute) in &attributes {
        let kind = attribute.get("DataType").and_then(Value::as_str).unwrap_or_default();
        if kind.starts_with("Binary") {
            return Err(AwsError::not_simulated("binary message attributes"));
        }
        let value = attribute.get("StringValue").and_then(Value::as_str).unwrap_or_default();
        size += name.len() + kind.len() + value.len();
    }
    if size > max_size {
        let message = format!(
            "One or more parameters are invalid. Reason: Message must be shorter than {max_size} bytes."
        );
        return Err(errors::invalid_value(message));
    }
    let delay = seconds(input, "DelaySeconds", 900)?;
    let group = group(input)?;
    let sender = call.place.account.as_str().to_owned();
    Ok(Draft { body: body.to_owned(), attributes, delay, group, sender })
}

/// `MessageGroupId`: 1 to 128 letters, digits and punctuation.
fn group(input: &Value) -> Result<Option<String>, AwsError> {
    let Some(group) = input.get("MessageGroupId").and_then(Value::as_str) else { return Ok(None) };
    let legal = |letter: char| letter.is_ascii_alphanumeric() || letter.is_ascii_punctuation();
    if !(1..=128).contains(&group.len()) || !group.chars().all(legal) {
        return Err(errors::invalid_value(format!(
            "Value {group} for parameter MessageGroupId is invalid. Reason: MessageGroupId can only include \
             alphanumeric and punctuation characters. 1 to 128 in length."
        )));
    }
    Ok(Some(group.to_owned()))
}

/// The characters of XML 1.0, which is what SQS takes in a body.
const fn allowed(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

/// The entries of a batch, checked together.
pub(super) fn entries(input: &Value) -> Result<Vec<(&str, &Value)>, AwsError> {
    let entries = input.get("Entries").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    if entries.is_empty() {
        let message = "There should be at least one entry in the request.";
        return Err(errors::batch("EmptyBatchRequest", message));
    }
    if entries.len() > 10 {
        let message =
            format!("Maximum number of entries per request are 10. You have sent {}.", entries.len());
        return Err(errors::batch("TooManyEntriesInBatchRequest", &message));
    }
    let mut named: Vec<(&str, &Value)> = Vec::with_capacity(entries.len());
    for entry in entries {
        let id = text(entry, "Id")?;
        let legal = |it: char| it.is_ascii_alphanumeric() || it == '-' || it == '_';
        if id.is_empty() || id.len() > 80 || !id.chars().all(legal) {
            let message = "A batch entry id can only contain alphanumeric characters, hyphens and underscores. \
                           It can be at most 80 letters long.";
            return Err(errors::batch("InvalidBatchEntryId", message));
        }
        if named.iter().any(|(other, _)| *other == id) {
            return Err(errors::batch("BatchEntryIdsNotDistinct", &format!("Id {id} repeated.")));
        }
        named.push((id, entry));
    }
    Ok(named)
}

/// One refused entry of a batch.
pub(super) fn refused(id: &str, error: &AwsError) -> Value {
    serde_json::json!({"Id": id, "SenderFault": true, "Code": error.code, "Message": error.message})
}
