//! Rate control: numbers and shares.

use serde_json::Value;

use crate::error::AwsError;

/// How many of so many may fail, by a member of a document or its default.
pub(super) fn errors(of: &Value, name: &str, otherwise: &str, all: usize) -> Result<usize, AwsError> {
    read(of, name, otherwise, all)
}

/// Checks how many are worked on at once; nothing here takes turns.
pub(super) fn concurrency(of: &Value, name: &str) -> Result<(), AwsError> {
    match read(of, name, "1", 100)? {
        0 => Err(invalid(name, "0")),
        _ => Ok(()),
    }
}

fn read(of: &Value, name: &str, otherwise: &str, all: usize) -> Result<usize, AwsError> {
    let text = of.get(name).and_then(Value::as_str).unwrap_or(otherwise);
    let number = |digits: &str| {
        let plain = digits.bytes().all(|it| it.is_ascii_digit());
        let padded = digits.len() > 1 && digits.starts_with('0');
        digits.parse::<usize>().ok().filter(|_| plain && !padded && text.len() <= 7)
    };
    let read = match text.strip_suffix('%') {
        Some(share) => number(share).filter(|it| *it <= 100).map(|it| all * it / 100),
        None => number(text),
    };
    read.ok_or_else(|| invalid(name, text))
}

fn invalid(name: &str, text: &str) -> AwsError {
    AwsError::client("ValidationException", format!("{text} is no value of {name}"))
}
