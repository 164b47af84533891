//! What a table says of one resource.

use std::fmt;

use v2only_enforcer::record::Posture;
use v2only_enforcer::scan::Judged;
use v2only_enforcer::sources::Source;
use v2only_enforcer::{Outcome, Record};
use v2only_policy::{Decision, Plan, Verdict};

use super::table::{Entry, Sheet, Whereabouts};
use crate::problem::sentence;
use crate::survey::Seen;

/// Terminals narrower than this get fewer and higher columns.
const NARROW: u16 = 110;

const fn is_narrow(width: Option<u16>) -> bool {
    matches!(width, Some(width) if width < NARROW)
}

/// The table of what was found.
pub(crate) fn found(all: &[Seen], width: Option<u16>) -> Sheet {
    let narrow = is_narrow(width);
    let seen: Vec<(&Seen, &Judged)> =
        all.iter().flat_map(|seen| seen.judged.iter().map(move |judged| (seen, judged))).collect();
    let whereabouts = Whereabouts::of(seen.iter().map(|(seen, _)| &seen.place));
    let mut sheet = if narrow {
        Sheet::new(&["RESOURCE", "VERDICT", "WHY, AND WHAT FOLLOWS"], 2, width)
    } else {
        let headings =
            ["RESOURCE", whereabouts.heading(), "POSTURE", "VERDICT", "WHY", "WOULD DO / HELD BECAUSE"];
        Sheet::new(&headings, 4, width)
    };
    for (seen, judged) in seen {
        let place = &seen.place;
        let record = judged.record(place);
        let (mut why, next) = match judged {
            Judged::Instance(_, decision) => (why(decision), next(decision)),
            Judged::Notebook(_, decision) => (why(decision), next(decision)),
            Judged::Source(it) => match &**it {
                Source::Defaults(_, decision) => (why(decision), next(decision)),
                Source::Version(_, it) => (why(&it.decision), next(&it.decision)),
                Source::Configuration(_, _, decision) => (why(decision), next(decision)),
                Source::Image(_, decision) => (why(decision), next(decision)),
            },
        };
        why.extend(seen.launcher(judged).map(ToString::to_string));
        let (resource, region) = (record.resource.to_string(), whereabouts.words(place));
        let verdict = record.verdict.unwrap_or_default().to_owned();
        let before = words(record.before);
        sheet.row(if narrow {
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
        });
    }
    sheet
}

/// The table of what was done; with AWS's ids of the requests if wanted.
pub(crate) fn done(records: &[Record], request_ids: bool, width: Option<u16>) -> Sheet {
    let whereabouts = Whereabouts::of(records.iter().map(|it| &it.place));
    let narrow = is_narrow(width);
    let mut sheet = if narrow {
        Sheet::new(&["RESOURCE", "OUTCOME", "DONE, OR WHY NOT"], 2, width)
    } else {
        let headings = ["RESOURCE", whereabouts.heading(), "BEFORE", "AFTER", "OUTCOME", "DONE, OR WHY NOT"];
        Sheet::new(&headings, 5, width)
    };
    for record in records {
        let mut what: Vec<String> = Vec::new();
        match &record.outcome {
            Outcome::Failed(failure) => what.push(sentence(failure)),
            Outcome::Fixed | Outcome::Advanced => what.extend(record.step.clone()),
            _ => what.extend(record.reasons.clone()),
        }
        if let (true, Some(id)) = (request_ids, &record.request_id) {
            what.push(format!("request {id}"));
        }
        let (resource, region) = (record.resource.to_string(), whereabouts.words(&record.place));
        let (before, after) = (words(record.before), words(record.after));
        let outcome = record.outcome.code().to_owned();
        sheet.row(if narrow {
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
        });
    }
    sheet
}

fn words(posture: Option<Posture>) -> String {
    posture.map(|it| it.to_string()).unwrap_or_default()
}

/// Findings, exemption and notes.
fn why<S>(decision: &Decision<S>) -> Vec<String> {
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
fn next<S: fmt::Display>(decision: &Decision<S>) -> Vec<String> {
    match &decision.plan {
        Plan::Nothing => Vec::new(),
        Plan::Wait(wait) => vec![wait.to_string()],
        Plan::Act(step) => vec![step.to_string()],
        Plan::Hold { why, would: None } => vec![format!("held: {why}")],
        Plan::Hold { why, would: Some(step) } => vec![format!("held: {why}"), format!("otherwise {step}")],
    }
}
