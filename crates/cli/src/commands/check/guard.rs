//! CloudFormation Guard, asked for its whole record of an evaluation.
//!
//! Its short report is not asked for: it is cut off at 8 KiB.

use std::collections::BTreeSet;

use cfn_guard::{ValidateInput, run_checks};
use serde_json::Value;
use v2only_guardrails::iac::guard::RuleFile;

/// A rule that a resource failed.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Failed {
    pub(super) rule: String,
    pub(super) resource: String,
}

/// What fails, in the order of rules and resources.
///
/// # Errors
/// Guard cannot read the rules or the template.
pub(super) fn failures(rules: &[RuleFile], name: &str, template: &str) -> Result<Vec<Failed>, String> {
    let mut failed = Vec::new();
    for file in rules {
        let data = ValidateInput { content: template, file_name: name };
        let text = ValidateInput { content: &file.text, file_name: &file.path };
        let report = run_checks(data, text, true).map_err(|why| why.to_string())?;
        let report: Value = serde_json::from_str(&report).map_err(|why| why.to_string())?;
        let mut asked: BTreeSet<&str> = file.rules().collect();
        for rule in children(&report) {
            let Some(name) = rule.pointer("/container/RuleCheck/name").and_then(Value::as_str) else {
                continue;
            };
            asked.remove(name);
            let before = failed.len();
            // What stands beside the condition of a rule are its blocks.
            for block in children(rule).iter().filter(|it| it.pointer("/container/RuleCondition").is_none()) {
                for clause in children(block).iter().filter(|it| is_failed(it)) {
                    let Some(resource) = resource(clause) else {
                        return Err(format!("{name} failed, and Guard does not say of which resource"));
                    };
                    failed.push(Failed { rule: name.to_owned(), resource });
                }
            }
            // A record of another shape must not read like a template without mistakes.
            if is_failed(rule) && failed.len() == before {
                return Err(format!("{name} failed, and Guard does not say of which resource"));
            }
        }
        if let Some(name) = asked.first() {
            return Err(format!("Guard says nothing of the rule {name}"));
        }
    }
    failed.sort();
    failed.dedup();
    Ok(failed)
}

fn children(record: &Value) -> &[Value] {
    record.get("children").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// The status stands below the kind of the record.
fn is_failed(record: &Value) -> bool {
    let container = record.get("container").and_then(Value::as_object);
    let status = container.and_then(|it| it.values().next()?.get("status"));
    status.and_then(Value::as_str) == Some("FAIL")
}

/// The resource that a failed clause is about: the first path below it.
fn resource(record: &Value) -> Option<String> {
    match record {
        Value::Object(members) => {
            let path = members.get("path").and_then(Value::as_str);
            let named = path.and_then(|it| it.strip_prefix("/Resources/")?.split('/').next());
            match named {
                Some(name) if !name.is_empty() => Some(name.to_owned()),
                _ => members.values().find_map(resource),
            }
        }
        Value::Array(items) => items.iter().find_map(resource),
        _ => None,
    }
}
