//! The plan, as it is shown before anybody agrees to it.

use std::collections::{BTreeMap, BTreeSet};

use v2only_enforcer::ResourceId;
use v2only_enforcer::automation::documents;
use v2only_policy::cause::{Launched, RootCause, Setter};
use v2only_policy::{Decision, InstanceChange, Judged, LaunchTemplateId, Note, Place, Plan, Step, Subject};

use crate::print::sheet::{Column, Entry, Sheet};
use crate::run::found::{Estate, FoundResource};
use crate::run::spool;
use crate::term::messages::count;
use crate::term::text::one_line;

/// How many resources are named for each change, unless all are.
const NAMED: usize = 10;

/// What would be changed, by place: sources and notebooks by change, instances by their root cause, with its fix;
/// then what is held, and why, and what deserves a warning.
#[derive(Default)]
pub(crate) struct Plans {
    by_place: BTreeMap<u32, Sorted>,
    automated: usize,
    endpoints: usize,
    documents: BTreeSet<&'static str>,
}

impl Plans {
    /// Goes through what was found. Of each change, only some resources are named, unless all are to be.
    pub(crate) fn of(estate: &Estate, all: bool, role: Option<&str>) -> spool::Result<Self> {
        let named = if all { usize::MAX } else { NAMED };
        let mut plans = Self::default();
        for it in estate.entries() {
            let FoundResource { judged, cause, .. } = estate.get(it)?;
            if it.automated {
                plans.automated += 1;
                plans.documents.extend(documents([&judged], role));
            }
            plans.endpoints += usize::from(disables_an_endpoint(&judged.decision));
            plans.by_place.entry(it.place()).or_default().add(&judged, cause, named);
        }
        Ok(plans)
    }

    /// In words.
    pub(crate) fn text(self, estate: &Estate, width: Option<u16>) -> String {
        let mut by_place = self.by_place;
        let mut parts: Vec<String> = Vec::new();
        for (number, seen) in (0_u32..).zip(&estate.seen) {
            let Some(sorted) = by_place.remove(&number) else { continue };
            let causes = sorted.causes();
            if sorted.acting.is_empty() && sorted.held.is_empty() && causes.is_empty() {
                continue;
            }
            parts.push(seen.place.to_string());
            if !sorted.acting.is_empty() {
                parts.push(section("to be changed", &sorted.acting, width));
            }
            parts.extend(causes.iter().map(|(words, it)| it.section(words, &sorted.fixed, width)));
            if !sorted.held.is_empty() {
                parts.push(section("held, and left as they are", &sorted.held, width));
            }
            parts.extend(sorted.containers.as_ref().map(containers));
        }
        parts.join("\n")
    }

    /// What stops with the metadata service of instances; `None` if no endpoint is disabled.
    pub(crate) fn endpoint_warning(&self) -> Option<String> {
        (self.endpoints > 0).then(|| {
            format!(
                "  {} lose the metadata service: EC2 Instance Connect, SSH keys at launch, user data and the credentials of \
                 their roles stop working there",
                count(self.endpoints, "instance")
            )
        })
    }

    /// How many of the changes are made by Systems Manager Automation, by which runbook, and where executions are started
    /// if not in each place; `None` if none is.
    pub(crate) fn by_runbook(&self, central: Option<&Place>) -> Option<String> {
        let documents: Vec<&str> = self.documents.iter().copied().collect();
        let started = central.map_or_else(String::new, |it| format!(", for all places from {it}"));
        (self.automated > 0).then(|| {
            let changes = count(self.automated, "change");
            format!("  {changes} by Systems Manager Automation: {}{started}", documents.join(", "))
        })
    }
}

fn disables_an_endpoint(decision: &Decision) -> bool {
    matches!(decision.plan, Plan::Act(Step::Instance(InstanceChange::DisableEndpoint)))
}

/// The number of resources, and the names of the first.
#[derive(Default)]
struct Named {
    number: usize,
    first: Vec<String>,
}

impl Named {
    fn add(&mut self, id: String, named: usize) {
        self.number += 1;
        if self.first.len() < named {
            self.first.push(id);
        }
    }

    /// `a, b, c and 7 more`, or all of them.
    fn words(&self) -> String {
        let first = self.first.join(", ");
        match self.number - self.first.len() {
            0 => first,
            more => format!("{first} and {more} more"),
        }
    }
}

