//! The order of roll-out that this product recommends, and how far it has come here.

use std::collections::BTreeMap;

use v2only_enforcer::ResourceId;
use v2only_policy::{Hold, Plan, ResourceKind, Rule};

use crate::report::item::Item;
use crate::report::sink::Head;
use crate::term::messages::count;

/// How far a step is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// Nothing is left of it.
    Done,
    /// Something is left of it.
    Open,
    /// This run did not look.
    Unseen,
}

/// One step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) title: &'static str,
    pub(super) state: State,
    pub(super) is_next: bool,
    pub(super) words: String,
}

impl Step {
    const fn new(title: &'static str, state: State, words: String) -> Self {
        Self { title, state, is_next: false, words }
    }

    /// Whether something is to be done, as far as a scan can see.
    pub(super) fn is_open(&self) -> bool {
        self.state != State::Done
    }

    /// What stands beside it.
    pub(super) const fn mark(&self) -> &'static str {
        match (self.is_next, self.state) {
            (true, _) => "Next",
            (false, State::Done) => "Done",
            (false, State::Open) => "Later",
            (false, State::Unseen) => "Not seen",
        }
    }

    pub(super) const fn class(&self) -> &'static str {
        match (self.is_next, self.state) {
            (true, _) => "next",
            (false, State::Done) => "done",
            (false, State::Open | State::Unseen) => "later",
        }
    }
}

/// How much violates the policy, as far as steps depend on it.
#[derive(Default)]
pub(super) struct Left {
    /// Account defaults for launches.
    defaults: usize,
    /// Account defaults that do not enforce tokens.
    enforced: usize,
    templates: usize,
    consumers: usize,
    configurations: usize,
    images: usize,
    /// Surfaces that instances are launched from, by their nouns.
    surfaces: BTreeMap<&'static str, usize>,
    /// Instances and notebooks, and what is known of them.
    running: usize,
    would: usize,
    gate: usize,
    watched: usize,
}

impl Left {
    /// One more that violates the policy.
    pub(super) fn add(&mut self, it: &Item<'_>) {
        let record = it.record;
        let found = |rules: &[Rule]| usize::from(it.findings().iter().any(|it| rules.contains(&it.rule())));
        match &record.resource {
            ResourceId::AccountDefault => {
                self.defaults += found(&[Rule::DefaultTokens, Rule::DefaultHopLimit]);
                self.enforced += found(&[Rule::TokensEnforced]);
            }
            ResourceId::TemplateVersion(..) => self.templates += 1,
            ResourceId::Consumer(..) => self.consumers += 1,
            ResourceId::LaunchConfiguration(_) => self.configurations += 1,
            ResourceId::Image(_) => self.images += 1,
            ResourceId::Surface(kind, _) if !ResourceKind::Surface(*kind).is_instance() => {
                *self.surfaces.entry(kind.about().kind.noun).or_default() += 1;
            }
            ResourceId::Instance(_) | ResourceId::Notebook(_) | ResourceId::Surface(..) => {
                self.running += 1;
                self.would += usize::from(record.plan().is_some_and(Plan::acts));
                self.gate += usize::from(it.usage().is_some());
                self.watched += usize::from(record.hold() == Some(&Hold::Observe));
            }
            ResourceId::UnnamedLaunch(_) | ResourceId::Source(_) => {}
        }
    }
}

/// How much of the run was read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Coverage {
    pub(super) places: usize,
    pub(super) unread: usize,
}

/// All steps, the first open one marked.
pub(super) fn steps(items: &Left, coverage: Coverage, head: Head<'_>) -> Vec<Step> {
    let mut steps = vec![
        observe(coverage),
        defaults(items, coverage, head),
        sources(items, coverage, head),
        resources(items, coverage, head),
        Step::new(
            "Service control policies",
            State::Unseen,
            "No scan sees them. `v2only policies render --policy policy.yaml` writes them for your document, and \
             `v2only policies check FILE` says what yours do."
                .to_owned(),
        ),
        enforced(items, coverage, head),
    ];
    // What no scan sees is next once everything before it is done.
    if let Some(next) = steps.iter().position(Step::is_open)
        && let Some(step) = steps.get_mut(next)
    {
        step.is_next = true;
    }
    steps
}

fn observe(coverage: Coverage) -> Step {
    let title = "Observe";
    match coverage.unread {
        0 => Step::new(title, State::Done, "Every account and Region was read completely.".to_owned()),
        some => Step::new(
            title,
            State::Open,
            format!(
                "{some} of {} accounts and Regions could not be read completely. Until they are, nobody knows how many answer \
                 IMDSv1 there.",
                coverage.places
            ),
        ),
    }
}

