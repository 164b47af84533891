//! What a word without quotes is in the core schema of YAML 1.2 (chapter 10.3), as far as it is needed.

use super::tree::{Node, Value};

/// Nothing: no text at all, or one of its names.
pub(super) fn is_null(node: &Node) -> bool {
    match &node.value {
        Value::Scalar { text, plain: true } => matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL"),
        _ => false,
    }
}

pub(super) fn boolean(node: &Node) -> Option<bool> {
    match &node.value {
        Value::Scalar { text, plain: true } => match text.as_str() {
            "true" | "True" | "TRUE" => Some(true),
            "false" | "False" | "FALSE" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

pub(super) fn integer(node: &Node) -> Option<i64> {
    let Value::Scalar { text, plain: true } = &node.value else { return None };
    let all = |digits: &str, radix: u32| {
        let fit = !digits.is_empty() && digits.chars().all(|it| it.is_digit(radix));
        if fit { i64::from_str_radix(digits, radix).ok() } else { None }
    };
    if let Some(digits) = text.strip_prefix("0o") {
        all(digits, 8)
    } else if let Some(digits) = text.strip_prefix("0x") {
        all(digits, 16)
    } else if let Some(digits) = text.strip_prefix('-') {
        all(digits, 10).map(|it| -it)
    } else {
        all(text.strip_prefix('+').unwrap_or(text), 10)
    }
}
