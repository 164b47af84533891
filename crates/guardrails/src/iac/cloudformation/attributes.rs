//! The keys of a resource beside its properties.
//!
//! Source: AWS CloudFormation Template Reference, "Resource attributes"; AWS SAM Developer Guide.

use v2only_document::tree::Node;

use super::template::note;
use super::value::is_misspelt;
use crate::check::Level;
use crate::iac::Finding;

/// The keys of a resource, with those of AWS SAM.
const ATTRIBUTES: [&str; 11] = [
    "Type",
    "Properties",
    "Condition",
    "Connectors",
    "CreationPolicy",
    "DeletionPolicy",
    "DependsOn",
    "IgnoreGlobals",
    "Metadata",
    "UpdatePolicy",
    "UpdateReplacePolicy",
];

/// Findings about keys of a resource that CloudFormation does not know, and so refuses.
pub(super) fn unknown(name: &str, node: &Node) -> Vec<Finding> {
    let known = |key: &str| ATTRIBUTES.contains(&key) || key.starts_with("Fn::");
    let mut findings = Vec::new();
    for entry in node.entries().iter().filter(|it| !known(&it.key.text)) {
        let (key, at) = (entry.key.text.as_str(), entry.key.at);
        findings.push(match ATTRIBUTES.iter().find(|it| is_misspelt(key, it)) {
            Some(right) => Finding {
                code: "malformed-property",
                level: Level::Error,
                at: Some(at),
                address: name.to_owned(),
                why: format!("there is no key {key} of a resource; write {right}"),
                instead: format!("{right}:"),
            },
            None => note(name, at, format!("the key {key} of a resource is unknown")),
        });
    }
    findings
}
