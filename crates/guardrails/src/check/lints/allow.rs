//! `Allow` where it restricts nothing.

use super::finding;
use crate::check::evaluate::applies_to;
use crate::check::read::{Policy, Statement};
use crate::check::table::ACTIONS;
use crate::check::{Against, Attachment, Finding, Level};

/// A service control policy grants nothing: beside `FullAWSAccess` an `Allow` has no effect at all.
pub fn run(statement: &Statement, against: Against<'_>) -> Vec<Finding> {
    if statement.deny || against.attachment != Attachment::Scp {
        return Vec::new();
    }
    let everything = |words: &[crate::Word]| words.iter().any(|it| it.text == "*");
    let is_full_access = !statement.actions.not
        && everything(&statement.actions.words)
        && everything(&statement.resources.words)
        && statement.tests.is_empty();
    if is_full_access {
        return Vec::new();
    }
    vec![finding(
        "allow-restricts-nothing",
        Level::Error,
        statement,
        statement.at,
        "beside `FullAWSAccess` this Allow restricts nothing, and in its place it denies every other action",
        "write a Deny with the opposite condition: \"Effect\": \"Deny\" with StringNotEquals in place of StringEquals",
    )]
}

/// A grant with conditions beside one without.
pub fn beside_wider(policy: &Policy, against: Against<'_>) -> Vec<Finding> {
    if against.attachment != Attachment::Identity {
        return Vec::new();
    }
    let grants = || policy.statements.iter().filter(|it| !it.deny);
    let conditioned = grants().filter(|it| !it.tests.is_empty());
    conditioned
        .filter_map(|narrow| {
            let action = ACTIONS.iter().find(|it| applies_to(narrow, it))?;
            let wide = grants().find(|it| it.tests.is_empty() && applies_to(it, action))?;
            Some(finding(
                "allow-restricts-nothing",
                Level::Warning,
                narrow,
                narrow.at,
                format!("`{}` grants {action} without these conditions", wide.name),
                format!("take {action} out of `{}`, or deny what the conditions are to keep out", wide.name),
            ))
        })
        .collect()
}
