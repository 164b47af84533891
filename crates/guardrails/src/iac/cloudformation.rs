//! CloudFormation templates, as written or as synthesised by the CDK: found, handed to Guard, and what it
//! says turned into findings with their lines.

use serde_json::{Map, Number, Value as Json};

use super::Finding;
use super::guard::{RULES, Rule};
use crate::check::Level;
use crate::{Mark, Settings};
use v2only_document::tree::{self, Format, IssueKind, Node, Options, Value};

/// A template.
#[derive(Debug, Clone)]
pub struct Template {
    root: Node,
    json: bool,
}

/// Why a text could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}:{}: {message}", at.line, at.column)]
pub struct Unreadable {
    /// Where.
    pub at: Mark,
    /// What is wrong.
    pub message: String,
}

impl Template {
    /// Reads a template; `None` if the text is JSON or YAML and no template.
    ///
    /// # Errors
    /// It is neither JSON nor YAML.
    pub fn read(text: &str) -> Result<Option<Self>, Unreadable> {
        let tree = tree::read(text, &Options::TEMPLATE);
        let aliased = |kind: &IssueKind| matches!(kind, IssueKind::Alias | IssueKind::UnknownAlias(_));
        if let Some(issue) = tree.issues.iter().find(|it| it.is_fatal() || aliased(&it.kind)) {
            let message = if aliased(&issue.kind) {
                "CloudFormation does not support YAML aliases".to_owned()
            } else {
                issue.to_string()
            };
            return Err(Unreadable { at: issue.at, message });
        }
        let json = tree.format == Format::Json;
        let Some(document) = tree.documents.into_iter().next() else { return Ok(None) };
        let template = Self { root: document.root, json };
        let typed = |node: &Node| node.get("Type").and_then(Node::text).is_some_and(|it| it.contains("::"));
        let is_one = template.resources().iter().any(|(name, node)| typed(node) || name.starts_with("Fn::"));
        Ok(is_one.then_some(template))
    }

    fn resources(&self) -> Vec<(&str, &Node)> {
        match self.root.get("Resources").map(|it| &it.value) {
            Some(Value::Map(entries)) => entries.iter().map(|it| (it.key.text.as_str(), &it.value)).collect(),
            _ => Vec::new(),
        }
    }

    /// The template as JSON without short tags, which is what Guard is given.
    pub fn as_json(&self) -> String {
        json(&self.root).to_string()
    }

    /// What it means that a resource failed a rule.
    pub fn failed(&self, rule: &str, resource: &str, settings: &Settings) -> Option<Finding> {
        let rule = RULES.iter().find(|it| it.name == rule)?;
        let (_, node) = self.resources().into_iter().find(|(name, _)| *name == resource)?;
        let reached = reach(node, rule.path);
        let finding = |code, level, why, instead| Finding {
            code,
            level,
            at: Some(reached.node.at),
            address: resource.to_owned(),
            why,
            instead,
        };
        let name = rule.path.last().copied().unwrap_or_default();
        if let Some(function) = reached.function {
            let why = format!("{} comes from {function}{}", reached.name, self.default_of(reached.node));
            let instead = format!("see that it is {}, or write it out", wanted(rule, settings));
            return Some(finding("cannot-tell", Level::Note, why, instead));
        }
        let stated = reached.whole.then(|| reached.node.text().unwrap_or_default().to_owned());
        let (code, why) = match (&stated, rule.code) {
            (Some(value), code) => (code, format!("{name} is {value}")),
            (None, "notebook-version-1") => ("notebook-version-1", format!("{name} is not stated")),
            (None, _) => (
                "http-tokens-not-stated",
                format!("{name} is not stated, so the account default and the AMI decide"),
            ),
        };
        Some(finding(code, Level::Error, why, self.instead(rule, settings)))
    }

    /// What Guard lets through, and what cannot be told.
    pub fn unsure(&self) -> Vec<Finding> {
        let note = |address: &str, at, why: &str| Finding {
            code: "cannot-tell",
            level: Level::Note,
            at: Some(at),
            address: address.to_owned(),
            why: why.to_owned(),
            instead: "check what CloudFormation makes of it".to_owned(),
        };
        let mut findings = Vec::new();
        for (name, node) in self.resources() {
            if name.starts_with("Fn::") {
                findings.push(note(
                    name,
                    node.at,
                    "the resources that it makes are known only when it is deployed",
                ));
            }
            let kind = node.get("Type").and_then(Node::text);
            if kind == Some("AWS::CloudFormation::Stack") {
                findings.push(note(name, node.at, "a nested stack: its template is a file of its own"));
            }
            if kind == Some("AWS::EC2::Instance") {
                let template = reach(node, &["Properties", "LaunchTemplate"]);
                let tokens = reach(node, RULES.first().map_or(&[][..], |it| it.path));
                if template.function.is_some() && !tokens.whole && tokens.function.is_none() {
                    findings.push(note(
                        name,
                        template.node.at,
                        "whether it has a launch template is known only when it is deployed",
                    ));
                }
            }
        }
        findings
    }

