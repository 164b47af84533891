//! What is said of events, for people.

use v2only_enforcer::Outcome;
use v2only_policy::Verdict;

use crate::commands::replay::event_report::{EventReport, Word, follows, verdict, why};
use crate::print::sheet::{Column, Entry, Sheet};
use crate::term::messages::count;
use crate::term::text::plain;

/// The numbers of a replay.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    pub(crate) events: usize,
    pub(crate) ignored: usize,
    pub(crate) malformed: usize,
    pub(crate) compliant: usize,
    pub(crate) exempt: usize,
    pub(crate) violations: usize,
    pub(crate) not_judged: usize,
    pub(crate) fixed: usize,
    pub(crate) failed: usize,
    pub(crate) remaining: usize,
}

impl Totals {
    pub(crate) fn of(all: &[EventReport]) -> Self {
        let mut totals = Self { events: all.len(), ..Self::default() };
        for word in all.iter().flat_map(|it| &it.words) {
            let record = match word {
                Word::Ignored { .. } => {
                    totals.ignored += 1;
                    continue;
                }
                Word::Malformed(_) => {
                    totals.malformed += 1;
                    continue;
                }
                Word::Record(record) => record,
            };
            match (&record.outcome, record.verdict()) {
                (Outcome::NotJudged(_), _) => totals.not_judged += 1,
                (_, Some(Verdict::Compliant(_) | Verdict::Gone)) => totals.compliant += 1,
                (_, Some(Verdict::Exempt { .. })) => totals.exempt += 1,
                (_, Some(Verdict::Violation(_))) => totals.violations += 1,
                (Outcome::Failed(_), None) => {}
                (_, None) => totals.not_judged += 1,
            }
            totals.fixed += usize::from(record.outcome == Outcome::Fixed);
            totals.failed += usize::from(record.outcome.is_failure());
            // A resource that could not be read makes the run incomplete: it is unknown whether it violates the policy.
            totals.remaining += usize::from(record.decision.is_some() && record.leaves_violation());
        }
        totals
    }

    pub(crate) fn in_words(&self) -> String {
        let mut parts = vec![count(self.events, "event")];
        let mut add = |number: usize, word: &str| {
            if number > 0 {
                parts.push(format!("{number} {word}"));
            }
        };
        add(self.violations, if self.violations == 1 { "violation" } else { "violations" });
        add(self.fixed, "fixed");
        add(self.failed, "failed");
        add(self.compliant, "compliant");
        add(self.exempt, "exempt");
        add(self.not_judged, "not judged");
        add(self.ignored, "ignored");
        add(self.malformed, "malformed");
        parts.join(", ")
    }
}

/// Everything that was said: in blocks for a terminal, in one line for each resource elsewhere.
pub(crate) fn text(all: &[EventReport], live: bool, width: Option<u16>) -> String {
    let one = |told: &EventReport| match width {
        Some(width) => block(told, live, width),
        None => lines(told, live),
    };
    all.iter().map(one).collect::<Vec<_>>().join(if width.is_some() { "\n" } else { "" })
}

/// Resource, verdict, why and what follows.
fn row(word: &Word, live: bool) -> (String, &'static str, Vec<String>) {
    match word {
        Word::Ignored { why, .. } => (String::new(), "ignored", vec![why.clone()]),
        Word::Malformed(malformed) => (String::new(), "malformed", vec![malformed.to_string()]),
        Word::Record(record) => {
            let mut text = why(record);
            text.extend(follows(record, live));
            (record.resource.to_string(), verdict(record), text)
        }
    }
}

fn block(told: &EventReport, live: bool, width: u16) -> String {
    let columns = [Column::short(""), Column::short(""), Column::text("")];
    let mut sheet = Sheet::new(columns, Some(width));
    for word in &told.words {
        let (resource, verdict, text) = row(word, live);
        let entries =
            [Entry::Text(format!(" {resource}")), Entry::Word(verdict.to_owned()), Entry::Lines(text)];
        sheet.row(entries.into());
    }
    format!("{}\n {}\n{}\n", plain(&told.source()), plain(&told.event()), sheet.text())
}

fn lines(told: &EventReport, live: bool) -> String {
    let mut lines = String::new();
    for word in &told.words {
        let (resource, verdict, text) = row(word, live);
        let of = if resource.is_empty() { String::new() } else { format!(" {resource}:") };
        let text = text.join("; ");
        let line = format!("{}: {}:{of} {verdict}: {text}", told.source(), told.event());
        lines.push_str(&plain(&line).replace('\n', " "));
        lines.push('\n');
    }
    lines
}
