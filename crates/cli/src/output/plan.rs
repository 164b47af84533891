//! The plan, as it is shown before anybody agrees to it.

use std::collections::BTreeMap;
use std::fmt;

use v2only_enforcer::automation::documents;
use v2only_enforcer::scan::Judged;
use v2only_enforcer::sources::Source;
use v2only_policy::cause::{Launched, RootCause, Setter};
use v2only_policy::{Decision, Note, Place, Plan};

use super::one_line;
use super::table::{Entry, Sheet};
use crate::survey::Seen;
use crate::talk::{count, some};

/// How many resources are named for each change, unless all are.
const NAMED: usize = 10;

/// What would be changed, by place: sources and notebooks by change, instances by their root cause, with what mends it;
/// then what is held, and why, and what deserves a warning.
pub(crate) fn text(seen: &[Seen], all: bool, width: Option<u16>) -> String {
    let named = if all { usize::MAX } else { NAMED };
    let mut parts: Vec<String> = Vec::new();
    for seen in seen {
        let sorted = Sorted::of(seen);
        if sorted.acting.is_empty() && sorted.held.is_empty() && sorted.by_cause.is_empty() {
            continue;
        }
        parts.push(seen.place.to_string());
        if !sorted.acting.is_empty() {
            parts.push(section("to be changed", sorted.acting, named, width));
        }
        parts.extend(by_cause(seen, sorted.by_cause, named, width));
        if !sorted.held.is_empty() {
            parts.push(section("held, and left as they are", sorted.held, named, width));
        }
        parts.extend(containers(seen, named));
    }
    parts.join("\n")
}

/// How many of the changes are made by Systems Manager Automation, by which runbook, and where executions are started if
/// not in each place; `None` if none is.
pub(crate) fn by_runbook(seen: &[Seen], role: Option<&str>, central: Option<&Place>) -> Option<String> {
    let automated: usize = seen.iter().map(|it| it.automated.len()).sum();
    let judged = seen.iter().flat_map(|it| it.judged.iter().filter(|judged| it.is_automated(judged)));
    let documents: Vec<&str> = documents(judged, role).into_iter().collect();
    let started = central.map_or_else(String::new, |it| format!(", for all places from {it}"));
    (automated > 0).then(|| {
        let documents = documents.join(", ");
        format!("  {} by Systems Manager Automation: {documents}{started}", count(automated, "change"))
    })
}

type ByWords = BTreeMap<(String, &'static str), Vec<String>>;

/// Resources by the words for what becomes of them and by kind.
#[derive(Default)]
struct Sorted<'a> {
    acting: ByWords,
    held: ByWords,
    /// Instances whose root cause is known: those that are changed, and how many are held.
    by_cause: BTreeMap<String, Caused<'a>>,
}

/// What one cause explains.
struct Caused<'a> {
    cause: &'a RootCause,
    acting: ByWords,
    held: usize,
}

impl<'a> Sorted<'a> {
    fn of(seen: &'a Seen) -> Self {
        let mut sorted = Self::default();
        for judged in &seen.judged {
            let (kind, id, words) = match judged {
                Judged::Instance(it, decision) => ("instance", it.id.to_string(), words(decision)),
                Judged::Notebook(it, decision) => ("notebook", it.name.to_string(), words(decision)),
                Judged::Source(it) => (it.noun(), it.resource().to_string(), source_words(it)),
            };
            let caused = match judged {
                Judged::Instance(it, _) => seen.causes.get(&it.id).map(|cause| sorted.of_cause(cause)),
                Judged::Notebook(..) | Judged::Source(_) => None,
            };
            match (words, caused) {
                (Some(Words::Acting(words)), Some(caused)) => {
                    caused.acting.entry((words, kind)).or_default().push(id);
                }
                (Some(Words::Acting(words)), None) => {
                    sorted.acting.entry((words, kind)).or_default().push(id);
                }
                (Some(Words::Held(words)), caused) => {
                    if let Some(caused) = caused {
                        caused.held += 1;
                    }
                    sorted.held.entry((words, kind)).or_default().push(id);
                }
                (None, _) => {}
            }
        }
        sorted.by_cause.retain(|_, it| !it.acting.is_empty());
        sorted
    }

    fn of_cause(&mut self, cause: &'a RootCause) -> &mut Caused<'a> {
        let none = || Caused { cause, acting: ByWords::new(), held: 0 };
        self.by_cause.entry(cause.words()).or_insert_with(none)
    }
}

/// A section for each cause, the one that explains most first.
fn by_cause(
    seen: &Seen,
    causes: BTreeMap<String, Caused<'_>>,
    named: usize,
    width: Option<u16>,
) -> Vec<String> {
    let changed = |it: &Caused<'_>| it.acting.values().map(Vec::len).sum::<usize>();
    let mut causes: Vec<(String, Caused<'_>)> = causes.into_iter().collect();
    causes.sort_by_key(|(_, it)| std::cmp::Reverse(changed(it)));
    let one = |(words, it): (String, Caused<'_>)| {
        let held = if it.held > 0 { format!(", and {} held", it.held) } else { String::new() };
        let mended = match it.cause.remedy() {
            _ if is_mended(seen, it.cause) => "\n    this plan mends the cause as well".to_owned(),
            Some(remedy) => format!("\n    what mends the cause: {}", one_line(&remedy)),
            None => String::new(),
        };
        let heading = format!("{}{held}: {}{mended}", count(changed(&it), "instance"), one_line(&words));
        section(&heading, it.acting, named, width)
    };
    causes.into_iter().map(one).collect()
}

/// Whether the plan changes what a cause says.
fn is_mended(seen: &Seen, cause: &RootCause) -> bool {
    let changes = |it: &Source| match (it, cause.http_tokens, &cause.from) {
        (Source::Version(template, _), Setter::Source, Launched::Template(id, _)) => template.id == *id,
        (Source::Defaults(..), Setter::AccountDefault | Setter::Nobody, _) => true,
        _ => false,
    };
    seen.judged.iter().any(|it| it.acts() && matches!(it, Judged::Source(source) if changes(source)))
}

/// Hosts of containers that are left, or put, at hop limit 1.
fn containers(seen: &Seen, named: usize) -> Option<String> {
    let warned = |judged: &Judged| match judged {
        Judged::Instance(it, decision) if judged.acts() => {
            let warns = |it: &Note| it.code() == Note::CONTAINER_HOST;
            decision.notes.iter().any(warns).then(|| it.id.to_string())
        }
        _ => None,
    };
    let ids: Vec<String> = seen.judged.iter().filter_map(warned).collect();
    if ids.is_empty() {
        return None;
    }
    let seem = if ids.len() == 1 { "seems to be a container host" } else { "seem to be container hosts" };
    Some(format!(
        "  warning: {} {seem}, with a hop limit of 1 once this is done: {}\n    containers with a network of their own \
         get no token there, and without IMDSv1 no metadata; an override of the policy for their tag with \
         `instances: {{ hop_limit: {{ exactly: 2 }} }}` lets them",
        count(ids.len(), "instance"),
        some(&ids, named),
    ))
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
