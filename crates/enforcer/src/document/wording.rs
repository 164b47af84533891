//! Somebody's document inside our sentences.

use super::core_schema::{boolean, integer, is_null};
use super::problem::harmless;
use super::tree::{Mark, Node, Value};

/// The path of a key in a map.
pub(super) fn under(path: &str, key: &str) -> String {
    let key = shown(key);
    if path.is_empty() { key } else { format!("{path}.{key}") }
}

/// Somebody's text inside a message: one line, not long, nothing a terminal would obey.
pub(super) fn shown(text: &str) -> String {
    const LONGEST: usize = 60;
    let mut shown: String =
        text.chars().take(LONGEST).map(|it| if it == '\n' { ' ' } else { harmless(it) }).collect();
    if text.chars().nth(LONGEST).is_some() {
        shown.push('…');
    }
    shown
}

/// `a`, `b` or `c`.
pub(super) fn alternatives(words: &[&str]) -> String {
    let mut words: Vec<String> = words.iter().map(|it| format!("`{it}`")).collect();
    match (words.pop(), words.is_empty()) {
        (None, _) => String::new(),
        (Some(last), true) => last,
        (Some(last), false) => format!("{} or {last}", words.join(", ")),
    }
}

/// What is there, as the end of "found …".
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
    Node { at: Mark::START, value: Value::Scalar { text: text.to_owned(), plain: true } }
}

/// What to tell whoever put quotes around what would be right without them.
pub(super) fn without_quotes(node: &Node, fits: impl Fn(&Node) -> bool) -> Option<String> {
    match &node.value {
        Value::Scalar { text, plain: false } if fits(&bare(text)) => {
            Some(format!("write `{text}` without the quotes"))
        }
        _ => None,
    }
}