    /// What a parameter is if nobody says otherwise.
    fn default_of(&self, node: &Node) -> String {
        let parameter = match node.tag.as_deref() {
            Some("Ref") => node.text(),
            _ => node.get("Ref").and_then(Node::text),
        };
        let default = parameter.and_then(|it| self.root.get("Parameters")?.get(it)?.get("Default")?.text());
        match (parameter, default) {
            (Some(name), Some(default)) => format!(" ({name}, by default {default})"),
            (Some(name), None) => format!(" ({name})"),
            (None, _) => String::new(),
        }
    }

    fn instead(&self, rule: &Rule, settings: &Settings) -> String {
        let words: Vec<&str> = rule.path.iter().skip(1).copied().collect();
        let value = wanted(rule, settings);
        if self.json {
            let open: Vec<String> = words.iter().map(|it| format!("\"{it}\": ")).collect();
            let quoted = if rule.code == "hop-limit" { value } else { format!("\"{value}\"") };
            format!("{}{quoted}{}", open.join("{ "), " }".repeat(words.len().saturating_sub(1)))
        } else {
            let value = if rule.code == "notebook-version-1" { format!("\"{value}\"") } else { value };
            let lines: Vec<String> =
                words.iter().enumerate().map(|(depth, it)| format!("{}{it}:", "  ".repeat(depth))).collect();
            format!("{} {value}", lines.join("\n"))
        }
    }
}

fn wanted(rule: &Rule, settings: &Settings) -> String {
    use v2only_policy::settings::HopLimitRule::{Exactly, Keep, Max};
    match (rule.code, settings.hop_limit) {
        ("hop-limit", Max(hops) | Exactly(hops)) => hops.get().to_string(),
        ("hop-limit", Keep) => "1".to_owned(),
        ("notebook-version-1", _) => "2".to_owned(),
        _ => "required".to_owned(),
    }
}

/// How far a path leads.
struct Reached<'a> {
    node: &'a Node,
    /// The last name on the way.
    name: &'a str,
    /// Whether that is all of the path.
    whole: bool,
    /// The function that stands where a value was expected.
    function: Option<String>,
}

fn reach<'a>(from: &'a Node, path: &[&'a str]) -> Reached<'a> {
    let mut reached = Reached { node: from, name: "it", whole: false, function: function(from) };
    for name in path {
        if reached.function.is_some() {
            return reached;
        }
        let Some(next) = reached.node.get(name) else { return reached };
        reached = Reached { node: next, name, whole: false, function: function(next) };
    }
    reached.whole = reached.function.is_none();
    reached
}

/// The intrinsic function that a node calls.
fn function(node: &Node) -> Option<String> {
    if let Some(tag) = &node.tag {
        return Some(format!("!{tag}"));
    }
    match &node.value {
        Value::Map(entries) => entries
            .iter()
            .map(|it| it.key.text.as_str())
            .find(|it| *it == "Ref" || it.starts_with("Fn::"))
            .map(str::to_owned),
        _ => None,
    }
}

fn json(node: &Node) -> Json {
    let value = match &node.value {
        Value::Scalar { text, plain } => scalar(text, *plain && node.tag.is_none()),
        Value::Refused => Json::Null,
        Value::List(items) => Json::Array(items.iter().map(json).collect()),
        Value::Map(entries) => {
            Json::Object(entries.iter().map(|it| (it.key.text.clone(), json(&it.value))).collect())
        }
    };
    let Some(tag) = &node.tag else { return value };
    let name = if tag == "Ref" || tag == "Condition" { tag.clone() } else { format!("Fn::{tag}") };
    Json::Object(Map::from_iter([(name, value)]))
}

/// Text without quotes is what YAML takes it for.
fn scalar(text: &str, plain: bool) -> Json {
    match text {
        "true" if plain => Json::Bool(true),
        "false" if plain => Json::Bool(false),
        "" | "~" | "null" if plain => Json::Null,
        _ if plain => text.parse::<Number>().map_or_else(|_| Json::String(text.to_owned()), Json::Number),
        _ => Json::String(text.to_owned()),
    }
}
