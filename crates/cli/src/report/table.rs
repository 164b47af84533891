//! The table for people: one row for each resource.

use std::io::Write;

use serde::{Deserialize, Serialize};
use v2only_enforcer::Outcome;
use v2only_enforcer::record::Posture;
use v2only_policy::{Decision, Plan, Verdict};

use crate::print::sheet::{Entry, Sheet};
use crate::report::exemptions;
use crate::report::item::Item;
use crate::report::sink::{Sink, Tail};
use crate::run::spool::{self, Slot, Spool};
use crate::term::problem::{Stop, sentence};

/// Terminals narrower than this get fewer and higher columns.
const NARROW: u16 = 110;

const fn is_narrow(width: Option<u16>) -> bool {
    matches!(width, Some(width) if width < NARROW)
}

/// How many rows are laid out at once. More than so many wait in a temporary file, until it is known how wide the columns
/// are.
const BLOCK: usize = 1000;

/// What a table shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shown {
    /// What was found.
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

/// The table of a run. Nothing is printed where nothing was found.
pub(crate) struct Table<'a> {
    shown: Shown,
    width: Option<u16>,
    out: &'a mut dyn Write,
    /// The rows that are not in `blocks` yet.
    rows: Vec<Row>,
    /// Full blocks of rows.
    blocks: Vec<Slot>,
    spool: Spool,
    /// Whether there are several accounts, by the first one.
    account: Option<String>,
    several_accounts: bool,
}

/// What a table shows of one resource.
#[derive(Debug, Serialize, Deserialize)]
struct Row {
    resource: String,
    account: String,
    region: String,
    before: String,
    after: String,
    /// The verdict or the outcome.
    word: String,
    why: Vec<String>,
    next: Vec<String>,
}

impl<'a> Table<'a> {
    pub(crate) fn new(shown: Shown, width: Option<u16>, out: &'a mut dyn Write) -> Self {
        Self {
            shown,
            width,
            out,
            rows: Vec::new(),
            blocks: Vec::new(),
            spool: Spool::default(),
            account: None,
            several_accounts: false,
        }
    }

    fn row(&self, item: &Item<'_>) -> Row {
        let record = item.record;
        let row = Row {
            resource: record.resource.to_string(),
            account: record.place.account.to_string(),
            region: record.place.region.to_string(),
            before: words(record.before),
            after: words(record.after),
            word: record.outcome.code().to_owned(),
            why: Vec::new(),
            next: Vec::new(),
        };
        match self.shown {
            Shown::Found { .. } => {
                let (mut why, next) = found(item);
                why.extend(item.launcher.map(ToString::to_string));
                Row {
                    word: record.verdict().map(Verdict::code).unwrap_or_default().to_owned(),
                    why,
                    next,
                    ..row
                }
            }
            Shown::Done { request_ids } => {
                let mut why: Vec<String> = match &record.outcome {
                    Outcome::Failed(failure) => vec![sentence(failure)],
                    Outcome::Fixed | Outcome::Advanced => {
                        record.step().iter().map(ToString::to_string).collect()
                    }
                    _ => record.reasons(),
                };
                if let (true, Some(id)) = (request_ids, &record.request_id) {
                    why.push(format!("request {id}"));
                }
                Row { why, ..row }
            }
        }
    }

