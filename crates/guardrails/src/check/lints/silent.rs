//! A denial of launches that request version 1 by name.

use crate::check::effects::{self, Outcome};
use crate::check::finding::about as finding;
use crate::check::read::Policy;
use crate::check::{Against, Finding, Level};

/// A policy that denies `HttpTokens: optional`, and lets launches pass that do not state `HttpTokens`.
pub fn run(policy: &Policy, against: Against<'_>) -> Vec<Finding> {
    let cases = effects::of(policy, against);
    let outcome = |id: &str| cases.iter().find(|it| it.id == id).map(|it| &it.outcome);
    let (Some(Outcome::Denied(by)), Some(silent)) = (outcome("launch-v1"), outcome("launch-silent")) else {
        return Vec::new();
    };
    if matches!(silent, Outcome::Denied(_)) {
        return Vec::new();
    }
    let about_tokens = |statement: &&crate::check::read::Statement| {
        by.contains(&statement.name)
            && statement.tests.iter().any(|it| it.key.text.eq_ignore_ascii_case("ec2:MetadataHttpTokens"))
    };
    let statement = policy.statements.iter().find(about_tokens);
    let report = |statement| {
        finding(
            "silent-launch-passes",
            Level::Warning,
            statement,
            statement.at,
            "a launch that does not state HttpTokens passes, and the account default and the AMI decide",
            "write \"StringNotEquals\": {\"ec2:MetadataHttpTokens\": \"required\"} on instance/*",
        )
    };
    statement.map(report).into_iter().collect()
}
