//! One mistake a file.

mod allow;
mod exemptions;
mod guards;
mod keys;
mod lock_out;
mod operators;
mod placeholders;
mod present;
mod resource_control;
mod resources;
mod shape;
mod silent;
mod size;
mod words;

use super::read::{Policy, Statement};
use super::{Against, Finding};
use v2only_policy::Partition;

pub use allow::is_allow_list;

/// Every code of a finding, with what it means in one sentence.
pub const CODES: &[(&str, &str)] = &[
    ("allow-list", "a service control policy allows a list of actions, and denies all others"),
    (
        "allow-restricts-nothing",
        "an Allow in a service control policy, or beside a wider one, keeps nobody from anything",
    ),
    ("exempt-role-unknown", "a statement spares a role that the policy document does not know"),
    ("exempts-everybody", "a statement spares every principal, and so binds nobody"),
    ("impossible-value", "a key is compared with a value that it never has"),
    ("key-not-on-resource", "a condition key does not exist for the action on this type of resource"),
    ("locks-out-remediation", "a statement refuses what this product's own roles have to do"),
    ("malformed", "AWS refuses the policy because of its form"),
    ("matches-nothing", "a resource pattern matches no resource"),
    ("missing-null-guard", "a negative condition also holds for requests that do not speak of the option"),
    ("not-a-number", "a numeric operator compares with a value that is not a number"),
    ("partition-differs", "an ARN is of another partition than the rest"),
    ("present-value", "a denial of a change tests the present value where the requested value is meant"),
    ("principal-in-policy", "only policies of resources have a Principal"),
    ("silent-launch-passes", "a launch that does not state HttpTokens passes"),
    ("too-large", "a policy is larger than AWS accepts"),
    ("unfilled-placeholder", "a placeholder was not replaced by its value"),
    ("unknown-action", "an action does not exist, or is misspelt"),
    ("unknown-condition-key", "a condition key does not exist, or is misspelt"),
    ("unknown-operator", "a condition operator does not exist, or is misspelt"),
    ("unsupported-service", "a resource control policy does not apply to the service"),
    ("wrong-operator", "a condition operator does not fit the type of its key"),
];

type Lint = fn(&Statement, Against<'_>) -> Vec<Finding>;

const LINTS: &[Lint] = &[
    exemptions::run,
    guards::run,
    keys::run,
    operators::run,
    placeholders::run,
    present::run,
    resources::run,
    words::run,
];

/// Runs every lint.
pub fn run(policy: &Policy, text: &str, against: Against<'_>) -> Vec<Finding> {
    let each = policy.statements.iter().flat_map(|it| LINTS.iter().flat_map(move |lint| lint(it, against)));
    let mut findings: Vec<Finding> = each.collect();
    findings.extend(allow::run(policy, against));
    findings.extend(allow::beside_wider(policy, against));
    findings.extend(resource_control::run(policy, against));
    let misplaced = findings.iter().filter(|it| it.code == present::CODE);
    let misplaced: Vec<Option<String>> = misplaced.map(|it| it.statement.clone()).collect();
    // That finding says what to write instead, and the instance cannot be fixed for the same reason.
    findings
        .extend(lock_out::run(policy, against).into_iter().filter(|it| !misplaced.contains(&it.statement)));
    findings.extend(shape::run(policy));
    findings.extend(resources::partitions(policy, against));
    findings.extend(silent::run(policy, against));
    findings.extend(size::run(text, against));
    findings
}

/// The partition of the first ARN that a policy writes out.
pub fn partition(policy: &Policy) -> Option<Partition> {
    let words = policy.statements.iter().flat_map(|statement| {
        let tested = statement.tests.iter().flat_map(|it| &it.values);
        statement.resources.words.iter().chain(tested)
    });
    let first = words.filter_map(|it| resources::partition(&it.text)).next()?;
    [Partition::Aws, Partition::AwsCn, Partition::AwsUsGov].into_iter().find(|it| it.as_str() == first)
}
