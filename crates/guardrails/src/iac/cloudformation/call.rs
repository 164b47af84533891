//! Calls of intrinsic functions, in the long and in the short form.

use v2only_document::tree::Node;

/// The name of the function that a node calls, and its argument.
pub(super) fn function(node: &Node) -> Option<(String, &Node)> {
    if let Some(tag) = &node.tag {
        return Some((format!("!{tag}"), node));
    }
    let is_function = |it: &str| it == "Ref" || it == "Condition" || it.starts_with("Fn::");
    match node.entries() {
        [only] if is_function(&only.key.text) => Some((only.key.text.clone(), &only.value)),
        _ => None,
    }
}

/// The name of a function without `!` and `Fn::`.
pub(super) fn bare(called: &str) -> &str {
    called.trim_start_matches('!').trim_start_matches("Fn::")
}
