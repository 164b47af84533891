//! Events as people and tools save them: lists, log files, and what the AWS CLI and other services print around
//! them.

use serde_json::Value;

use crate::{Input, Malformed, input};

/// How deep envelopes may lie in each other.
const DEEPEST: usize = 5;

/// The events in one JSON value: a list, a log file of CloudTrail, an SQS batch, or what `aws cloudtrail
/// lookup-events`, `aws sqs receive-message`, `aws logs filter-log-events`, SNS and Lambda's destinations write
/// around events. CloudTrail's Insights are left out. A value that is none of these is returned as it is.
pub fn saved_events(value: Value) -> Vec<Result<Value, Malformed>> {
    events(value, 0)
}

/// The events in one value, at this depth in envelopes.
fn events(value: Value, depth: usize) -> Vec<Result<Value, Malformed>> {
    if is_insight(&value) {
        return Vec::new();
    }
    let Value::Object(fields) = &value else {
        return match value {
            Value::Array(list) => list.into_iter().filter(|it| !is_insight(it)).map(Ok).collect(),
            other => vec![Ok(other)],
        };
    };
    if let Some(inner) = inside(fields).filter(|_| depth < DEEPEST) {
        return inner
            .into_iter()
            .flat_map(|it| it.map_or_else(|it| vec![Err(it)], |it| events(it, depth + 1)))
            .collect();
    }
    match (fields.get("Records"), fields.get("Events")) {
        (Some(Value::Array(records)), _) if records.iter().any(|it| is_record(it) || is_insight(it)) => {
            records.iter().filter(|it| !is_insight(it)).cloned().map(Ok).collect()
        }
        (Some(_), _) => match input(value) {
            Ok(Input::Batch(messages)) => messages.into_iter().map(|it| it.body).collect(),
            Ok(Input::Event(event)) => vec![Ok(event)],
            Err(malformed) => vec![Err(malformed)],
        },
        (None, Some(Value::Array(looked_up))) => looked_up
            .iter()
            .enumerate()
            .map(looked_up_event)
            .filter(|it| !it.as_ref().is_ok_and(is_insight))
            .collect(),
        _ => vec![Ok(value)],
    }
}

/// What is inside an envelope; `None` if this is none.
fn inside(fields: &serde_json::Map<String, Value>) -> Option<Vec<Result<Value, Malformed>>> {
    let texts = |list: &str, field: &str| {
        let list = fields.get(list)?.as_array()?;
        let one = |(index, it): (usize, &Value)| text(it.get(field), &format!("{field} of message {index}"));
        Some(list.iter().enumerate().map(one).collect())
    };
    // `aws sqs receive-message`, `aws logs filter-log-events`, SNS, and Lambda's destinations.
    texts("Messages", "Body").or_else(|| texts("events", "message")).or_else(|| {
        if fields.get("Type").is_some_and(|it| it == "Notification") && fields.contains_key("TopicArn") {
            return Some(vec![text(fields.get("Message"), "Message")]);
        }
        let payload = fields.get("requestPayload").filter(|_| fields.contains_key("requestContext"))?;
        Some(vec![Ok(payload.clone())])
    })
}

/// JSON that is a text in JSON.
fn text(value: Option<&Value>, field: &str) -> Result<Value, Malformed> {
    let malformed =
        |found: String| Malformed { field: field.to_owned(), expected: "JSON text".to_owned(), found };
    let text = value.and_then(Value::as_str).ok_or_else(|| malformed("missing".to_owned()))?;
    serde_json::from_str(text).map_err(|it| malformed(format!("not ({it})")))
}

/// Whether this is an Insights event of CloudTrail, which no API call is.
fn is_insight(value: &Value) -> bool {
    value.get("eventCategory").is_some_and(|it| it == "Insight")
        || value.get("eventType").is_some_and(|it| it == "AwsCloudTrailInsight")
}

/// Whether this is a CloudTrail record, in contrast to an SQS message.
fn is_record(value: &Value) -> bool {
    value.get("eventName").is_some() && value.get("messageId").is_none()
}

/// An entry of what `lookup-events` prints: the record is a text in it.
fn looked_up_event((index, entry): (usize, &Value)) -> Result<Value, Malformed> {
    let malformed = |found: String| Malformed {
        field: format!("Events[{index}].CloudTrailEvent"),
        expected: "a CloudTrail record as JSON text".to_owned(),
        found,
    };
    let text = entry.get("CloudTrailEvent").and_then(Value::as_str);
    let text = text.ok_or_else(|| malformed("missing".to_owned()))?;
    serde_json::from_str(text).map_err(|it| malformed(format!("not ({it})")))
}
