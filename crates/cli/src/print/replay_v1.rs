//! What is said of events. Published: fields are only ever added.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use v2only_events::Malformed;

use crate::commands::replay::event_report::{EventReport, Word, follows, subject};
use crate::print::replay::Totals;
use crate::report::findings_v1::FindingV1;
use crate::report::item::Item;
use crate::term::exit::Exit;

/// A complete replay.
#[derive(Debug, Serialize)]
pub(crate) struct ReplayV1<'a> {
    schema: &'static str,
    time: String,
    live: bool,
    exit_code: u8,
    events: Vec<EventV1<'a>>,
    totals: TotalsV1,
    #[serde(skip_serializing_if = "Option::is_none")]
    api_calls: Option<&'a BTreeMap<&'static str, u64>>,
}

impl<'a> ReplayV1<'a> {
    pub(crate) fn new(
        now: Timestamp,
        exit: Exit,
        all: &'a [EventReport],
        totals: &Totals,
        calls: Option<&'a BTreeMap<&'static str, u64>>,
    ) -> Self {
        let live = calls.is_some();
        Self {
            schema: "v2only.replay.v1",
            time: now.to_string(),
            live,
            exit_code: exit.code(),
            events: all.iter().map(|it| EventV1::new(it, live)).collect(),
            totals: totals.into(),
            api_calls: calls,
        }
    }
}

#[derive(Debug, Serialize)]
struct EventV1<'a> {
    file: &'a str,
    index: Option<usize>,
    event: Option<&'a str>,
    event_id: Option<&'a str>,
    account: Option<&'a str>,
    region: Option<&'a str>,
    time: Option<String>,
    actor: Option<String>,
    subject: Option<String>,
    ignored: Option<IgnoredV1<'a>>,
    malformed: Option<MalformedV1<'a>>,
    findings: Vec<FollowedV1<'a>>,
}

#[derive(Debug, Serialize)]
struct IgnoredV1<'a> {
    reason: &'static str,
    why: &'a str,
}

#[derive(Debug, Serialize)]
struct MalformedV1<'a> {
    field: &'a str,
    expected: &'a str,
    found: &'a str,
}

impl<'a> From<&'a Malformed> for MalformedV1<'a> {
    fn from(it: &'a Malformed) -> Self {
        Self { field: &it.field, expected: &it.expected, found: &it.found }
    }
}

#[derive(Debug, Serialize)]
struct FollowedV1<'a> {
    #[serde(flatten)]
    finding: FindingV1<'a>,
    follows: Option<String>,
}

impl<'a> EventV1<'a> {
    fn new(told: &'a EventReport, live: bool) -> Self {
        let (header, trigger) = (&told.header, told.trigger.as_ref());
        let mut event = Self {
            file: &told.file,
            index: told.index,
            event: header.name.as_deref(),
            event_id: header.event_id.as_deref(),
            account: header.account.as_ref().map(|it| it.as_str()),
            region: header.region.as_ref().map(|it| it.as_str()),
            time: trigger.and_then(|it| it.time).map(|it| it.to_string()),
            actor: trigger.and_then(|it| it.actor.as_ref()).map(ToString::to_string),
            subject: trigger.map(|it| subject(&it.subject)),
            ignored: None,
            malformed: None,
            findings: Vec::new(),
        };
        for word in &told.words {
            match word {
                Word::Ignored { code, why } => event.ignored = Some(IgnoredV1 { reason: code, why }),
                Word::Malformed(malformed) => event.malformed = Some(malformed.into()),
                Word::Record(record) => event.findings.push(FollowedV1 {
                    finding: FindingV1::of(&Item::alone(record)),
                    follows: follows(record, live),
                }),
            }
        }
        event
    }
}

#[derive(Debug, Serialize)]
struct TotalsV1 {
    events: usize,
    ignored: usize,
    malformed: usize,
    compliant: usize,
    exempt: usize,
    violations: usize,
    not_judged: usize,
    fixed: usize,
    failed: usize,
    remaining: usize,
}

impl From<&Totals> for TotalsV1 {
    fn from(it: &Totals) -> Self {
        Self {
            events: it.events,
            ignored: it.ignored,
            malformed: it.malformed,
            compliant: it.compliant,
            exempt: it.exempt,
            violations: it.violations,
            not_judged: it.not_judged,
            fixed: it.fixed,
            failed: it.failed,
            remaining: it.remaining,
        }
    }
}
