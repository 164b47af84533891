//! What must hold whatever happens, looked up in the embedded AWS's own trail and descriptions.

use std::collections::BTreeSet;

use serde_json::Value;

use super::bill::Calls;
use super::posture::Posture;
use super::stage::is_ours;
use super::story::{End, Readings, Row};

/// One invariant, and whether it held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Check {
    pub(super) name: &'static str,
    pub(super) holds: bool,
    /// What was checked.
    pub(super) evidence: String,
}

/// What the checks read.
pub(super) struct Evidence<'a> {
    pub(super) rows: &'a [Row],
    /// What AWS published: CloudTrail records among them.
    pub(super) trail: &'a [Value],
    /// Before and after the second delivery.
    pub(super) first: &'a Readings,
    pub(super) second: &'a Readings,
    /// Calls of the second delivery, and how many events it had.
    pub(super) again: &'a Calls,
    pub(super) events: usize,
    pub(super) free_launches: u64,
    pub(super) free_launch_calls: u64,
    /// Messages given up, and messages that wait.
    pub(super) left_over: (usize, usize),
}

/// Runs every check.
pub(super) fn all(evidence: &Evidence<'_>) -> Vec<Check> {
    let ours: Vec<&Value> = evidence.trail.iter().filter(|it| is_by_us(it)).collect();
    vec![
        never_loosened(&ours),
        never_switched_on(evidence.rows, &ours),
        exempt_untouched(evidence.rows, &ours),
        every_violation_answered(evidence.rows),
        compliant_is_free(evidence),
        second_delivery_changes_nothing(evidence),
        nothing_lost(evidence.left_over),
    ]
}

fn is_by_us(event: &Value) -> bool {
    event.pointer("/detail/userIdentity/arn").and_then(Value::as_str).is_some_and(is_ours)
}

/// The values of every member with this name, however deep and in whichever case: CloudTrail writes the
/// same option in several ways.
fn values<'a>(value: &'a Value, name: &str, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(members) => {
            for (key, value) in members {
                match value.as_str() {
                    Some(text) if key.eq_ignore_ascii_case(name) => found.push(text),
                    _ => values(value, name, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|it| values(it, name, found)),
        _ => {}
    }
}

/// What a caller asked for under this name.
fn asked<'a>(event: &'a Value, name: &str) -> Vec<&'a str> {
    let mut found = Vec::new();
    if let Some(request) = event.pointer("/detail/requestParameters") {
        values(request, name, &mut found);
    }
    found
}

fn never_loosened(ours: &[&Value]) -> Check {
    let loosens = |event: &&&Value| {
        asked(event, "HttpTokens").contains(&"optional")
            || asked(event, "minimumInstanceMetadataServiceVersion").contains(&"1")
    };
    Check {
        name: "v2only opened nothing to v1",
        holds: !ours.iter().any(|it| loosens(&it)),
        evidence: format!("CloudTrail: {} changes by it", ours.len()),
    }
}

fn never_switched_on(rows: &[Row], ours: &[&Value]) -> Check {
    let off: Vec<&Row> = rows.iter().filter(|it| it.before.is_off()).collect();
    let still = off.iter().all(|it| it.after.as_ref().is_some_and(Posture::is_off));
    let untouched = names(ours, off.iter().copied()) == 0;
    Check {
        name: "an endpoint that was off is still off",
        holds: still && untouched && !off.is_empty(),
        evidence: format!("{}, before and after", resources(&off)),
    }
}

fn exempt_untouched(rows: &[Row], ours: &[&Value]) -> Check {
    let exempt: Vec<&Row> = rows.iter().filter(|it| it.end == End::Exempt).collect();
    let same = exempt.iter().all(|it| it.after.as_ref() == Some(&it.before));
    let touched = names(ours, exempt.iter().copied());
    Check {
        name: "exempt resources were not touched",
        holds: same && touched == 0 && !exempt.is_empty(),
        evidence: format!("{}, named in {touched} calls", resources(&exempt)),
    }
}

fn every_violation_answered(rows: &[Row]) -> Check {
    let (fixed, held) = (count(rows, End::Fixed), count(rows, End::Held));
    Check {
        name: "every violation ended fixed, or held with a reason",
        holds: count(rows, End::Open) == 0 && fixed > 0,
        evidence: format!("{fixed} fixed, {held} held, {} neither", count(rows, End::Open)),
    }
}

fn compliant_is_free(evidence: &Evidence<'_>) -> Check {
    Check {
        name: "launches whose record says v2 only cost no API call",
        holds: evidence.free_launch_calls == 0 && evidence.free_launches > 0,
        evidence: format!("{} launches, {} calls", evidence.free_launches, evidence.free_launch_calls),
    }
}

fn second_delivery_changes_nothing(evidence: &Evidence<'_>) -> Check {
    let (total, writes) = (evidence.again.total(), evidence.again.writes());
    let moved =
        evidence.first.iter().filter(|(id, before)| evidence.second.get(*id) != Some(*before)).count();
    let differ = if moved > 0 { format!(", {moved} resources differ") } else { String::new() };
    let (events, reads) = (evidence.events, total - writes);
    Check {
        name: "every event delivered a second time changed nothing",
        holds: writes == 0 && evidence.first == evidence.second,
        evidence: format!("{events} events: {reads} reads, {writes} writes{differ}"),
    }
}

fn nothing_lost((dead, waiting): (usize, usize)) -> Check {
    Check {
        name: "no message was lost or left in a queue",
        holds: dead == 0 && waiting == 0,
        evidence: format!("{dead} dead letters, {waiting} waiting"),
    }
}

/// In how many of these calls one of the rows is named.
fn names<'a>(calls: &[&Value], rows: impl Iterator<Item = &'a Row>) -> usize {
    let ids: BTreeSet<&str> = rows.flat_map(|it| it.ids.iter().map(String::as_str)).collect();
    let names = |event: &&Value| {
        let text = event.pointer("/detail/requestParameters").map(Value::to_string).unwrap_or_default();
        ids.iter().any(|id| text.contains(&format!("\"{id}\"")))
    };
    calls.iter().filter(|it| names(it)).count()
}

/// How many resources ended so.
pub(super) fn count(rows: &[Row], end: End) -> usize {
    rows.iter().filter(|it| it.end == end).map(|it| it.ids.len()).sum()
}

fn resources(rows: &[&Row]) -> String {
    crate::term::messages::count(rows.iter().map(|it| it.ids.len()).sum(), "resource")
}
