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
        failed.extend(read(&report, file.rules().collect())?);
    }
    failed.sort();
    failed.dedup();
    Ok(failed)
}

/// What failed by the record of one rule file, which has to speak of each of its rules.
fn read(report: &Value, mut asked: BTreeSet<&str>) -> Result<Vec<Failed>, String> {
    let mut failed = Vec::new();
    for rule in children(report) {
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
    match asked.first() {
        Some(name) => Err(format!("Guard says nothing of the rule {name}")),
        None => Ok(failed),
    }
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The record of a rule of this name, with these blocks below it.
    fn rule(status: &str, blocks: &Value) -> Value {
        json!({ "children": [{ "container": { "RuleCheck": { "name": "v2", "status": status } }, "children": blocks }] })
    }

    fn clause(path: &str) -> Value {
        let at = json!({ "path": path });
        json!([{ "children": [{ "container": { "ClauseValueCheck": { "status": "FAIL", "from": at } } }] }])
    }

    fn asked(report: &Value) -> Result<Vec<Failed>, String> {
        read(report, BTreeSet::from(["v2"]))
    }

    #[test]
    fn a_failed_clause_names_its_resource() {
        let failed = vec![Failed { rule: "v2".to_owned(), resource: "Web".to_owned() }];
        let report = rule("FAIL", &clause("/Resources/Web/Properties"));
        assert_eq!(asked(&report), Ok(failed));
        assert_eq!(asked(&rule("PASS", &json!([]))), Ok(Vec::new()));
    }

    #[test]
    fn a_record_of_another_shape_is_an_error_and_no_template_without_mistakes() {
        let says_nothing = "Guard says nothing of the rule v2";
        let elsewhere = json!({ "rules": [{ "name": "v2", "status": "FAIL" }] });
        let renamed =
            json!({ "children": [{ "container": { "Rule": { "name": "v2", "status": "FAIL" } } }] });
        for report in [json!({}), json!(null), json!([]), elsewhere, renamed] {
            assert_eq!(asked(&report), Err(says_nothing.to_owned()), "{report}");
        }
        let of_nothing = "v2 failed, and Guard does not say of which resource";
        let flat = json!([{ "container": { "ClauseValueCheck": { "status": "FAIL" } } }]);
        for report in
            [rule("FAIL", &json!([])), rule("FAIL", &flat), rule("FAIL", &clause("/Parameters/Web"))]
        {
            assert_eq!(asked(&report), Err(of_nothing.to_owned()), "{report}");
        }
    }
}
