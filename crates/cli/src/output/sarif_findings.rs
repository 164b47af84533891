//! The findings of a run as SARIF: what is exempt is suppressed with its reason, what was mended passes, and
//! what could not be read makes the invocation unsuccessful.

use serde::Serialize;
use serde_json::{Value, json};
use v2only_enforcer::Failure;
use v2only_policy::rules::Severity;
use v2only_policy::{Hold, Place, Rule};

use super::items::Item;
use super::listed::Made;
use super::resource;
use super::sarif::{self, Finding, Level};
use crate::estate::Findings;
use crate::problem::sentence;

/// A run of a command.
pub(crate) fn document(
    command: &str,
    findings: Findings<'_>,
    unread: &[(&Place, &Failure)],
) -> impl Serialize {
    let titles: Vec<(&'static str, &'static str)> =
        Rule::ALL.iter().map(|it| (it.about().id, it.about().title)).collect();
    let described = Rule::ALL.iter().map(|it| it.about()).map(|it| {
        json!({
            "id": it.id, "shortDescription": { "text": it.title },
            "helpUri": it.aws_page, "fullDescription": { "text": it.why },
        })
    });
    let notes: Vec<Value> = unread
        .iter()
        .map(|(place, failure)| {
            let text = format!("{place} could not be read completely: {}", sentence(failure));
            json!({ "level": "error", "message": { "text": text } })
        })
        .collect();
    let invocation = json!({ "executionSuccessful": unread.is_empty(), "toolExecutionNotifications": notes });
    let make = move |item: &Item<'_>| -> Vec<Value> {
        let whole = |(finding, mark): (Finding, Value)| {
            let mut result = sarif::result(&titles, &finding);
            extend(&mut result, mark);
            result
        };
        results(item).into_iter().map(whole).collect()
    };
    sarif::document(command, described.collect(), Some(json!([invocation])), Made { findings, make })
}

/// The results of one resource, each with what SARIF says of it besides.
fn results(item: &Item<'_>) -> Vec<(Finding, Value)> {
    let (place, id) = (&item.record.place, &item.record.resource);
    let named = resource::named(place, id);
    let one = |finding: &v2only_policy::Finding| {
        let rule = finding.rule().about();
        let level = match rule.severity {
            _ if item.exemption().is_some() => Level::Note,
            Severity::High => Level::Error,
            Severity::Medium => Level::Warning,
            Severity::Low | Severity::Informational => Level::Note,
        };
        let message = format!("{finding}. {}", resource::remedy(item, *finding));
        let fingerprint = resource::finding_id(place, id, rule.id);
        let mut mark = json!({
            "partialFingerprints": { "v2only/v1": fingerprint },
            "properties": {
                "account": place.account.as_str(), "region": place.region.as_str(), "kind": id.kind(),
                "outcome": item.record.outcome.code(), "hold": item.record.hold().map(Hold::code),
            },
        });
        if item.is_mended() || item.is_gone() {
            extend(&mut mark, json!({ "kind": "pass", "level": "none" }));
        } else if let Some(by) = item.exemption() {
            let why = format!("{} (through {})", by.reason, by.until);
            extend(&mut mark, json!({ "suppressions": [{ "kind": "external", "justification": why }] }));
        }
        let finding = Finding {
            rule: rule.id,
            level,
            message,
            file: named.id.clone(),
            line: None,
            column: None,
            logical: Some(format!("{place}/{id}")),
        };
        (finding, mark)
    };
    item.findings().iter().map(one).collect()
}

/// Adds members to an object.
fn extend(object: &mut Value, members: Value) {
    if let (Value::Object(object), Value::Object(members)) = (object, members) {
        object.extend(members);
    }
}
