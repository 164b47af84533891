//! A template that was read, and what its parts say of each other.

use std::collections::HashSet;

use v2only_document::tree::{Issue, Node, Value};

use super::call::function;
use crate::Mark;
use crate::check::Level;
use crate::iac::Finding;

/// A template.
#[derive(Debug, Clone)]
pub struct Template {
    pub(super) root: Node,
    pub(super) json: bool,
    /// Where a second document begins.
    pub(super) second: Option<Mark>,
    pub(super) issues: Vec<Issue>,
    /// Whether parameters have their defaults.
    pub(super) by_defaults: bool,
    pub(super) launch_templates: Declared,
    pub(super) launch_configurations: Declared,
}

/// The resources of one type that a template declares.
#[derive(Debug, Clone, Default)]
pub(super) struct Declared {
    /// Their logical names.
    logical: HashSet<String>,
    /// Their names in AWS, where the template states them.
    pub(super) names: HashSet<String>,
}

impl Declared {
    /// The resources of the type; `name` is the property with the name in AWS.
    pub(super) fn of(root: &Node, kind: &str, name: &str) -> Self {
        let mut found = Self::default();
        for entry in root.get("Resources").map(Node::entries).unwrap_or_default() {
            let resource = &entry.value;
            if resource.get("Type").and_then(Node::text) == Some(kind) {
                found.logical.insert(entry.key.text.clone());
                let name = resource.get("Properties").and_then(|it| it.get(name));
                found.names.extend(name.and_then(Node::text).map(str::to_owned));
            }
        }
        found
    }

    /// Whether a value refers to one of the resources, by `!Ref`, `!GetAtt` or its name.
    pub(super) fn contains(&self, value: &Node) -> bool {
        let logical = match function(value) {
            Some((function, argument)) if function.ends_with("Ref") => argument.text(),
            Some((function, argument)) if function.ends_with("GetAtt") => match &argument.value {
                Value::List(items) => items.first().and_then(Node::text),
                _ => argument.text().and_then(|it| it.split('.').next()),
            },
            Some((function, argument)) if function.ends_with("Sub") => {
                argument.text().and_then(|it| it.strip_prefix("${")?.strip_suffix('}'))
            }
            Some(_) => None,
            None => return value.text().is_some_and(|it| self.names.contains(it)),
        };
        let logical = logical.map(|it| it.split('.').next().unwrap_or_default());
        logical.is_some_and(|it| self.logical.contains(it))
    }
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
    /// The resources by their logical names.
    pub(super) fn resources(&self) -> Vec<(&str, &Node)> {
        let resources = self.root.get("Resources").map(Node::entries).unwrap_or_default();
        resources.iter().map(|it| (it.key.text.as_str(), &it.value)).collect()
    }

    /// A parameter with its default, for a message.
    pub(super) fn default_of(&self, parameter: &str) -> String {
        let declared = self.root.get("Parameters").and_then(|it| it.get(parameter));
        match declared.and_then(|it| it.get("Default")?.text()) {
            Some(default) => format!(" ({parameter}, by default {default})"),
            None => format!(" ({parameter})"),
        }
    }
}

/// A note that a resource cannot be judged.
pub(super) fn note(address: &str, at: Mark, why: String) -> Finding {
    Finding {
        code: "cannot-tell",
        level: Level::Note,
        at: Some(at),
        address: address.to_owned(),
        why,
        instead: "check what is deployed, or write the value out".to_owned(),
    }
}
