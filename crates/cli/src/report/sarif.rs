//! SARIF 2.1.0, the format that code scanning understands.
//!
//! Source: OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0".

use serde::Serialize;
use serde_json::{Value, json};

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    /// It has to be fixed.
    Error,
    /// It probably has to be.
    Warning,
    /// Worth knowing.
    Note,
}

impl Level {
    /// The published word.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// One result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SarifFinding {
    /// The code of the rule.
    pub(crate) rule: &'static str,
    /// How bad it is.
    pub(crate) level: Level,
    /// What is wrong, and what to do.
    pub(crate) message: String,
    /// The file as it was named.
    pub(crate) file: String,
    /// From 1, where it is known.
    pub(crate) line: Option<usize>,
    /// From 1, where it is known.
    pub(crate) column: Option<usize>,
    /// What it is about within the file: a statement, the address of a resource.
    pub(crate) logical: Option<String>,
}

/// A run of a command that has these rules, each with a short description.
pub(crate) fn render(
    command: &str,
    rules: &[(&'static str, &'static str)],
    findings: &[SarifFinding],
) -> impl Serialize {
    let described = rules
        .iter()
        .map(|(id, description)| json!({"id": id, "shortDescription": {"text": description}}))
        .collect();
    let results: Vec<Value> = findings.iter().map(|it| result(rules, it)).collect();
    document(command, described, None, results)
}

/// A run with results that may be serialized one by one.
pub(crate) fn document<T: Serialize>(
    command: &str,
    rules: Vec<Value>,
    invocations: Option<Value>,
    results: T,
) -> impl Serialize {
    let driver =
        json!({ "name": format!("v2only {command}"), "version": env!("CARGO_PKG_VERSION"), "rules": rules });
    let run = SarifRun { invocations, results, tool: json!({ "driver": driver }) };
    Document { schema: SCHEMA, runs: [run], version: "2.1.0" }
}

#[derive(Serialize)]
struct Document<T> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    runs: [SarifRun<T>; 1],
    version: &'static str,
}

#[derive(Serialize)]
struct SarifRun<T> {
    #[serde(skip_serializing_if = "Option::is_none")]
    invocations: Option<Value>,
    results: T,
    tool: Value,
}

/// One result of a run that has these rules.
pub(crate) fn result(rules: &[(&'static str, &'static str)], finding: &SarifFinding) -> Value {
    let region = finding.line.map(|line| match finding.column {
        Some(column) => json!({"startLine": line, "startColumn": column}),
        None => json!({"startLine": line}),
    });
    let physical =
        members([("artifactLocation", Some(json!({"uri": uri(&finding.file)}))), ("region", region)]);
    let logical = finding.logical.as_ref().map(|name| json!([{"fullyQualifiedName": name}]));
    let location = members([("physicalLocation", Some(physical)), ("logicalLocations", logical)]);
    members([
        ("ruleId", Some(json!(finding.rule))),
        ("ruleIndex", rules.iter().position(|(id, _)| *id == finding.rule).map(|it| json!(it))),
        ("level", Some(json!(finding.level.code()))),
        ("message", Some(json!({"text": finding.message}))),
        ("locations", Some(json!([location]))),
    ])
}

/// An object of the members that are there.
fn members<const N: usize>(all: [(&str, Option<Value>); N]) -> Value {
    all.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

/// A path as a relative or absolute reference; what a URI cannot hold is escaped.
fn uri(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'.' | b'_' | b'~' | b':' => {
                uri.push(char::from(byte));
            }
            b'\\' => uri.push('/'),
            other => uri.push_str(&format!("%{other:02X}")),
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_says_where_and_by_which_rule() {
        let finding = SarifFinding {
            rule: "b",
            level: Level::Error,
            message: "wrong".to_owned(),
            file: "a policy.json".to_owned(),
            line: Some(3),
            column: Some(7),
            logical: Some("Sid".to_owned()),
        };
        let (rules, findings) = ([("a", "first"), ("b", "second")], [finding]);
        let sarif = serde_json::to_value(render("check", &rules, &findings)).unwrap();
        let result = &sarif["runs"][0]["results"][0];
        assert_eq!(
            (&result["ruleId"], &result["ruleIndex"], &result["level"]),
            (&json!("b"), &json!(1), &json!("error"))
        );
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "a%20policy.json");
        assert_eq!(place["region"], json!({"startLine": 3, "startColumn": 7}));
        assert_eq!(sarif["runs"][0]["tool"]["driver"]["rules"][1]["id"], "b");
    }
}
