//! Findings, what was changed, and what could not be read, one row each.

use std::collections::BTreeSet;

use v2only_enforcer::{Failure, Outcome};
use v2only_policy::Place;

use super::first::Rows;
use super::words::{kind, sentence_case};
use crate::report::exposure::Exposure;
use crate::report::item::Item;
use crate::report::sink::{Head, Tail};
use crate::term::messages::count;
use crate::term::problem::sentence;
use crate::term::text::plain;

/// One finding.
pub(super) struct Row {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) kind: &'static str,
    pub(super) place: String,
    /// How exposed it is, if it is an instance.
    pub(super) exposure: String,
    pub(super) why: Vec<String>,
    pub(super) next: String,
    pub(super) cause: String,
    /// Who launched it, if that was asked for.
    pub(super) launched: String,
}

/// What `enforce` did.
pub(super) struct Changed {
    pub(super) words: String,
    pub(super) failed: Rows<Row>,
}

/// Something that could not be read.
pub(super) struct Unread {
    pub(super) place: String,
    pub(super) what: &'static str,
    pub(super) why: String,
    pub(super) hint: &'static str,
}

pub(super) fn row(item: &Item<'_>, exposure: Exposure) -> Row {
    let record = item.record;
    let held = item.held_because().map(|it| format!("Held: {it}"));
    let next = match (&record.outcome, held, record.step()) {
        (Outcome::Failed(failure), ..) => format!("Failed: {}", sentence(failure)),
        (_, Some(held), _) => held,
        (Outcome::Advanced, None, Some(step)) => format!("On its way: {step}"),
        (Outcome::Unmarked, None, Some(step)) => format!("Done: {step}"),
        (_, None, Some(step)) => format!("`enforce` would do: {step}"),
        (_, None, None) => "Between two states".to_owned(),
    };
    Row {
        id: plain(&record.resource.to_string()),
        name: item.name().map(plain).unwrap_or_default(),
        kind: kind(&record.resource),
        place: record.place.to_string(),
        exposure: sentence_case(&exposure.words()),
        why: item.findings().iter().map(|it| sentence_case(&plain(&it.to_string()))).collect(),
        next: plain(&next),
        cause: item.cause.map(|it| sentence_case(&plain(&it.words()))).unwrap_or_default(),
        launched: item.launcher.map(|it| sentence_case(&plain(&it.to_string()))).unwrap_or_default(),
    }
}

pub(super) fn changed(head: Head<'_>, tail: &Tail<'_>, failed: Rows<Row>) -> Option<Changed> {
    if head.command != "enforce" {
        return None;
    }
    let mut words = format!("{} made compliant", count(tail.totals.fixed, "resource"));
    if tail.totals.advanced > 0 {
        words.push_str(&format!(", {} on their way", tail.totals.advanced));
    }
    if tail.totals.failed > 0 {
        words.push_str(&format!(", {} failed", tail.totals.failed));
    }
    if let Some(journal) = &tail.journal {
        words.push_str(&format!(". The state before is in {journal}"));
    }
    Some(Changed { words, failed })
}

pub(super) fn unread(tail: &Tail<'_>) -> Vec<Unread> {
    let broken = tail.surveys.iter().filter_map(|survey| Some((&survey.place, survey.failure.as_ref()?)));
    broken.map(|(place, failure)| one_unread(place, "", failure)).collect()
}

/// What is missing besides, and hides no violation.
pub(super) fn also_unread(tail: &Tail<'_>) -> Vec<Unread> {
    let seen = tail.surveys;
    let usage =
        seen.iter().filter_map(|it| Some(one_unread(&it.place, "Use of IMDSv1", it.usage_unread.as_ref()?)));
    let causes = seen.iter().filter_map(|it| Some(one_unread(&it.place, "Causes", it.untraced.as_ref()?)));
    // IAM has no Regions: once for each account.
    let mut accounts = BTreeSet::new();
    let roles = seen.iter().filter_map(|it| Some((&it.place, it.profiles_unread.as_ref()?)));
    let roles = roles.filter(move |(place, _)| accounts.insert(&place.account));
    let roles = roles.map(|(place, failure)| one_unread(place, "Roles of instance profiles", failure));
    usage.chain(causes).chain(roles).collect()
}

pub(super) fn one_unread(place: &Place, what: &'static str, failure: &Failure) -> Unread {
    let why = plain(&sentence(failure));
    Unread { place: place.to_string(), what, why, hint: failure.hint().unwrap_or_default() }
}
