//! What a table says of one resource.

use std::io::{self, Write};

use v2only_enforcer::Outcome;
use v2only_enforcer::record::Posture;
use v2only_policy::{Decision, Plan, Verdict};

use super::items::Item;
use super::table::{Entry, Sheet, Whereabouts};
use crate::estate::Findings;
use crate::problem::sentence;

/// Terminals narrower than this get fewer and higher columns.
const NARROW: u16 = 110;

const fn is_narrow(width: Option<u16>) -> bool {
    matches!(width, Some(width) if width < NARROW)
}

/// How many rows are laid out at once.
const BLOCK: usize = 1000;

/// Prints the table of what was found, if anything was.
pub(crate) fn found(findings: Findings<'_>, width: Option<u16>, out: &mut dyn Write) -> io::Result<()> {
    let narrow = is_narrow(width);
    let whereabouts = whereabouts(findings);
    let headings: &[&str] = if narrow {
        &["RESOURCE", "VERDICT", "WHY, AND WHAT FOLLOWS"]
    } else {
        &["RESOURCE", whereabouts.heading(), "POSTURE", "VERDICT", "WHY", "WOULD DO / HELD BECAUSE"]
    };
    let layout = Layout { headings, fixed: if narrow { 2 } else { 4 }, width };
    let row = |it: &Item<'_>| {
        let record = it.record;
        let (mut why, next) = match &record.decision {
            Some(decision) => (why(decision), next(decision)),
            None => (record.reasons(), Vec::new()),
        };
        why.extend(it.launcher.map(ToString::to_string));
        let (resource, region) = (record.resource.to_string(), whereabouts.words(&record.place));
        let verdict = record.verdict().map(Verdict::code).unwrap_or_default().to_owned();
        let before = words(record.before);
        if narrow {
            why.extend(next.into_iter().map(|it| format!("> {it}")));
            vec![Entry::Lines(vec![resource, region]), Entry::WordAbove(verdict, before), Entry::Lines(why)]
        } else {
            vec![
                resource.into(),
                region.into(),
                before.into(),
                Entry::Word(verdict),
                Entry::Lines(why),
                Entry::Lines(next),
            ]
        }
    };
    layout.print(findings, &row, out)
}

/// Prints the table of what was done; with AWS's ids of the requests if wanted.
pub(crate) fn done(
    findings: Findings<'_>,
    request_ids: bool,
    width: Option<u16>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let whereabouts = whereabouts(findings);
    let narrow = is_narrow(width);
    let headings: &[&str] = if narrow {
        &["RESOURCE", "OUTCOME", "DONE, OR WHY NOT"]
    } else {
        &["RESOURCE", whereabouts.heading(), "BEFORE", "AFTER", "OUTCOME", "DONE, OR WHY NOT"]
    };
    let layout = Layout { headings, fixed: if narrow { 2 } else { 5 }, width };
    let row = |it: &Item<'_>| {
        let record = it.record;
        let mut what: Vec<String> = Vec::new();
        match &record.outcome {
            Outcome::Failed(failure) => what.push(sentence(failure)),
            Outcome::Fixed | Outcome::Advanced => what.extend(record.step().map(ToString::to_string)),
            _ => what.extend(record.reasons()),
        }
        if let (true, Some(id)) = (request_ids, &record.request_id) {
            what.push(format!("request {id}"));
        }
        let (resource, region) = (record.resource.to_string(), whereabouts.words(&record.place));
        let (before, after) = (words(record.before), words(record.after));
        let outcome = record.outcome.code().to_owned();
        if narrow {
            if !after.is_empty() {
                what.insert(0, format!("{before} -> {after}"));
            }
            vec![Entry::Lines(vec![resource, region]), Entry::Word(outcome), Entry::Lines(what)]
        } else {
            vec![
                resource.into(),
                region.into(),
                before.into(),
                after.into(),
                Entry::Word(outcome),
                Entry::Lines(what),
            ]
        }
    };
    layout.print(findings, &row, out)
}

/// How the places of these findings are named.
fn whereabouts(findings: Findings<'_>) -> Whereabouts {
    let counted = findings.estate.seen.iter().zip(findings.estate.counts());
    Whereabouts::of(counted.filter(|(_, count)| *count > 0).map(|(seen, _)| &seen.place))
}

/// How a table is laid out.
struct Layout<'a> {
    headings: &'a [&'a str],
    /// The first so many columns are as wide as what is in them.
    fixed: usize,
    width: Option<u16>,
}

impl Layout<'_> {
    /// Prints a row for each finding. More than a block of them are gone through twice, to see how wide the columns are
    /// before the first one is printed, so that no more than a block has to be in memory.
    fn print(
        &self,
        findings: Findings<'_>,
        row: &dyn Fn(&Item<'_>) -> Vec<Entry>,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        if findings.estate.len() <= BLOCK {
            return self.blocks(findings, row, &mut |sheet| writeln!(out, "{}", sheet.text()));
        }
        let mut widths: Vec<u16> = vec![0; self.headings.len()];
        self.blocks(findings, row, &mut |sheet| {
            for (width, here) in widths.iter_mut().zip(sheet.widths()) {
                *width = (*width).max(here);
            }
            Ok(())
        })?;
        let mut first = true;
        self.blocks(findings, row, &mut |mut sheet| {
            sheet.in_columns(&widths, self.fixed);
            let text = sheet.text();
            // Where the last columns are wrapped, each block has its own, and so a heading of its own.
            let text = match text.split_once('\n') {
                Some((_, rows)) if !first && self.width.is_none() => rows,
                _ => &text,
            };
            first = false;
            writeln!(out, "{text}")
        })
    }

    /// Fills sheets with a block of rows each.
    fn blocks(
        &self,
        findings: Findings<'_>,
        row: &dyn Fn(&Item<'_>) -> Vec<Entry>,
        each: &mut dyn FnMut(Sheet) -> io::Result<()>,
    ) -> io::Result<()> {
        let fresh = || Sheet::new(self.headings, self.fixed, self.width);
        let (mut sheet, mut rows) = (fresh(), 0);
        findings.each(|it| {
            if rows == BLOCK {
                each(std::mem::replace(&mut sheet, fresh()))?;
                rows = 0;
            }
            sheet.row(row(it));
            rows += 1;
            io::Result::Ok(())
        })?;
        if rows > 0 { each(sheet) } else { Ok(()) }
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
