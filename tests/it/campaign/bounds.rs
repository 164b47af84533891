//! How long each violation has been open, and what excuses it.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use v2only_sandbox::{HttpTokens, InstanceStateName, InstanceView, MetadataOptions, Sandbox, Toggle};
use v2only_tests::{Line, Stage};

/// The longest that a violation may stay open: the next sweep comes within 30 minutes, a contested instance is paused for at most 45
/// minutes, and a message that met a fault rests for at most 30 minutes.
pub const LONGEST: SignedDuration = SignedDuration::from_mins(30 + 45 + 30);

/// An instance as the campaign knows it.
#[derive(Debug, Clone)]
struct Known {
    account: &'static str,
    region: &'static str,
    /// Whether AWS described it without IMDSv1 at any time.
    was_closed: bool,
    /// Since when it has been open against the policy.
    open_since: Option<Timestamp>,
}

/// Every instance that people launched, and what was said of it last.
#[derive(Debug, Default)]
pub struct Ledger {
    known: BTreeMap<String, Known>,
    /// In the order of launch.
    order: Vec<String>,
    said: BTreeMap<String, Line>,
    /// How often each was said: plan and outcome.
    counts: BTreeMap<String, usize>,
}

/// Whether an instance answers IMDSv1.
pub fn answers_version_1(it: &InstanceView) -> bool {
    it.metadata.http_tokens == HttpTokens::Optional && it.metadata.http_endpoint == Toggle::Enabled
}

/// Whether the policy lets nobody touch an instance.
pub fn is_protected(it: &InstanceView) -> bool {
    let is_exempt =
        it.tags.contains_key("v2only:exempt-until") && it.tags.contains_key("v2only:exempt-reason");
    let is_observed = it.tags.get("stage").is_some_and(|it| it == "trial");
    is_exempt || is_observed || it.operator.is_some()
}

const fn is_gone(it: &InstanceView) -> bool {
    matches!(it.state, InstanceStateName::ShuttingDown | InstanceStateName::Terminated)
}

impl Ledger {
    /// Adds a launched instance.
    pub fn add(&mut self, id: String, (account, region): (&'static str, &'static str)) {
        let known = Known { account, region, was_closed: false, open_since: None };
        self.order.push(id.clone());
        self.known.insert(id, known);
    }

    /// All that are there, with account and Region, in the order of launch.
    pub fn instances(&self, aws: &Sandbox) -> Vec<(String, &'static str, &'static str)> {
        let is_there =
            |it: &&Known, id: &str| aws.instance(it.account, it.region, id).is_some_and(|it| !is_gone(&it));
        let known = self.order.iter().filter_map(|id| Some((id, self.known.get(id)?)));
        let there = known.filter(|(id, it)| is_there(it, id));
        there.map(|(id, it)| (id.clone(), it.account, it.region)).collect()
    }

    /// How often this was said: plan and outcome, such as `act fixed`.
    pub fn count(&self, what: &str) -> usize {
        self.counts.get(what).copied().unwrap_or_default()
    }

    fn views<'a>(&'a self, aws: &'a Sandbox) -> impl Iterator<Item = InstanceView> + 'a {
        self.known.iter().filter_map(|(id, it)| aws.instance(it.account, it.region, id))
    }

    /// Everything that nobody of ours may touch, with its options.
    pub fn protected(&self, aws: &Sandbox) -> BTreeMap<String, MetadataOptions> {
        let protected = self.views(aws).filter(|it| is_protected(it) && !is_gone(it));
        protected.map(|it| (it.id, it.metadata)).collect()
    }

    /// Holds that what was protected is as it was. What is not protected any more, somebody changed meanwhile.
    pub fn check_untouched(&self, aws: &Sandbox, before: &BTreeMap<String, MetadataOptions>) {
        for it in self.views(aws).filter(is_protected) {
            let was = before.get(&it.id).unwrap_or(&it.metadata);
            let tightened =
                was.http_tokens == HttpTokens::Optional && it.metadata.http_tokens == HttpTokens::Required;
            assert!(!tightened, "{} was protected and was touched: {:?}", it.id, self.said.get(&it.id));
        }
    }

    /// Remembers what was said last of each resource.
    pub fn hear(&mut self, lines: &[Line]) {
        for line in lines.iter().filter(|it| it.text("kind") == "instance") {
            *self.counts.entry(format!("{} {}", line.text("plan"), line.text("outcome"))).or_default() += 1;
            self.said.insert(line.text("resource").to_owned(), line.clone());
        }
    }

    /// Holds that nothing has been open for longer than [`LONGEST`] without an excuse.
    pub fn check_bounds(&mut self, stage: &Stage, enforced_since: Option<Timestamp>) {
        let now = stage.aws.now();
        let dead = stage.dead().concat();
        for view in self.views(&stage.aws).collect::<Vec<_>>() {
            let Some(known) = self.known.get_mut(&view.id) else { continue };
            let is_open = answers_version_1(&view) && !is_gone(&view);
            known.was_closed |= !answers_version_1(&view);
            let is_violation = is_open && !is_protected(&view) && enforced_since.is_some();
            known.open_since = is_violation.then(|| known.open_since.unwrap_or(now));
            let Some(since) = known.open_since else { continue };
            let said = self.said.get(&view.id);
            let is_alarmed = dead.contains(&view.id) || said.is_some_and(|it| it.is("failed"));
            let is_excused = is_alarmed
                || said.is_some_and(|it| is_held_rightly(it, known.was_closed) || lacks_history(it));
            let open_for = now.duration_since(since.max(enforced_since.unwrap_or(now)));
            assert!(
                open_for <= LONGEST || is_excused,
                "{} has been open for {open_for:#}: {known:?} {said:?} {view:?}",
                view.id
            );
        }
    }

    /// Holds that in the end nothing is open but what is on hold for a reason that is still true.
    pub fn check_all_closed(&self, stage: &Stage) {
        for view in self.views(&stage.aws) {
            if is_gone(&view) || !answers_version_1(&view) || is_protected(&view) {
                continue;
            }
            let was_closed = self.known.get(&view.id).is_some_and(|it| it.was_closed);
            let said = self.said.get(&view.id);
            assert!(said.is_some_and(|it| is_held_rightly(it, was_closed)), "{}: {said:?} {view:?}", view.id);
        }
    }
}

/// No metric exists here, so the usage gate is right about every instance that was never v2-only, and wrong about any other.
fn is_held_rightly(line: &Line, was_closed: bool) -> bool {
    line.is("held") && line.text("hold") == "usage-gate" && !was_closed
}

/// On hold because CloudTrail did not answer, which the sweep reports as not swept: an alarm. The sandbox's clock stands still
/// while the functions run, so CloudTrail's 2 calls a second come back in the next round only.
fn lacks_history(line: &Line) -> bool {
    line.is("held") && line.texts("notes").contains("history-not-read")
}