/// A step that is done where nothing is left; where something could not be read, that is not known.
fn left(
    title: &'static str,
    looked: bool,
    number: usize,
    coverage: Coverage,
    open: String,
    done: &str,
) -> Step {
    match (looked, number, coverage.unread == 0) {
        (false, ..) => Step::new(title, State::Unseen, "This run did not read them.".to_owned()),
        (true, 0, true) => Step::new(title, State::Done, done.to_owned()),
        (true, 0, false) => {
            Step::new(title, State::Unseen, "Nothing is left in what could be read.".to_owned())
        }
        (true, ..) => Step::new(title, State::Open, open),
    }
}

fn defaults(items: &Left, coverage: Coverage, head: Head<'_>) -> Step {
    let title = "Account defaults";
    if head.kinds.contains(ResourceKind::AccountDefault)
        && !head.policy.rules.account_defaults.http_tokens_required
    {
        let words = "The policy document sets no rule for them. With `account_defaults: { http_tokens: required }` \
                     whatever is launched without a word of its own answers IMDSv2 only.";
        return Step::new(title, State::Open, words.to_owned());
    }
    let number = items.defaults;
    let open = format!(
        "{} other than the policy says. One call for each fixes them, and every later launch with them.",
        if number == 1 {
            "1 account default is".to_owned()
        } else {
            format!("{number} account defaults are")
        }
    );
    left(
        title,
        head.kinds.contains(ResourceKind::AccountDefault),
        number,
        coverage,
        open,
        "Every default that was read is as the policy says.",
    )
}

fn sources(items: &Left, coverage: Coverage, head: Head<'_>) -> Step {
    let &Left { templates, consumers, configurations, images, ref surfaces, .. } = items;
    let parts = [
        (templates, "launch template version"),
        (consumers, "template consumer"),
        (configurations, "launch configuration"),
        (images, "image"),
    ];
    let surfaces = surfaces.iter().map(|(noun, number)| (*number, *noun));
    let parts: Vec<(usize, &str)> = parts.into_iter().chain(surfaces).collect();
    let sum = parts.iter().map(|(number, _)| number).sum();
    let parts: Vec<String> = parts
        .into_iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, noun)| count(number, noun))
        .collect();
    let open = format!(
        "{} would launch instances that answer IMDSv1. Fix these before the instances, or new violations appear.",
        parts.join(" and ")
    );
    let looked = head.kinds.contains(ResourceKind::LaunchTemplate);
    let done = "Nothing that instances are launched from lets IMDSv1 through.";
    left("Launch templates and images", looked, sum, coverage, open, done)
}

fn resources(items: &Left, coverage: Coverage, head: Head<'_>) -> Step {
    let Left { running, would, gate, watched, .. } = *items;
    let mut open = format!(
        "{} the policy.",
        if running == 1 { "1 violates".to_owned() } else { format!("{running} violate") }
    );
    let mut add = |number: usize, words: &str| {
        if number > 0 {
            open.push_str(&format!(" {number} {words}"));
        }
    };
    add(would, "would be changed by `v2only enforce`.");
    add(watched, "wait for `mode: enforce` in the policy document.");
    add(gate, "are held until nobody uses IMDSv1 on them.");
    let looked =
        [ResourceKind::Instance, ResourceKind::Notebook].iter().any(|kind| head.kinds.contains(*kind));
    let done = "Every one that was read is as the policy says, or exempt.";
    left("Instances and notebooks", looked, running, coverage, open, done)
}

fn enforced(items: &Left, coverage: Coverage, head: Head<'_>) -> Step {
    let title = "HttpTokensEnforced, or a declarative policy";
    if head.kinds.contains(ResourceKind::AccountDefault) && !head.policy.rules.account_defaults.enforced {
        let words = "Last, because launches that request IMDSv1 fail from then on. `v2only readiness` says which; \
                     `account_defaults: { enforced: enabled }` in the policy document asks for it.";
        return Step::new(title, State::Open, words.to_owned());
    }
    let number = items.enforced;
    let open = format!("Not enabled in {}.", count(number, "place"));
    left(
        title,
        head.kinds.contains(ResourceKind::AccountDefault),
        number,
        coverage,
        open,
        "Enabled wherever the policy asks for it.",
    )
}
