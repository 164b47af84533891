//! The findings of a run as SARIF: an exempt resource is suppressed with its reason, a fixed one passes, and
//! what could not be read makes the invocation unsuccessful.

use std::io::Write;

use serde_json::{Value, json};
use v2only_policy::rules::Severity;
use v2only_policy::{Hold, Rule};

use super::resource;
use super::sarif::{self, Level, SarifFinding};
use crate::print::documents;
use crate::report::item::Item;
use crate::report::sink::{Sink, Tail};
use crate::run::spool::values::Values;
use crate::term::problem::{Stop, sentence};

/// A run of a command. What could not be read comes before the results and is known after them, so that the results
/// wait in a temporary file.
pub(crate) struct Sarif<'a> {
    command: &'static str,
    titles: Vec<(&'static str, &'static str)>,
    results: Values,
    out: &'a mut dyn Write,
}

impl<'a> Sarif<'a> {
    pub(crate) fn new(command: &'static str, out: &'a mut dyn Write) -> Self {
        let titles = Rule::ALL.iter().map(|rule| (rule.id(), rule.about().title)).collect();
        Self { command, titles, results: Values::default(), out }
    }
}

impl Sink for Sarif<'_> {
    fn finding(&mut self, item: &Item<'_>) -> Result<(), Stop> {
        for (finding, mark) in results(item) {
            let mut result = sarif::result(&self.titles, &finding);
            extend(&mut result, mark);
            self.results.push(&result)?;
        }
        Ok(())
    }

    fn end(&mut self, tail: &Tail<'_>) -> Result<(), Stop> {
        let rules = Rule::ALL.iter().map(|rule| rule.about()).map(|rule| {
            json!({
                "id": rule.id, "shortDescription": { "text": rule.title },
                "helpUri": rule.aws_page, "fullDescription": { "text": rule.why },
                "help": { "text": rule.remediation },
            })
        });
        let unread = tail.surveys.iter().filter_map(|survey| Some((&survey.place, survey.failure.as_ref()?)));
        let notes: Vec<Value> = unread
            .map(|(place, failure)| {
                let text = format!("{place} could not be read completely: {}", sentence(failure));
                json!({ "level": "error", "message": { "text": text } })
            })
            .collect();
        let invocation =
            json!({ "executionSuccessful": notes.is_empty(), "toolExecutionNotifications": notes });
        let invocations = Some(json!([invocation]));
        let document = sarif::document(self.command, rules.collect(), invocations, &self.results);
        Ok(documents::json(self.out, &document)?)
    }
}

/// The results of one resource, each with what SARIF says of it besides.
fn results(item: &Item<'_>) -> Vec<(SarifFinding, Value)> {
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
                "requirements": rule.control(id.in_registry()).map_or(&[][..], |it| it.requirements),
                "outcome": item.outcome(), "hold": item.record.hold().map(Hold::code),
            },
        });
        if item.is_fixed() || item.is_gone() {
            extend(&mut mark, json!({ "kind": "pass", "level": "none" }));
        } else if let Some(by) = item.exemption() {
            let why = format!("{} (through {})", by.reason, by.until);
            extend(&mut mark, json!({ "suppressions": [{ "kind": "external", "justification": why }] }));
        }
        let finding = SarifFinding {
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
