//! Values of the document inside our sentences.

use crate::text::shown;
use crate::tree::scalar::{boolean, integer, is_null};
use crate::tree::{Mark, Node, Value};

/// The value, as the end of "found …".
pub(super) fn found(node: &Node) -> String {
    match &node.value {
        _ if is_null(node) => "nothing".to_owned(),
        Value::Scalar { text, .. } if text.trim().is_empty() => "empty text".to_owned(),
        Value::Scalar { text, plain: false } if bare_is_typed(text) => {
            format!("the text `\"{}\"`", shown(text))
        }
        Value::Scalar { text, .. } => format!("`{}`", shown(text.trim())),
        Value::List(items) if items.is_empty() => "an empty list".to_owned(),
        Value::List(_) => "a list".to_owned(),
        Value::Map(entries) if entries.is_empty() => "an empty map".to_owned(),
        Value::Map(_) => "a map".to_owned(),
        Value::Refused => "something refused already".to_owned(),
    }
}

fn bare_is_typed(text: &str) -> bool {
    let bare = bare(text);
    integer(&bare).is_some() || boolean(&bare).is_some() || is_null(&bare)
}

fn bare(text: &str) -> Node {
    Node { at: Mark::START, tag: None, value: Value::Scalar { text: text.to_owned(), plain: true } }
}

/// The hint for a value in quotes that would be right without them.
pub(super) fn without_quotes(node: &Node, fits: impl Fn(&Node) -> bool) -> Option<String> {
    match &node.value {
        Value::Scalar { text, plain: false } if fits(&bare(text)) => {
            Some(format!("write `{text}` without the quotes"))
        }
        _ => None,
    }
}
