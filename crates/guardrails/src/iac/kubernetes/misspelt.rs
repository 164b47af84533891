//! Keys that stand where a key that is judged was probably meant, and values that have no keys.

use v2only_document::spelling::nearest_within;
use v2only_document::tree::{Node, Value};

use crate::Mark;

/// Shorter names have too many neighbours that differ in two letters.
const SHORT: usize = 8;

/// Why keys at known paths of an object may be overlooked, with positions.
pub(super) fn overlooked(object: &Node, paths: &[Vec<&'static str>]) -> Vec<(Mark, String)> {
    let mut found = Vec::new();
    for path in paths {
        let mut node = object;
        for name in path {
            if let Some(inner) = node.get(name) {
                node = first(inner);
                continue;
            }
            found.extend(instead_of(node, name).filter(|it| !found.contains(it)));
            break;
        }
    }
    found
}

/// What stands in a node instead of a key.
fn instead_of(node: &Node, name: &str) -> Option<(Mark, String)> {
    if !matches!(node.value, Value::Map(_)) {
        let why = format!("{name} is expected in a map, and this is none");
        return (!is_null(node)).then_some((node.at, why));
    }
    let edits = if name.len() < SHORT { 1 } else { 2 };
    node.entries().iter().find_map(|entry| {
        let key = entry.key.text.as_str();
        if key == "<<" {
            return Some((entry.key.at, format!("a merge key may state {name}")));
        }
        let near = nearest_within(key, [name], edits)?;
        Some((entry.key.at, format!("the key {key} is unknown; {near} is probably meant")))
    })
}

/// The first item of a list, or the node itself.
pub(super) fn first(node: &Node) -> &Node {
    match &node.value {
        Value::List(items) => items.first().unwrap_or(node),
        _ => node,
    }
}

pub(super) fn is_null(node: &Node) -> bool {
    matches!(&node.value, Value::Scalar { text, plain: true } if matches!(text.as_str(), "" | "~" | "null"))
}
