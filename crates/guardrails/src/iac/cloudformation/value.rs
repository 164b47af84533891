//! What a property can be when the template is deployed.
//!
//! Source: AWS CloudFormation User Guide, "Intrinsic function reference" and "Pseudo parameters".

use v2only_document::spelling::nearest_within;
use v2only_document::tree::{Node, Value};

use super::call::{self, function};
use super::constant;
use super::template::Template;
use crate::Mark;

/// One thing that a property can be.
#[derive(Debug, Clone)]
pub(super) struct Case<'a> {
    pub(super) is: Is<'a>,
    pub(super) at: Mark,
    /// The function that chooses between this case and others.
    pub(super) chosen_by: Option<String>,
}

/// What a property is in one case.
#[derive(Debug, Clone)]
pub(super) enum Is<'a> {
    /// Written out.
    Node(&'a Node),
    /// A text that follows from a function or a parameter.
    Text(String),
    /// Not stated.
    Absent,
    /// Known when the template is deployed; says what decides.
    Unknown(String),
    /// CloudFormation refuses it; says why.
    Wrong(String),
}

impl<'a> Case<'a> {
    fn new(is: Is<'a>, at: Mark) -> Self {
        Self { is, at, chosen_by: None }
    }

    /// The scalar as text.
    pub(super) fn text(&self) -> Option<&str> {
        match &self.is {
            Is::Node(node) => node.text(),
            Is::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// Everything that a node can be. `name` is the property, for the message.
pub(super) fn cases<'a>(template: &'a Template, node: &'a Node, name: &str) -> Vec<Case<'a>> {
    resolve(template, node, name, 0)
}

/// The nodes that can stand where this one does: the branches of `!If`, or the node itself.
pub(super) fn branches<'a>(template: &Template, node: &'a Node) -> Vec<&'a Node> {
    let Some((called, argument)) = function(node) else { return vec![node] };
    match (call::bare(&called), &argument.value) {
        ("If", Value::List(items)) => match items.as_slice() {
            [condition, yes, no] => match constant::condition(template, condition.text().unwrap_or_default())
            {
                Some(met) => branches(template, if met { yes } else { no }),
                None => [yes, no].into_iter().flat_map(|it| branches(template, it)).collect(),
            },
            _ => vec![node],
        },
        _ => vec![node],
    }
}

/// More branches than this are not followed.
const MAX_DEPTH: usize = 16;

fn resolve<'a>(template: &'a Template, node: &'a Node, name: &str, depth: usize) -> Vec<Case<'a>> {
    let one = |is| vec![Case::new(is, node.at)];
    let Some((called, argument)) = function(node) else {
        if let Some(entry) = node.entries().iter().find(|it| is_call(&it.key.text)) {
            let function = &entry.key.text;
            return one(Is::Wrong(format!("{function} stands among other keys, which is no function")));
        }
        let null = matches!(&node.value, Value::Scalar { text, plain: true } if is_null(text));
        return one(if null { Is::Absent } else { Is::Node(node) });
    };
    let bare = call::bare(&called);
    let unknown = |more: &str| one(Is::Unknown(format!("{name} comes from {called}{more}")));
    match bare {
        _ if depth > MAX_DEPTH => unknown(""),
        "Ref" => match argument.text() {
            Some("AWS::NoValue") => one(Is::Absent),
            Some(parameter) => {
                reference(template, node, parameter, || unknown(&template.default_of(parameter)))
            }
            None => unknown(""),
        },
        "Sub" | "Join" | "Select" | "FindInMap" => match constant::text(template, node) {
            Some(text) => one(Is::Text(text)),
            None if bare == "FindInMap" => mapped(template, argument, || unknown("")),
            None => unknown(""),
        },
        "If" => match &argument.value {
            Value::List(items) => match items.as_slice() {
                [condition, yes, no] => {
                    let condition = condition.text().unwrap_or_default();
                    if let Some(met) = constant::condition(template, condition) {
                        return resolve(template, if met { yes } else { no }, name, depth + 1);
                    }
                    let chosen_by = format!("{called} (condition {condition})");
                    let both = [yes, no].into_iter().flat_map(|it| resolve(template, it, name, depth + 1));
                    both.map(|it| Case { chosen_by: Some(chosen_by.clone()), ..it }).collect()
                }
                _ => unknown(""),
            },
            _ => unknown(""),
        },
        _ => unknown(""),
    }
}

/// What a parameter can be: its allowed values, or by `--parameters default` its default.
fn reference<'a>(
    template: &'a Template,
    node: &Node,
    parameter: &str,
    unknown: impl Fn() -> Vec<Case<'a>>,
) -> Vec<Case<'a>> {
    let Some(declared) = template.root.get("Parameters").and_then(|it| it.get(parameter)) else {
        return unknown();
    };
    let chosen_by = format!("!Ref{}", template.default_of(parameter));
    let of =
        |text: &str| Case { is: Is::Text(text.to_owned()), at: node.at, chosen_by: Some(chosen_by.clone()) };
    if let Some(default) = constant::default(template, parameter) {
        return vec![of(default)];
    }
    let by_name = declared.get("Type").and_then(Node::text).is_some_and(|it| it.starts_with("AWS::SSM::"));
    let Some(Value::List(allowed)) = declared.get("AllowedValues").map(|it| &it.value) else {
        return unknown();
    };
    if by_name {
        return unknown();
    }
    let cases: Vec<Case<'a>> = allowed.iter().filter_map(Node::text).map(of).collect();
    if cases.is_empty() { unknown() } else { cases }
}

