//! Reads the JSON syntax of HCL.
//!
//! Source: Terraform, "JSON Configuration Syntax".

use v2only_document::tree::{self, Format, Node, Options, Value};

use super::native;
use super::syntax::{Argument, Block, Body, Expr};
use crate::Mark;
use crate::iac::Finding;
use crate::iac::cloudformation::Unreadable;

/// Kinds of blocks with two labels, and with one.
const TWO_LABELS: &[&str] = &["resource", "data", "source", "ephemeral"];
const ONE_LABEL: &[&str] = &["module", "variable", "output", "provider", "check", "local"];

/// Reads a file.
///
/// # Errors
/// The text is not JSON, or is no object.
pub(super) fn read(text: &str) -> Result<Body, Unreadable> {
    let tree = tree::read(text, &Options::TEMPLATE);
    if let Some(issue) = tree.fatal() {
        return Err(Unreadable { at: issue.at, message: issue.to_string() });
    }
    let root = tree.documents.into_iter().next().map(|it| it.root);
    match (tree.format, root) {
        (Format::Json, Some(root @ Node { value: Value::Map(_), .. })) => Ok(file(&root)),
        (_, root) => Err(Unreadable {
            at: root.map_or(Mark::START, |it| it.at),
            message: "not JSON; expected an object of blocks, such as {\"resource\": {…}}".to_owned(),
        }),
    }
}

fn file(root: &Node) -> Body {
    let mut body = Body::default();
    for entry in root.entries() {
        let kind = entry.key.text.as_str();
        let labels = if TWO_LABELS.contains(&kind) { 2 } else { usize::from(ONE_LABEL.contains(&kind)) };
        // What stands in a resource may be a block. All else is a value.
        let deep = TWO_LABELS.contains(&kind);
        labelled(kind, entry.key.at, &entry.value, labels, &[], deep, &mut body.blocks);
        // A file of values for variables has arguments only.
        if labels == 0 {
            body.arguments.push(argument(&entry.key.text, entry.key.at, &entry.value));
        }
    }
    body
}

/// The blocks of a kind, whose labels are the keys of nested objects.
fn labelled(
    kind: &str,
    at: Mark,
    node: &Node,
    missing: usize,
    labels: &[String],
    deep: bool,
    into: &mut Vec<Block>,
) {
    if let Value::List(items) = &node.value {
        return items.iter().for_each(|it| labelled(kind, at, it, missing, labels, deep, into));
    }
    if missing == 0 {
        let body = if deep { blocks(node) } else { arguments(node) };
        let labels = labels.to_vec();
        return into.push(Block { kind: kind.to_owned(), labels, at, end: at.line, body });
    }
    for entry in node.entries().iter().filter(|it| it.key.text != "//") {
        let labels: Vec<String> = labels.iter().cloned().chain([entry.key.text.clone()]).collect();
        labelled(kind, entry.key.at, &entry.value, missing - 1, &labels, deep, into);
    }
}

fn arguments(node: &Node) -> Body {
    let named = node.entries().iter().filter(|it| it.key.text != "//");
    let arguments = named.map(|it| argument(&it.key.text, it.key.at, &it.value)).collect();
    Body { arguments, blocks: Vec::new() }
}

fn argument(name: &str, at: Mark, value: &Node) -> Argument {
    Argument { name: name.to_owned(), at, value: expr(value) }
}

/// The body of a resource: an object, or a list of objects, may be blocks.
pub(super) fn blocks(node: &Node) -> Body {
    let mut body = Body::default();
    for entry in node.entries().iter().filter(|it| it.key.text != "//") {
        let (name, at) = (&entry.key.text, entry.key.at);
        if name == "dynamic" {
            labelled(name, at, &entry.value, 1, &[], true, &mut body.blocks);
            continue;
        }
        let is_map = |it: &Node| matches!(it.value, Value::Map(_));
        match &entry.value.value {
            Value::Map(_) => labelled(name, at, &entry.value, 0, &[], true, &mut body.blocks),
            Value::List(items) if !items.is_empty() && items.iter().all(is_map) => {
                labelled(name, at, &entry.value, 0, &[], true, &mut body.blocks);
            }
            _ => body.arguments.push(argument(name, at, &entry.value)),
        }
    }
    body
}

fn expr(node: &Node) -> Expr {
    match &node.value {
        Value::List(items) => Expr::List(items.iter().map(expr).collect()),
        Value::Map(entries) => {
            Expr::Map(entries.iter().map(|it| (text(&it.key.text), expr(&it.value))).collect())
        }
        Value::Scalar { text: word, plain: true } => match word.as_str() {
            "null" => Expr::Null,
            "true" => Expr::Bool(true),
            "false" => Expr::Bool(false),
            number => number.parse().map_or(Expr::Other("a value"), Expr::Number),
        },
        Value::Scalar { text: word, .. } => text(word),
        Value::Refused => Expr::Other("a value"),
    }
}

/// A text may be a template.
fn text(text: &str) -> Expr {
    if text.contains("${") || text.contains("%{") {
        return native::read_template(text).unwrap_or(Expr::Other("a template that cannot be read"));
    }
    Expr::Text(text.to_owned())
}

/// The body of a resource in the JSON syntax, if it has only blocks and plain values.
fn lines(body: &Body) -> Option<String> {
    let value = |expr: &Expr| match expr {
        Expr::Text(text) => serde_json::to_string(text).ok(),
        Expr::Number(number) => Some(number.to_string()),
        Expr::Bool(expr) => Some(expr.to_string()),
        _ => None,
    };
    let mut parts = Vec::new();
    for argument in &body.arguments {
        parts.push(format!("\"{}\": {}", argument.name, value(&argument.value)?));
    }
    for block in &body.blocks {
        parts.push(format!("\"{}\": {{ {} }}", block.kind, lines(&block.body)?));
    }
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// A finding whose lines to write are in the JSON syntax.
pub(super) fn in_json(finding: Finding) -> Finding {
    match native::read(&finding.instead).ok().and_then(|it| lines(&it)) {
        Some(instead) => Finding { instead, ..finding },
        None => finding,
    }
}
