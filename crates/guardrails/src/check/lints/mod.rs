//! One mistake a file.

mod allow;
mod exemptions;
mod guards;
mod keys;
mod lock_out;
mod operators;
mod size;
mod words;

use super::read::{Policy, Statement};
use super::{Against, Finding, Level};
use crate::Mark;

/// Every code of a finding, with what it means in one sentence.
pub const CODES: &[(&str, &str)] = &[
    (
        "allow-restricts-nothing",
        "an Allow in a service control policy, or beside a wider one, keeps nobody from anything",
    ),
    ("exempt-role-unknown", "a statement spares a role that the policy document does not know"),
    ("exempts-everybody", "a statement spares every principal, and so binds nobody"),
    ("impossible-value", "a key is compared with a value that it never has"),
    ("key-not-on-resource", "a condition key does not exist for the action on this type of resource"),
    ("locks-out-remediation", "a statement refuses what this product's own roles have to do"),
    ("missing-null-guard", "a negative condition also holds for requests that do not speak of the option"),
    ("principal-in-policy", "only policies of resources have a Principal"),
    ("too-large", "a policy is larger than AWS accepts"),
    ("unknown-action", "an action does not exist, or is misspelt"),
    ("unknown-condition-key", "a condition key does not exist, or is misspelt"),
    ("unknown-operator", "a condition operator does not exist, or is misspelt"),
    ("wrong-operator", "a condition operator does not fit the type of its key"),
];

type Lint = fn(&Statement, Against<'_>) -> Vec<Finding>;

const LINTS: &[Lint] = &[allow::run, exemptions::run, guards::run, keys::run, operators::run, words::run];

/// Runs every lint.
pub fn run(policy: &Policy, text: &str, against: Against<'_>) -> Vec<Finding> {
    let each = policy.statements.iter().flat_map(|it| LINTS.iter().flat_map(move |lint| lint(it, against)));
    let mut findings: Vec<Finding> = each.collect();
    findings.extend(allow::beside_wider(policy, against));
    findings.extend(lock_out::run(policy, against));
    findings.extend(size::run(text, against));
    findings
}

/// A finding about a statement.
fn finding(
    code: &'static str,
    level: Level,
    statement: &Statement,
    at: Mark,
    message: impl Into<String>,
    instead: impl Into<String>,
) -> Finding {
    Finding {
        code,
        level,
        at,
        statement: Some(statement.name.clone()),
        message: message.into(),
        instead: instead.into(),
    }
}
