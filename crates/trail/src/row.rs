//! Rows that CloudTrail Lake and Athena return for a query, as records.
//!
//! Columns of Athena are in lower case, and `requestparameters` and `responseelements` are JSON in a text. The parameters
//! in Lake are maps of texts. A column `eventJson` is taken as the complete record. Sources:
//! <https://docs.aws.amazon.com/athena/latest/ug/create-cloudtrail-table.html>,
//! <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/query-supported-event-schemas.html>

use serde_json::{Map, Value};
use v2only_events::Malformed;

/// The fields of a record that are read here and differ from their lower-case names.
const FIELDS: [&str; 27] = [
    "eventVersion",
    "eventTime",
    "eventSource",
    "eventName",
    "eventType",
    "eventID",
    "eventCategory",
    "awsRegion",
    "sourceIPAddress",
    "userAgent",
    "userIdentity",
    "errorCode",
    "errorMessage",
    "requestParameters",
    "responseElements",
    "requestID",
    "recipientAccountId",
    "sessionCredentialFromConsole",
    "principalId",
    "accountId",
    "userName",
    "invokedBy",
    "sessionContext",
    "sessionIssuer",
    "sourceIdentity",
    "ec2RoleDelivery",
    "accessKeyId",
];

/// The record in a row; a value that is no row is returned as it is.
///
/// # Errors
/// The column `eventJson` holds no JSON.
pub(crate) fn record(value: Value) -> Result<Value, Malformed> {
    let Value::Object(fields) = value else { return Ok(value) };
    let text =
        fields.iter().find(|(key, _)| key.eq_ignore_ascii_case("eventJson")).and_then(|(_, it)| it.as_str());
    if let Some(text) = text {
        return serde_json::from_str(text).map_err(|error| Malformed {
            field: "eventJson".to_owned(),
            expected: "the JSON of a record".to_owned(),
            found: format!("not ({error})"),
        });
    }
    let is_record = fields.contains_key("detail-type") || fields.contains_key("detail");
    if is_record || !fields.keys().any(|key| key.eq_ignore_ascii_case("eventName")) {
        return Ok(Value::Object(fields));
    }
    Ok(Value::Object(renamed(fields)))
}

fn renamed(fields: Map<String, Value>) -> Map<String, Value> {
    let name = |key: String| match FIELDS.iter().find(|it| it.eq_ignore_ascii_case(&key)) {
        Some(field) => (*field).to_owned(),
        None => key,
    };
    let rename = |(key, value): (String, Value)| {
        let key = name(key);
        let value = match key.as_str() {
            "requestParameters" | "responseElements" => parsed(value),
            "userIdentity" | "sessionContext" | "sessionIssuer" => match parsed(value) {
                Value::Object(inner) => Value::Object(renamed(inner)),
                other => other,
            },
            _ => value,
        };
        (key, value)
    };
    fields.into_iter().map(rename).collect()
}

/// A value whose objects and lists may be texts: Lake writes the values of its maps so.
fn parsed(value: Value) -> Value {
    match value {
        Value::String(text) if text.starts_with(['{', '[']) => {
            serde_json::from_str(&text).unwrap_or(Value::String(text))
        }
        Value::Object(fields) => {
            Value::Object(fields.into_iter().map(|(key, value)| (key, parsed(value))).collect())
        }
        other => other,
    }
}
