//! The preventive policies from outside: the shipped files, their sizes, the roles, the documentation.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a failed unwrap is a failed test")]
#![expect(clippy::disallowed_methods, reason = "these tests read and renew the shipped files")]

mod check;
mod cloudformation;
mod deploy;
mod document;
mod effects;
mod expressions;
mod form;
mod growth;
mod hop_limits;
mod impact;
mod kubernetes;
mod large;
mod lints;
mod modules;
mod outputs;
mod packer;
mod plans;
mod policy_findings;
mod positions;
mod readme;
mod reasons;
mod recorded;
mod references;
mod roles;
mod shipped;
mod sizes;
mod source;
mod source_properties;
mod suppression;
mod template_values;
mod templates;
mod terraform;
mod types;

use std::path::{Path, PathBuf};

/// Where the shipped files lie.
fn policies() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies")
}

/// The statements of a rendered policy; none for a declarative one.
fn statements(json: &str) -> Vec<serde_json::Value> {
    let policy: serde_json::Value = serde_json::from_str(json).unwrap();
    policy.get("Statement").and_then(|it| it.as_array()).cloned().unwrap_or_default()
}

/// A member that is one word or a list of them.
fn words(statement: &serde_json::Value, member: &str) -> Vec<String> {
    match statement.get(member) {
        Some(serde_json::Value::String(word)) => vec![word.clone()],
        Some(serde_json::Value::Array(words)) => {
            words.iter().map(|it| it.as_str().unwrap().to_owned()).collect()
        }
        other => panic!("{member} is {other:?}"),
    }
}
