//! The plan, as it is shown before anybody agrees to it.

use std::collections::BTreeMap;
use std::fmt;

use v2only_enforcer::automation::documents;
use v2only_enforcer::scan::Judged;
use v2only_enforcer::sources::Source;
use v2only_policy::{Decision, Plan};

use super::table::{Entry, Sheet};
use crate::survey::Seen;
use crate::talk::{count, some};

/// How many resources are named for each change, unless all are.
const NAMED: usize = 10;

/// What would be changed, by place and by change; below it what is held, and why.
pub(crate) fn text(seen: &[Seen], all: bool, width: Option<u16>) -> String {
    let named = if all { usize::MAX } else { NAMED };
    let mut parts: Vec<String> = Vec::new();
    for seen in seen {
        let (acting, held) = sorted(seen);
        if acting.is_empty() && held.is_empty() {
            continue;
        }
        parts.push(seen.place.to_string());
        if !acting.is_empty() {
            parts.push(section("to be changed", acting, named, width));
        }
        if !held.is_empty() {
            parts.push(section("held, and left as they are", held, named, width));
        }
    }
    parts.join("\n")
}

/// How many of the changes are made by Systems Manager Automation, and by which runbook; `None` if none is.
pub(crate) fn by_runbook(seen: &[Seen], with_role: bool) -> Option<String> {
    let automated: usize = seen.iter().map(|it| it.automated.len()).sum();
    let role = with_role.then_some("");
    let judged = seen.iter().flat_map(|it| it.judged.iter().filter(|judged| it.is_automated(judged)));
    let documents: Vec<&str> = documents(judged, role).into_iter().collect();
    (automated > 0).then(|| {
        format!("  {} by Systems Manager Automation: {}", count(automated, "change"), documents.join(", "))
    })
}

type ByWords = BTreeMap<(String, &'static str), Vec<String>>;

/// What acts and what is held, by the words for it and by kind.
fn sorted(seen: &Seen) -> (ByWords, ByWords) {
    let (mut acting, mut held) = (ByWords::new(), ByWords::new());
    for judged in &seen.judged {
        let (kind, id, words) = match judged {
            Judged::Instance(it, decision) => ("instance", it.id.to_string(), words(decision)),
            Judged::Notebook(it, decision) => ("notebook", it.name.to_string(), words(decision)),
            Judged::Source(it) => (it.noun(), it.resource().to_string(), source_words(it)),
        };
        match words {
            Some(Words::Acting(words)) => acting.entry((words, kind)).or_default().push(id),
            Some(Words::Held(words)) => held.entry((words, kind)).or_default().push(id),
            None => {}
        }
    }
    (acting, held)
}

enum Words {
    Acting(String),
    Held(String),
}

fn words<S: fmt::Display>(decision: &Decision<S>) -> Option<Words> {
    match &decision.plan {
        Plan::Nothing => None,
        Plan::Act(step) => Some(Words::Acting(step.to_string())),
        Plan::Hold { why, .. } => Some(Words::Held(why.to_string())),
        Plan::Wait(wait) => Some(Words::Held(wait.to_string())),
    }
}

fn source_words(it: &Source) -> Option<Words> {
    match it {
        Source::Defaults(_, decision) => words(decision),
        Source::Version(_, it) => words(&it.decision),
        Source::Configuration(_, _, decision) => words(decision),
        Source::Image(_, decision) => words(decision),
    }
}

fn section(heading: &str, groups: ByWords, named: usize, width: Option<u16>) -> String {
    let mut sheet = Sheet::new(&[], 0, width);
    for ((words, kind), ids) in groups {
        let cells = [format!("   {words}"), count(ids.len(), kind), some(&ids, named)];
        sheet.row(cells.map(Entry::Text).into());
    }
    format!("  {heading}\n{}", sheet.text())
}

/// What would let held resources be changed, where something would.
pub(crate) fn advice(hold: &'static str) -> Option<&'static str> {
    Some(match hold {
        "observe-mode" => {
            "set `mode: enforce` in the policy document, at the top or in the override that holds here"
        }
        "usage-gate" => {
            "these instances existed already, and lose IMDSv1 only after `MetadataNoToken` had data on every day of \
             `instances.usage_gate.quiet_days` and was zero; `v2only readiness` shows who still uses it, and \
             `instances.usage_gate.applies_to: none` in the policy document enforces without evidence"
        }
        "in-service" => {
            "stop these notebooks and run again, or let the policy document name a `notebooks.window`"
        }
        "source-report-only" => {
            "set `launch_templates.fix: new-version` in the policy document to have launch templates mended; \
             `images.fix: mark-v2` marks images, which nobody can undo"
        }
        "ssm-automation" => {
            "the runbooks of Systems Manager can require tokens and set the hop limit, and nothing else: let the policy \
             document say `instances.remediate_with: api` for these instances"
        }
        "irreversible" => "add `--accept-irreversible` to mark images as well; nobody can undo that",
        "outside-window" => "run again inside the maintenance window of the policy document",
        "amazon-linux-2" => {
            "set `notebooks.upgrade_platform: true` in the policy document to move them to Amazon Linux 2023"
        }
        _ => return None,
    })
}