    /// The headings, and how many of the first columns are as wide as what is in them.
    const fn columns(&self) -> (&'static [&'static str], usize) {
        match (self.shown, is_narrow(self.width), self.several_accounts) {
            (Shown::Found { .. }, true, _) => (&["RESOURCE", "VERDICT", "WHY, AND WHAT FOLLOWS"], 2),
            (Shown::Found { .. }, false, false) => {
                (&["RESOURCE", "REGION", "POSTURE", "VERDICT", "WHY", "WOULD DO / HELD BECAUSE"], 4)
            }
            (Shown::Found { .. }, false, true) => {
                (&["RESOURCE", "ACCOUNT/REGION", "POSTURE", "VERDICT", "WHY", "WOULD DO / HELD BECAUSE"], 4)
            }
            (Shown::Done { .. }, true, _) => (&["RESOURCE", "OUTCOME", "DONE, OR WHY NOT"], 2),
            (Shown::Done { .. }, false, false) => {
                (&["RESOURCE", "REGION", "BEFORE", "AFTER", "OUTCOME", "DONE, OR WHY NOT"], 5)
            }
            (Shown::Done { .. }, false, true) => {
                (&["RESOURCE", "ACCOUNT/REGION", "BEFORE", "AFTER", "OUTCOME", "DONE, OR WHY NOT"], 5)
            }
        }
    }

    fn entries(&self, row: Row) -> Vec<Entry> {
        let Row { resource, account, region, before, after, word, mut why, next } = row;
        let region = if self.several_accounts { format!("{account}/{region}") } else { region };
        match (self.shown, is_narrow(self.width)) {
            (Shown::Found { .. }, true) => {
                why.extend(next.into_iter().map(|line| format!("> {line}")));
                vec![Entry::Lines(vec![resource, region]), Entry::WordAbove(word, before), Entry::Lines(why)]
            }
            (Shown::Found { .. }, false) => vec![
                resource.into(),
                region.into(),
                before.into(),
                Entry::Word(word),
                Entry::Lines(why),
                Entry::Lines(next),
            ],
            (Shown::Done { .. }, true) => {
                if !after.is_empty() {
                    why.insert(0, format!("{before} -> {after}"));
                }
                vec![Entry::Lines(vec![resource, region]), Entry::Word(word), Entry::Lines(why)]
            }
            (Shown::Done { .. }, false) => vec![
                resource.into(),
                region.into(),
                before.into(),
                after.into(),
                Entry::Word(word),
                Entry::Lines(why),
            ],
        }
    }

    fn sheet(&self, rows: Vec<Row>) -> Sheet {
        let (headings, fixed) = self.columns();
        let mut sheet = Sheet::new(headings, fixed, self.width);
        rows.into_iter().for_each(|row| sheet.row(self.entries(row)));
        sheet
    }

    fn block(&self, slot: Slot) -> spool::Result<Sheet> {
        Ok(self.sheet(self.spool.get(slot)?))
    }

    fn keep_block(&mut self) -> spool::Result<()> {
        let rows = std::mem::take(&mut self.rows);
        self.blocks.push(self.spool.put(&rows)?);
        Ok(())
    }

    /// Prints the blocks, all with columns of the same width.
    fn print_blocks(&mut self) -> Result<(), Stop> {
        let (headings, fixed) = self.columns();
        let mut widths: Vec<u16> = vec![0; headings.len()];
        for slot in &self.blocks {
            for (width, here) in widths.iter_mut().zip(self.block(*slot)?.widths()) {
                *width = (*width).max(here);
            }
        }
        for (number, slot) in self.blocks.iter().enumerate() {
            let mut sheet = self.block(*slot)?;
            sheet.in_columns(&widths, fixed);
            let text = sheet.text();
            // Where the last columns are wrapped, each block has its own, and so a heading of its own.
            let text = match text.split_once('\n') {
                Some((_, rows)) if number > 0 && self.width.is_none() => rows,
                _ => &text,
            };
            writeln!(self.out, "{text}")?;
        }
        Ok(())
    }
}

impl Sink for Table<'_> {
    fn finding(&mut self, item: &Item<'_>) -> Result<(), Stop> {
        if self.rows.len() == BLOCK {
            self.keep_block()?;
        }
        let row = self.row(item);
        let first = self.account.get_or_insert_with(|| row.account.clone());
        self.several_accounts |= *first != row.account;
        self.rows.push(row);
        Ok(())
    }

    fn end(&mut self, tail: &Tail<'_>) -> Result<(), Stop> {
        let is_empty = self.rows.is_empty();
        if !self.blocks.is_empty() {
            self.keep_block()?;
            self.print_blocks()?;
        } else if !is_empty {
            let rows = std::mem::take(&mut self.rows);
            writeln!(self.out, "{}", self.sheet(rows).text())?;
        }
        if self.shown == (Shown::Found { exemptions: true })
            && let Some(due) = exemptions::due(tail.exemptions, self.width)
        {
            let between = if is_empty { "" } else { "\n" };
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

fn words(posture: Option<Posture>) -> String {
    posture.map(|it| it.to_string()).unwrap_or_default()
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
        Plan::Hold { why, would: None } => vec![format!("held: {why}")],
        Plan::Hold { why, would: Some(step) } => vec![format!("held: {why}"), format!("otherwise {step}")],
    }
}
