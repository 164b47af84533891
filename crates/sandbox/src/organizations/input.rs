//! Reading requests and cutting pages, the same for all operations.

use serde_json::{Map, Value};

use crate::error::AwsError;

/// Organizations gives at most this many entries at once.
const PAGE: usize = 20;

/// Cuts the page out of `items` that `document` asks for.
pub(super) fn page(document: &Value, name: &str, items: Vec<Value>) -> Result<Value, AwsError> {
    let invalid = |what: &str| {
        AwsError::client(
            "InvalidInputException",
            format!("You provided a value that does not match the required pattern: {what}"),
        )
    };
    let size = match document.get("MaxResults") {
        None => PAGE,
        Some(size) => {
            let size = size.as_u64().and_then(|it| usize::try_from(it).ok());
            size.filter(|it| (1..=PAGE).contains(it)).ok_or_else(|| invalid("MaxResults"))?
        }
    };
    let start = match document.get("NextToken").and_then(Value::as_str) {
        None => 0,
        Some(token) => {
            let hex = token.strip_prefix("v2o-").unwrap_or_default();
            usize::from_str_radix(hex, 16).map_err(|_| invalid("NextToken"))?
        }
    };
    let more = start + size < items.len();
    let page: Vec<Value> = items.into_iter().skip(start).take(size).collect();
    let mut answer = Map::from_iter([(name.to_owned(), Value::from(page))]);
    if more {
        answer.insert("NextToken".to_owned(), Value::from(format!("v2o-{:08x}", start + size)));
    }
    Ok(Value::Object(answer))
}

/// Refuses members that AWS or the sandbox does not know.
pub(super) fn only(document: &Value, known: &[&str]) -> Result<(), AwsError> {
    let mut names = document.as_object().into_iter().flatten().map(|(name, _)| name.as_str());
    match names.find(|name| !known.contains(name)) {
        Some(name) => Err(AwsError::not_simulated(format!("member {name} of an organizations request"))),
        None => Ok(()),
    }
}

/// A member that must be there.
pub(super) fn required<'a>(document: &'a Value, name: &str) -> Result<&'a str, AwsError> {
    document.get(name).and_then(Value::as_str).ok_or_else(|| {
        let message = format!("You specified an invalid value for {name}: it must not be null");
        AwsError::client("InvalidInputException", message)
    })
}
