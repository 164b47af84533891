//! The suppressions of a template: comments in YAML, and the metadata of resources in YAML and
//! JSON.

use v2only_document::tree::{Entry, Node, Value};

use super::template::Template;
use crate::iac::suppression::{Directive, comments, resource_at};

impl Template {
    /// The suppressions, in the order of the text that the template was read from.
    pub fn directives(&self, text: &str) -> Vec<Directive> {
        let mut resources = Vec::new();
        let entries = self.root.get("Resources").map(Node::entries).unwrap_or_default();
        collect(entries, &mut resources);
        let mut directives: Vec<Directive> = resources.iter().flat_map(|it| of_metadata(it)).collect();
        if !self.json {
            let ranges = self.ranges(&resources);
            let lines: Vec<&str> = text.lines().collect();
            for (at, words) in comments(text, &["#"]) {
                let address = resource_at(&lines, at.line, &ranges).map(str::to_owned);
                directives.push(Directive::from_comment(words, at, address));
            }
        }
        directives.sort_by_key(|it| it.at);
        directives
    }

    /// Each resource with its first and last line. A resource ends where the next key of the
    /// template or of its resources begins.
    fn ranges<'a>(&self, resources: &[&'a Entry]) -> Vec<(&'a str, usize, usize)> {
        let keys = resources.iter().map(|it| it.key.at.line);
        let mut starts: Vec<usize> =
            keys.chain(self.root.entries().iter().map(|it| it.key.at.line)).collect();
        starts.sort_unstable();
        let last = |first: usize| {
            let next = starts.partition_point(|it| *it <= first);
            starts.get(next).map_or(usize::MAX, |it| it.saturating_sub(1))
        };
        let range = |it: &&'a Entry| (it.key.text.as_str(), it.key.at.line, last(it.key.at.line));
        resources.iter().map(range).collect()
    }
}

/// The resources, with those in the bodies of loops.
pub(super) fn collect<'a>(entries: &'a [Entry], resources: &mut Vec<&'a Entry>) {
    for entry in entries {
        match &entry.value.value {
            Value::List(items) if entry.key.text.starts_with("Fn::ForEach") => {
                collect(items.last().map(Node::entries).unwrap_or_default(), resources);
            }
            _ => resources.push(entry),
        }
    }
}

/// The list, or the only entry, below `Metadata.v2only.ignore`.
fn of_metadata(resource: &Entry) -> Vec<Directive> {
    let metadata = resource.value.get("Metadata").and_then(|it| it.get("v2only"));
    let Some(ignore) = metadata.and_then(|it| it.get("ignore")) else { return Vec::new() };
    let entries = match &ignore.value {
        Value::List(items) => items.iter().collect(),
        _ => vec![ignore],
    };
    let text = |it: &Node, name: &str| it.get(name).and_then(Node::text).map(str::to_owned);
    let directive = |node: &Node| Directive {
        codes: match node.get("rule").map(|rule| &rule.value) {
            Some(Value::List(rules)) => rules.iter().filter_map(Node::text).map(str::to_owned).collect(),
            _ => text(node, "rule").into_iter().collect(),
        },
        until: text(node, "until"),
        reason: text(node, "reason"),
        at: Some(node.at),
        address: Some(resource.key.text.clone()),
    };
    entries.into_iter().map(directive).collect()
}
