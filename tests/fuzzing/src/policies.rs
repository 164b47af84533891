//! Service control, resource control and identity policies.

use std::collections::BTreeSet;

use serde_json::Value;
use v2only_guardrails::Settings;
use v2only_guardrails::check::{Against, Attachment, CODES, Report, check};

use crate::corpus;
use crate::marks::Lines;

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let folders = ["policies/scp", "policies/rcp", "policies/iam", "tests/foreign/policies"];
    let mut seeds = corpus::files(&folders, &[".json"]);
    seeds.extend(corpus::literals(
        &["crates/guardrails/tests", "crates/guardrails/src/check"],
        &["\"Effect\""],
    ));
    seeds
}

/// A policy is judged as its JSON says, however it is spaced; text that is not JSON is never judged.
pub(crate) fn run(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let settings = Settings::shipped();
    for attachment in [Attachment::Scp, Attachment::Rcp, Attachment::Identity] {
        let against = Against { settings: &settings, own: false, attachment };
        let report = match check(text, against) {
            Ok(report) => report,
            Err(why) => {
                Lines::of_yaml(text).hold(why.at, &why.message);
                return;
            }
        };
        let value = serde_json::from_str::<Value>(text);
        assert!(value.is_ok(), "judged without being JSON: {text:?}");
        let lines = Lines::of_yaml(text);
        for finding in &report.findings {
            assert!(CODES.iter().any(|(code, ..)| *code == finding.code), "{} is no code", finding.code);
            lines.hold(finding.at, finding.code);
        }
        // A JSON value keeps one of two equal keys, sorts keys, and writes fractions in its own way.
        let malformed = report.findings.iter().any(|finding| finding.code == "malformed");
        let Some(value) = value.ok().filter(|value| !malformed && !has_fraction(value)) else { return };
        let printed = check(&value.to_string(), against);
        let effects = printed.as_ref().map(|it| &it.effects);
        assert_eq!(effects, Ok(&report.effects), "spaces change the effects of {text}");
        assert_eq!(printed.as_ref().map(codes), Ok(codes(&report)), "spaces change the findings of {text}");
    }
}

fn has_fraction(value: &Value) -> bool {
    match value {
        Value::Number(number) => number.is_f64(),
        Value::Array(items) => items.iter().any(has_fraction),
        Value::Object(fields) => fields.values().any(has_fraction),
        _ => false,
    }
}

/// The findings without positions and sizes, which spaces change.
fn codes(report: &Report) -> BTreeSet<(&'static str, Option<String>)> {
    let findings = report.findings.iter().filter(|finding| finding.code != "too-large");
    findings.map(|finding| (finding.code, finding.statement.clone())).collect()
}
