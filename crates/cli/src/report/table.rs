//! The resources of a run for people: one row for each, grouped by account and Region.

use std::cmp::Reverse;
use std::io::Write;

use v2only_enforcer::Outcome;
use v2only_policy::{Decision, Place, Plan, Verdict};

use crate::print::posture;
use crate::print::sheet::{Column, Entry, Sheet};
use crate::report::exemptions;
use crate::report::exposure::Exposure;
use crate::report::item::Item;
use crate::report::sink::{Head, Sink, Tail};
use crate::run::spool::{Slot, Spool};
use crate::term::problem::{Stop, sentence};

/// What a table shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shown {
    /// What was found, by cause.
    Causes,
    /// What was found, resource by resource.
    Found {
        /// The exemptions that need attention follow.
        exemptions: bool,
    },
    /// What was done.
    Done {
        /// With AWS's ids of the requests.
        request_ids: bool,
    },
}

/// The table of a run. Nothing is printed where nothing was found. The rows wait in a temporary file until it is known how
/// wide the columns are.
pub(crate) struct Table<'a> {
    shown: Shown,
    width: Option<u16>,
    head: Head<'a>,
    out: &'a mut dyn Write,
    sheet: Sheet,
    rows: Vec<(Key, Slot)>,
    places: Vec<Place>,
    spool: Spool,
}

/// Where a row stands: by account and Region, what is worst first.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    place: usize,
    verdict: u8,
    exposure: Reverse<Exposure>,
    number: usize,
}

impl<'a> Table<'a> {
    pub(crate) fn new(shown: Shown, width: Option<u16>, head: Head<'a>, out: &'a mut dyn Write) -> Self {
        let columns = match shown {
            Shown::Causes | Shown::Found { .. } => vec![
                Column::text("RESOURCE"),
                Column::text("CAUSE"),
                Column::text("POSTURE"),
                Column::short("VERDICT"),
                Column::text("WHY"),
                Column::text("NEXT"),
            ],
            Shown::Done { .. } => vec![
                Column::text("RESOURCE"),
                Column::text("BEFORE"),
                Column::text("AFTER"),
                Column::short("OUTCOME"),
                Column::text("DETAIL"),
            ],
        };
        let (rows, places, spool) = (Vec::new(), Vec::new(), Spool::default());
        Self { shown, width, head, out, sheet: Sheet::new(columns, width), rows, places, spool }
    }

    fn row(&self, item: &Item<'_>, exposure: Exposure) -> Vec<Entry> {
        let record = item.record;
        let id = record.resource.to_string();
        let name = item.name().filter(|name| *name != id).map(str::to_owned);
        let resource = Entry::Lines(name.into_iter().chain([id]).collect());
        match self.shown {
            Shown::Causes | Shown::Found { .. } => {
                let (why, next) = found(item);
                let cause = item.cause.map(|it| it.words()).into_iter();
                let before = posture::words(record.before);
                let before = [before, exposure.words()].into_iter().filter(|it| !it.is_empty());
                vec![
                    resource,
                    Entry::Lines(cause.chain(item.launcher.map(ToString::to_string)).collect()),
                    Entry::Lines(before.collect()),
                    Entry::Word(record.verdict().map(Verdict::code).unwrap_or_default().to_owned()),
                    Entry::Lines(why),
                    Entry::Lines(next),
                ]
            }
            Shown::Done { request_ids } => {
                let mut why: Vec<String> = match &record.outcome {
                    Outcome::Failed(failure) => vec![sentence(failure)],
                    Outcome::Fixed | Outcome::Advanced | Outcome::Unmarked => {
                        record.step().iter().map(ToString::to_string).collect()
                    }
                    _ => record.reasons(),
                };
                if let (true, Some(id)) = (request_ids, &record.request_id) {
                    why.push(format!("request {id}"));
                }
                vec![
                    resource,
                    posture::words(record.before).into(),
                    posture::words(record.after).into(),
                    Entry::Word(item.outcome().to_owned()),
                    Entry::Lines(why),
                ]
            }
        }
    }

    /// The number of an account and Region.
    fn place(&mut self, place: &Place) -> usize {
        if let Some(number) = self.places.iter().rposition(|known| known == place) {
            return number;
        }
        self.places.push(place.clone());
        self.places.len() - 1
    }
}

impl Sink for Table<'_> {
    fn finding(&mut self, item: &Item<'_>) -> Result<(), Stop> {
        let (exposure, verdict) = match self.shown {
            Shown::Done { .. } => (Exposure::default(), 0),
            Shown::Causes | Shown::Found { .. } => {
                (Exposure::of(item, self.head.now), u8::from(!item.record.is_violation()))
            }
        };
        let row = self.row(item, exposure);
        self.sheet.measure(&row);
        let place = self.place(&item.record.place);
        let key = Key { place, verdict, exposure: Reverse(exposure), number: self.rows.len() };
        self.rows.push((key, self.spool.put(&row)?));
        Ok(())
    }

    fn end(&mut self, tail: &Tail<'_>) -> Result<(), Stop> {
        let mut rows = std::mem::take(&mut self.rows);
        rows.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        let layout = self.sheet.layout();
        let mut group = None;
        for (Key { place, .. }, slot) in &rows {
            if group != Some(place) {
                let between = if group.is_none() { "" } else { "\n" };
                if let Some(at) = self.places.get(*place) {
                    writeln!(self.out, "{between}{} {}", self.head.accounts.label(&at.account), at.region)?;
                }
                if let Some(heading) = layout.heading() {
                    writeln!(self.out, "{heading}")?;
                }
                group = Some(place);
            }
            let row: Vec<Entry> = self.spool.get(*slot)?;
            writeln!(self.out, "{}", layout.row(&row))?;
        }
        if self.shown == (Shown::Found { exemptions: true })
            && let Some(due) = exemptions::due(tail.exemptions, self.width)
        {
            let between = if rows.is_empty() { "" } else { "\n" };
            writeln!(self.out, "{between}{}", due.text())?;
        }
        Ok(())
    }
}

/// Why a resource is as it is, and what follows.
fn found(item: &Item<'_>) -> (Vec<String>, Vec<String>) {
    match &item.record.decision {
        Some(decision) => (why(decision), next(decision)),
        None => (item.record.reasons(), Vec::new()),
    }
}

/// Findings, exemption and notes.
fn why(decision: &Decision) -> Vec<String> {
    let mut lines = Vec::new();
    match &decision.verdict {
        Verdict::Exempt { by, .. } => {
            let owner = by.owner.as_ref().map(|it| format!(", owner {it}")).unwrap_or_default();
            lines.push(format!("through {}: {} ({}{owner})", by.until, by.reason, by.origin));
        }
        Verdict::Compliant(why) => lines.push(why.to_string()),
        Verdict::Violation(_) | Verdict::Gone => {}
    }
    lines.extend(decision.verdict.findings().iter().map(ToString::to_string));
    lines.extend(decision.notes.iter().map(ToString::to_string));
    lines
}

/// What would be done, or why it would not.
fn next(decision: &Decision) -> Vec<String> {
    match &decision.plan {
        Plan::Nothing => Vec::new(),
        Plan::Wait(wait) => vec![wait.to_string()],
        Plan::Act(step) => vec![step.to_string()],
        Plan::Hold { why, would: None } => vec![format!("on hold: {why}")],
        Plan::Hold { why, would: Some(step) } => {
            vec![format!("on hold: {why}"), format!("otherwise {step}")]
        }
    }
}