type ByWords = BTreeMap<(String, &'static str), Named>;

/// Resources of one place by the words for what becomes of them and by kind.
#[derive(Default)]
struct Sorted {
    acting: ByWords,
    held: ByWords,
    /// Instances whose root cause is known: those that are changed, and how many are held.
    by_cause: BTreeMap<String, Caused>,
    /// What the plan changes of what causes say.
    fixed: Fixed,
    /// Hosts of containers that are left, or put, at hop limit 1.
    containers: Option<Named>,
}

/// What one cause explains.
struct Caused {
    cause: RootCause,
    acting: ByWords,
    held: usize,
}

/// The sources that are changed.
#[derive(Default)]
struct Fixed {
    templates: BTreeSet<LaunchTemplateId>,
    defaults: bool,
}

impl Fixed {
    fn add(&mut self, subject: &Subject) {
        match subject {
            Subject::TemplateVersion { template, .. } => drop(self.templates.insert(template.id.clone())),
            Subject::AccountDefaults(_) => self.defaults = true,
            Subject::Instance(_)
            | Subject::Notebook(_)
            | Subject::LaunchConfiguration { .. }
            | Subject::Consumer { .. }
            | Subject::Image(_)
            | Subject::Surface(_) => {}
        }
    }

    /// Whether this changes what a cause says.
    fn covers(&self, cause: &RootCause) -> bool {
        match (cause.http_tokens, &cause.from) {
            (Setter::Source, Launched::Template(id, _)) => self.templates.contains(id),
            (Setter::AccountDefault | Setter::Nobody, _) => self.defaults,
            _ => false,
        }
    }
}

impl Sorted {
    fn add(&mut self, judged: &Judged, cause: Option<RootCause>, named: usize) {
        let Judged { subject, decision } = judged;
        let (kind, id, words) = (subject.noun(), ResourceId::from(subject).to_string(), words(decision));
        if judged.acts() {
            if decision.notes.iter().any(|it| matches!(it, Note::ContainerHost(_))) {
                self.containers.get_or_insert_default().add(id.clone(), named);
            }
            self.fixed.add(subject);
        }
        let caused = cause.map(|it| self.of_cause(it));
        match (words, caused) {
            (Some(Words::Acting(words)), Some(caused)) => {
                caused.acting.entry((words, kind)).or_default().add(id, named);
            }
            (Some(Words::Acting(words)), None) => {
                self.acting.entry((words, kind)).or_default().add(id, named);
            }
            (Some(Words::Held(words)), caused) => {
                if let Some(caused) = caused {
                    caused.held += 1;
                }
                self.held.entry((words, kind)).or_default().add(id, named);
            }
            (None, _) => {}
        }
    }

    fn of_cause(&mut self, cause: RootCause) -> &mut Caused {
        let words = cause.words();
        self.by_cause.entry(words).or_insert_with(|| Caused { cause, acting: ByWords::new(), held: 0 })
    }

    /// The causes of what is changed, the one that explains most first.
    fn causes(&self) -> Vec<(&str, &Caused)> {
        let acting = self.by_cause.iter().filter(|(_, it)| !it.acting.is_empty());
        let mut causes: Vec<(&str, &Caused)> = acting.map(|(words, it)| (words.as_str(), it)).collect();
        causes.sort_by_key(|(_, it)| std::cmp::Reverse(it.changed()));
        causes
    }
}

impl Caused {
    fn changed(&self) -> usize {
        self.acting.values().map(|it| it.number).sum()
    }

    fn section(&self, words: &str, fixed: &Fixed, width: Option<u16>) -> String {
        let held = if self.held > 0 { format!(", and {} held", self.held) } else { String::new() };
        let fix = match self.cause.remedy() {
            _ if fixed.covers(&self.cause) => "\n    this plan fixes the cause as well".to_owned(),
            Some(remedy) => format!("\n    fix for the cause: {}", one_line(&remedy)),
            None => String::new(),
        };
        let heading = format!("{}{held}: {}{fix}", count(self.changed(), "instance"), one_line(words));
        section(&heading, &self.acting, width)
    }
}

/// Hosts of containers that are left, or put, at hop limit 1.
fn containers(hosts: &Named) -> String {
    let seem = if hosts.number == 1 { "seems to be a container host" } else { "seem to be container hosts" };
    format!(
        "  warning: {} {seem}, with a hop limit of 1 once this is done: {}\n    containers with a network of their own \
         get no token there, and without IMDSv1 no metadata; an override of the policy for their tag with \
         `instances: {{ hop_limit: {{ exactly: 2 }} }}` lets them",
        count(hosts.number, "instance"),
        hosts.words(),
    )
}

enum Words {
    Acting(String),
    Held(String),
}

fn words(decision: &Decision) -> Option<Words> {
    match &decision.plan {
        Plan::Nothing => None,
        Plan::Act(step) => Some(Words::Acting(step.to_string())),
        Plan::Hold { why, .. } => Some(Words::Held(why.to_string())),
        Plan::Wait(wait) => Some(Words::Held(wait.to_string())),
    }
}

fn section(heading: &str, groups: &ByWords, width: Option<u16>) -> String {
    let mut sheet = Sheet::new(["", "", ""].map(Column::text), width);
    for ((words, kind), ids) in groups {
        let cells = [format!("   {words}"), count(ids.number, kind), ids.words()];
        sheet.row(cells.map(Entry::Text).into());
    }
    format!("  {heading}\n{}", sheet.text())
}
