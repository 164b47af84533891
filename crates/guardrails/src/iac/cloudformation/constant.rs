//! What functions and conditions come to before the deployment.
//!
//! Source: AWS CloudFormation User Guide, "Intrinsic function reference" and "Conditions".

use v2only_document::tree::{Node, Value};

use super::call::{bare, function};
use super::template::Template;

/// Deeper calls are not followed.
const MAX_DEPTH: usize = 16;

/// The text that a node comes to, if the template alone decides it.
pub(super) fn text(template: &Template, node: &Node) -> Option<String> {
    text_at(template, node, 0)
}

/// Whether a condition is met, if the template alone decides it.
pub(super) fn condition(template: &Template, name: &str) -> Option<bool> {
    named(template, name, 0)
}

/// The default of a parameter, if parameters have their defaults. A parameter that names an SSM
/// parameter has none, because its default is a name.
pub(super) fn default<'a>(template: &'a Template, parameter: &str) -> Option<&'a str> {
    let declared = template.root.get("Parameters")?.get(parameter)?;
    let by_name = declared.get("Type").and_then(Node::text).is_some_and(|it| it.starts_with("AWS::SSM::"));
    if !template.by_defaults || by_name { None } else { declared.get("Default")?.text() }
}

fn text_at(template: &Template, node: &Node, depth: usize) -> Option<String> {
    if depth > MAX_DEPTH {
        return None;
    }
    let inner = |it: &Node| text_at(template, it, depth + 1);
    let Some((called, argument)) = function(node) else { return node.text().map(str::to_owned) };
    match bare(&called) {
        "Ref" => default(template, argument.text()?).map(str::to_owned),
        "Sub" => substituted(template, argument, depth),
        "Join" => {
            let [separator, Node { value: Value::List(parts), .. }] = items(argument)? else { return None };
            let parts = parts.iter().map(inner).collect::<Option<Vec<_>>>()?;
            Some(parts.join(separator.text()?))
        }
        "Select" => {
            let [index, Node { value: Value::List(choices), .. }] = items(argument)? else { return None };
            inner(choices.get(inner(index)?.parse::<usize>().ok()?)?)
        }
        "FindInMap" => {
            let [map, first, second] = items(argument)? else { return None };
            let map = template.root.get("Mappings")?.get(&inner(map)?)?;
            map.get(&inner(first)?)?.get(&inner(second)?)?.text().map(str::to_owned)
        }
        "If" => {
            let [name, yes, no] = items(argument)? else { return None };
            inner(if named(template, name.text()?, depth + 1)? { yes } else { no })
        }
        _ => None,
    }
}

/// A text with its variables filled in. Those of the second argument come before parameters.
fn substituted(template: &Template, argument: &Node, depth: usize) -> Option<String> {
    let (text, own) = match items(argument) {
        Some([text, own]) => (text.text()?, Some(own)),
        _ => (argument.text()?, None),
    };
    let mut parts = text.split("${");
    let mut filled = parts.next()?.to_owned();
    for part in parts {
        let (name, rest) = part.split_once('}')?;
        match (name.strip_prefix('!'), own.and_then(|it| it.get(name))) {
            (Some(literal), _) => filled.push_str(&format!("${{{literal}}}")),
            (None, Some(value)) => filled.push_str(&text_at(template, value, depth + 1)?),
            (None, None) => filled.push_str(default(template, name)?),
        }
        filled.push_str(rest);
    }
    Some(filled)
}

fn named(template: &Template, name: &str, depth: usize) -> Option<bool> {
    met(template, template.root.get("Conditions")?.get(name)?, depth)
}

fn met(template: &Template, node: &Node, depth: usize) -> Option<bool> {
    if depth > MAX_DEPTH {
        return None;
    }
    let (called, argument) = function(node)?;
    let all = || items(argument).map(|it| it.iter().map(|it| met(template, it, depth + 1)));
    match bare(&called) {
        "Condition" => named(template, argument.text()?, depth + 1),
        "Equals" => {
            let [one, other] = items(argument)? else { return None };
            Some(text_at(template, one, depth)? == text_at(template, other, depth)?)
        }
        "Not" => Some(!all()?.next()??),
        "And" => decided(all()?, false),
        "Or" => decided(all()?, true),
        _ => None,
    }
}

/// One part with the deciding value decides; without one, every part must be known.
fn decided(parts: impl Iterator<Item = Option<bool>>, deciding: bool) -> Option<bool> {
    let parts: Vec<Option<bool>> = parts.collect();
    if parts.contains(&Some(deciding)) {
        return Some(deciding);
    }
    if parts.contains(&None) { None } else { Some(!deciding) }
}

fn items(node: &Node) -> Option<&[Node]> {
    match &node.value {
        Value::List(items) => Some(items),
        _ => None,
    }
}
