//! `Allow` where it restricts nothing.

use crate::check::evaluate::applies_to;
use crate::check::finding::about as finding;
use crate::check::glob;
use crate::check::read::{Policy, Statement};
use crate::check::table::{self, ACTIONS};
use crate::check::{Against, Attachment, Finding, Level};

/// A service control policy grants nothing: beside `FullAWSAccess` an `Allow` has no effect at all.
pub fn run(policy: &Policy, against: Against<'_>) -> Vec<Finding> {
    if against.attachment != Attachment::Scp {
        return Vec::new();
    }
    let mut allows = policy.statements.iter().filter(|it| !it.deny && !is_full_access(it));
    if is_allow_list(policy) {
        let note = |statement| {
            finding(
                "allow-list",
                Level::Note,
                statement,
                statement.at,
                "the policy is an allow list: in place of `FullAWSAccess` it denies every other action",
                "detach `FullAWSAccess` where this policy is attached; beside it the list has no effect",
            )
        };
        return allows.next().map(note).into_iter().collect();
    }
    let restricts_nothing = |statement: &Statement| {
        finding(
            "allow-restricts-nothing",
            Level::Error,
            statement,
            statement.at,
            "beside `FullAWSAccess` this Allow restricts nothing, and in its place it denies every other action",
            "write a Deny with the opposite condition: \"Effect\": \"Deny\" with StringNotEquals in place of StringEquals",
        )
    };
    allows.map(restricts_nothing).collect()
}

/// Whether a policy allows a list of actions, some of them without conditions, and not every
/// action. A policy whose only Allow has conditions is meant as a restriction.
pub fn is_allow_list(policy: &Policy) -> bool {
    let allows = || policy.statements.iter().filter(|it| !it.deny);
    !allows().any(is_full_access) && allows().any(|it| it.tests.is_empty())
}

fn is_full_access(statement: &Statement) -> bool {
    let everything = |words: &[crate::Word]| words.iter().any(|it| it.text == "*");
    !statement.actions.not
        && everything(&statement.actions.words)
        && everything(&statement.resources.words)
        && statement.tests.is_empty()
}

/// A grant with conditions beside a grant of the same action on the same resources without
/// conditions.
pub fn beside_wider(policy: &Policy, against: Against<'_>) -> Vec<Finding> {
    let is_list = against.attachment == Attachment::Scp && is_allow_list(policy);
    if against.attachment != Attachment::Identity && !is_list {
        return Vec::new();
    }
    let grants = || policy.statements.iter().filter(|it| !it.deny);
    let conditioned = grants().filter(|it| !it.tests.is_empty());
    conditioned
        .filter_map(|narrow| {
            let (action, wide) = ACTIONS.iter().filter(|it| applies_to(narrow, it)).find_map(|action| {
                let wide = grants()
                    .find(|it| it.tests.is_empty() && applies_to(it, action) && covers(it, narrow, action))?;
                Some((action, wide))
            })?;
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

/// Whether every resource of the narrow grant is among those of the wide one. Where a condition key
/// exists only on some resource types, only these count.
fn covers(wide: &Statement, narrow: &Statement, action: &str) -> bool {
    let within = |text: &str| wide.resources.words.iter().any(|it| glob::matches(&it.text, text));
    let excepted = |text: &str| narrow.resources.words.iter().any(|it| it.text == text);
    match (wide.resources.not, narrow.resources.not) {
        (true, true) => return wide.resources.words.iter().all(|it| excepted(&it.text)),
        (false, true) => return within("*"),
        (true, false) => return false,
        (false, false) => {}
    }
    let carried = narrow.tests.iter().filter_map(|it| table::key(&it.key.text)).find_map(|key| {
        let kinds = key.carriers().into_iter().find(|(it, _)| *it == action)?.1;
        kinds.iter().all(|it| *it != "*").then_some(kinds)
    });
    let sample = |kind: &str| {
        let service = action.split(':').next().unwrap_or_default();
        format!("arn:aws:{service}:eu-central-1:111122223333:{kind}/x-0abc0123456789def")
    };
    narrow.resources.words.iter().all(|word| {
        within(&word.text)
            || carried.as_ref().is_some_and(|kinds| {
                let arns = kinds.iter().map(|it| sample(it));
                arns.filter(|arn| glob::matches(&word.text, arn)).all(|arn| within(&arn))
            })
    })
}
