//! Actions that are nearly right, and elements that belong elsewhere.

use super::finding;
use crate::check::read::Statement;
use crate::check::table::ACTIONS;
use crate::check::{Against, Finding, Level};
use v2only_document::spelling;

/// Real actions that differ from ours by a letter or two.
const NEIGHBOURS: &[&str] = &["ec2:StopInstances"];

/// Misspelt actions, and a principal.
pub fn run(statement: &Statement, _: Against<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some(at) = statement.principal {
        findings.push(finding(
            "principal-in-policy",
            Level::Error,
            statement,
            at,
            "only policies of resources have a Principal",
            "take it out; to spare somebody, use \"ArnNotLike\": {\"aws:PrincipalArn\": …}",
        ));
    }
    for word in &statement.actions.words {
        let text = word.text.to_ascii_lowercase();
        if text.contains(['*', '?']) || NEIGHBOURS.iter().any(|it| it.eq_ignore_ascii_case(&text)) {
            continue;
        }
        if ACTIONS.iter().any(|it| it.eq_ignore_ascii_case(&text)) {
            continue;
        }
        if let Some(near) = spelling::nearest_within(&text, ACTIONS.iter().copied(), 2) {
            findings.push(finding(
                "unknown-action",
                Level::Error,
                statement,
                word.at,
                format!("there is no action `{}`", word.text),
                format!("did you mean `{near}`?"),
            ));
        }
    }
    findings
}