/// What a mapping can return where only its first key is unknown.
fn mapped<'a>(template: &'a Template, argument: &Node, unknown: impl Fn() -> Vec<Case<'a>>) -> Vec<Case<'a>> {
    let Value::List(items) = &argument.value else { return unknown() };
    let [map, _, second] = items.as_slice() else { return unknown() };
    let (Some(map), Some(second)) = (constant::text(template, map), constant::text(template, second)) else {
        return unknown();
    };
    let mapping = template.root.get("Mappings").and_then(|it| it.get(&map)).map(Node::entries);
    let chosen_by = Some(format!("the mapping {map}"));
    let of = |it: &'a Node| Case { is: Is::Node(it), at: argument.at, chosen_by: chosen_by.clone() };
    let values: Option<Vec<_>> =
        mapping.unwrap_or_default().iter().map(|it| it.value.get(&second).map(of)).collect();
    values.filter(|it| !it.is_empty()).unwrap_or_else(unknown)
}

/// Everything that a property of these cases can be.
pub(super) fn property<'a>(template: &'a Template, of: &[Case<'a>], name: &str) -> Vec<Case<'a>> {
    let mut found = Vec::new();
    for case in of {
        let chosen = |it: Case<'a>| Case { chosen_by: it.chosen_by.or_else(|| case.chosen_by.clone()), ..it };
        let same = |is| chosen(Case::new(is, case.at));
        match &case.is {
            Is::Node(node) => match (&node.value, node.entry(name)) {
                (Value::Map(_), Some(entry)) => {
                    found.extend(cases(template, &entry.value, name).into_iter().map(chosen));
                }
                (Value::Map(entries), None) => {
                    let twin = entries.iter().find(|it| is_misspelt(&it.key.text, name));
                    found.push(twin.map_or_else(
                        || same(Is::Absent),
                        |it| {
                            let why = format!("there is no property {}; write {name}", it.key.text);
                            chosen(Case::new(Is::Wrong(why), it.key.at))
                        },
                    ));
                }
                _ => found.push(same(Is::Wrong(format!("{name} is expected in a map")))),
            },
            Is::Text(_) => found.push(same(Is::Wrong(format!("{name} is expected in a map")))),
            other => found.push(same(other.clone())),
        }
    }
    found
}

/// Everything that the value at a path can be.
pub(super) fn at_path<'a>(template: &'a Template, from: &'a Node, path: &[&str]) -> Vec<Case<'a>> {
    let start = vec![Case::new(Is::Node(from), from.at)];
    path.iter().fold(start, |cases, name| property(template, &cases, name))
}

/// Whether a key was probably meant to be this name. Short names have too many neighbours.
pub(super) fn is_misspelt(key: &str, name: &str) -> bool {
    let edits = if name.len() < 8 { 0 } else { 2 };
    key != name && nearest_within(key, [name], edits).is_some()
}

fn is_call(key: &str) -> bool {
    key == "Ref" || (key.starts_with("Fn::") && !key.starts_with("Fn::Transform"))
}

fn is_null(text: &str) -> bool {
    matches!(text, "" | "~" | "null" | "Null" | "NULL")
}
