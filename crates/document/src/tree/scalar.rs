//! What a scalar without quotes is in the core schema of YAML 1.2 (chapter 10.3), as far as v2only needs it.

use super::node::{Node, Value};

/// Whether the node is null: empty, `~` or `null`.
#[must_use]
pub fn is_null(node: &Node) -> bool {
    plain(node).is_some_and(|text| matches!(text, "" | "~" | "null" | "Null" | "NULL"))
}

/// The boolean, if the node is one.
#[must_use]
pub fn boolean(node: &Node) -> Option<bool> {
    match plain(node)? {
        "true" | "True" | "TRUE" => Some(true),
        "false" | "False" | "FALSE" => Some(false),
        _ => None,
    }
}

/// The integer, if the node is one that fits.
#[must_use]
pub fn integer(node: &Node) -> Option<i64> {
    let text = plain(node)?;
    let parse = |digits: &str, radix: u32| {
        // `from_str_radix` accepts a sign, and the sign is read already.
        let only_digits = digits.chars().all(|it| it.is_digit(radix));
        if only_digits { i64::from_str_radix(digits, radix).ok() } else { None }
    };
    if let Some(digits) = text.strip_prefix("0o") {
        parse(digits, 8)
    } else if let Some(digits) = text.strip_prefix("0x") {
        parse(digits, 16)
    } else if let Some(digits) = text.strip_prefix('-') {
        parse(digits, 10).map(|it| -it)
    } else {
        parse(text.strip_prefix('+').unwrap_or(text), 10)
    }
}

/// The text, if it has no quotes.
fn plain(node: &Node) -> Option<&str> {
    match &node.value {
        Value::Scalar { text, plain: true } => Some(text),
        _ => None,
    }
}
