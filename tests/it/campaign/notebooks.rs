//! Notebooks: what people do with them, and for how long each has allowed version 1.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};
use v2only_sandbox::sagemaker::{Notebook, Notebooks, Platform, Seed, Status};
use v2only_sandbox::{ActorCall, CallFilter, Place, Sandbox};
use v2only_tests::{Dice, Line, SECOND, Stage};

use super::bounds::LONGEST;
use super::calls::{EXEMPTION_DAY, PLACES, mallory};

/// How long a notebook counts as new, by the policy.
const FRESH: std::time::Duration = SECOND.saturating_mul(60 * 30);

/// Every notebook that people created, and what was said of it last.
#[derive(Debug, Default)]
pub struct NotebookLedger {
    /// By name: the account and Region, and since when the notebook has been open without an excuse.
    known: BTreeMap<String, (Place, Option<Timestamp>)>,
    said: BTreeMap<String, Line>,
    counts: BTreeMap<String, usize>,
}

fn allows_version_1(it: &Notebook) -> bool {
    it.minimum_version.as_deref() != Some("2")
}

fn is_protected(it: &Notebook) -> bool {
    let is_exempt =
        it.tags.contains_key("v2only:exempt-until") && it.tags.contains_key("v2only:exempt-reason");
    is_exempt || it.tags.get("stage").is_some_and(|it| it == "trial")
}

/// Whether the reason for which a notebook is on hold is still true: nobody stops one that runs and is not new, nor one that could
/// not be started again.
fn is_held_rightly(line: &Line, it: &Notebook) -> bool {
    let why = line.text("hold");
    let is_true = why == "in-service" || (why == "amazon-linux-2" && it.platform == Platform::Al2V2);
    line.is("held") && is_true && it.status == Status::InService
}

impl NotebookLedger {
    fn views<'a>(&'a self, aws: &'a Sandbox) -> impl Iterator<Item = Notebook> + 'a {
        self.known.iter().filter_map(|(name, (place, _))| aws.notebooks().get(place, name))
    }

    /// How often this was said: plan and outcome, such as `act fixed`.
    pub fn count(&self, what: &str) -> usize {
        self.counts.get(what).copied().unwrap_or_default()
    }

    /// Every notebook that nobody of ours may touch, as it is.
    pub fn protected(&self, aws: &Sandbox) -> BTreeMap<String, Notebook> {
        self.views(aws).filter(is_protected).map(|it| (it.name.clone(), it)).collect()
    }

    /// Holds that what was protected is as it was, and runs if it ran.
    pub fn check_untouched(&self, aws: &Sandbox, before: &BTreeMap<String, Notebook>) {
        for it in self.views(aws).filter(is_protected) {
            let Some(was) = before.get(&it.name) else { continue };
            let said = self.said.get(&it.name);
            let is_tightened = allows_version_1(was) && !allows_version_1(&it);
            assert!(!is_tightened, "{} was protected and was updated: {said:?}", it.name);
            let is_stopped = was.status == Status::InService && it.status != Status::InService;
            assert!(!is_stopped, "{} was protected and was stopped: {said:?}", it.name);
        }
    }

    /// Remembers what was said last of each notebook.
    pub fn hear(&mut self, lines: &[Line]) {
        for line in lines.iter().filter(|it| it.text("kind") == "notebook") {
            *self.counts.entry(format!("{} {}", line.text("plan"), line.text("outcome"))).or_default() += 1;
            self.said.insert(line.text("resource").to_owned(), line.clone());
        }
    }

    /// Holds that no notebook has allowed version 1 for longer than [`LONGEST`] without an excuse.
    pub fn check_bounds(&mut self, stage: &Stage, enforced_since: Option<Timestamp>) {
        let now = stage.aws.now();
        let dead = stage.dead().concat();
        for (name, (place, open_since)) in &mut self.known {
            let Some(it) = stage.aws.notebooks().get(place, name) else { continue };
            let said = self.said.get(name);
            let is_gone = it.status == Status::Deleting;
            let is_open = allows_version_1(&it) && !is_protected(&it) && !is_gone && enforced_since.is_some();
            let is_alarmed = dead.contains(name.as_str()) || said.is_some_and(|it| it.is("failed"));
            let is_excused = is_alarmed || said.is_some_and(|line| is_held_rightly(line, &it));
            *open_since = is_open.then(|| open_since.filter(|_| !is_excused).unwrap_or(now));
            let since = open_since.unwrap_or(now).max(enforced_since.unwrap_or(now));
            let open_for = now.duration_since(since);
            assert!(open_for <= LONGEST, "{name} has been open for {open_for:#}: {said:?} {it:?}");
        }
    }

    /// Holds that in the end no notebook is open but for a true reason, and none stays stopped that ran before the functions stopped
    /// it.
    pub fn check_all_closed(&self, aws: &Sandbox) {
        for it in self.views(aws).filter(|it| !is_protected(it)) {
            let said = self.said.get(&it.name);
            let is_excused = said.is_some_and(|line| is_held_rightly(line, &it));
            assert!(!allows_version_1(&it) || is_excused, "{}: {said:?} {it:?}", it.name);
            let is_left = it.status == Status::Stopped && it.tags.contains_key("v2only:restart");
            assert!(!is_left, "{} was not started again: {said:?} {it:?}", it.name);
        }
    }
}

/// What somebody does to one notebook.
#[derive(Debug, Clone, Copy)]
enum Deed {
    /// AWS takes it only while the notebook is stopped.
    Flip,
    Exempt,
    EndExemption,
    EraseMemory,
    Stop,
    Start,
    Delete,
}

impl Deed {
    const ALL: [Self; 10] = [
        Self::Flip,
        Self::Flip,
        Self::Flip,
        Self::Stop,
        Self::Stop,
        Self::Start,
        Self::Exempt,
        Self::EndExemption,
        Self::EraseMemory,
        Self::Delete,
    ];

    fn call(self, place: &Place, name: &str) -> ActorCall {
        let named = json!({"NotebookInstanceName": name});
        let arn = Notebooks::arn(place, name);
        let (action, document): (&str, Value) = match self {
            Self::Flip => (
                "UpdateNotebookInstance",
                json!({
                    "NotebookInstanceName": name,
                    "InstanceMetadataServiceConfiguration": {"MinimumInstanceMetadataServiceVersion": "1"},
                }),
            ),
            Self::Exempt => (
                "AddTags",
                json!({"ResourceArn": arn, "Tags": [
                    {"Key": "v2only:exempt-until", "Value": EXEMPTION_DAY},
                    {"Key": "v2only:exempt-reason", "Value": "vendor agent"},
                ]}),
            ),
            Self::EndExemption => (
                "DeleteTags",
                json!({"ResourceArn": arn, "TagKeys": ["v2only:exempt-until", "v2only:exempt-reason"]}),
            ),
            Self::EraseMemory => {
                ("DeleteTags", json!({"ResourceArn": arn, "TagKeys": ["v2only:reverted", "v2only:updated"]}))
            }
            Self::Stop => ("StopNotebookInstance", named),
            Self::Start => ("StartNotebookInstance", named),
            Self::Delete => ("DeleteNotebookInstance", named),
        };
        ActorCall::new(&place.account, &place.region, mallory()).json("sagemaker", action, document)
    }
}

/// The people who own notebooks.
pub struct Owners<'a> {
    pub aws: &'a Sandbox,
    pub dice: &'a mut Dice,
    pub ledger: &'a mut NotebookLedger,
}

impl Owners<'_> {
    /// One of them does something; what it was. AWS refuses some of it.
    pub fn act(&mut self) -> String {
        if self.dice.roll(25) {
            return self.create();
        }
        let Some((name, place)) = self.target() else { return "nothing".to_owned() };
        let deed = *self.dice.pick(&Deed::ALL);
        self.perform(deed, &name, &place)
    }

    /// Somebody stops the oldest notebook and lets it allow version 1, again and again, so that it is contested.
    pub fn insist(&mut self) -> String {
        let is_closed = |(name, (place, _)): &(&String, &(Place, _))| {
            let it = self.aws.notebooks().get(place, name);
            it.is_some_and(|it| !is_protected(&it) && !allows_version_1(&it))
        };
        let Some((name, (place, _))) = self.ledger.known.iter().find(is_closed) else {
            return "nothing".to_owned();
        };
        let (name, place) = (name.clone(), place.clone());
        let is_stopped =
            self.aws.notebooks().get(&place, &name).is_some_and(|it| it.status == Status::Stopped);
        self.perform(if is_stopped { Deed::Flip } else { Deed::Stop }, &name, &place)
    }

    /// Somebody acts in the middle of a run.
    pub fn act_meanwhile(&mut self) -> String {
        let Some((name, place)) = self.target() else { return "nothing".to_owned() };
        let (deed, before) = *self.dice.pick(&[
            (Deed::Exempt, "DescribeNotebookInstance"),
            (Deed::Start, "UpdateNotebookInstance"),
            (Deed::Start, "StartNotebookInstance"),
        ]);
        let nth = 1 + self.dice.below(3);
        let made = deed.call(&place, &name);
        self.aws.before_call(CallFilter::of("sagemaker", before), nth.try_into().unwrap(), move |aws| {
            let _refused = aws.call_as(&made);
        });
        format!("{deed:?} {name} before call {nth} of {before}")
    }

    fn perform(&self, deed: Deed, name: &str, place: &Place) -> String {
        let refused = self.aws.call_as(&deed.call(place, name)).err();
        format!("{deed:?} {name}, refused: {refused:?}")
    }

    /// Of a few notebooks again and again.
    fn target(&mut self) -> Option<(String, Place)> {
        let all: Vec<(String, Place)> = self.ledger.views(self.aws).map(|it| (it.name, it.place)).collect();
        let few = if self.dice.roll(50) { all.len().min(3) } else { all.len() };
        (!all.is_empty()).then(|| all[self.dice.below(few)].clone())
    }

    fn create(&mut self) -> String {
        let (account, region) = *self.dice.pick(&PLACES);
        let place = Place::new(account, region);
        let name = format!("notebook-{:04}", self.ledger.known.len());
        let seed = Seed::new(&name).minimum_version("1");
        let (what, seed) = match self.dice.below(8) {
            0 => ("v2-only", seed.age(SECOND).minimum_version("2").status(Status::Pending)),
            1 => ("observed", seed.age(SECOND).tag("stage", "trial").status(Status::Pending)),
            2 => ("old and running", seed.age(FRESH * 2).status(Status::InService)),
            3 => ("old and stopped", seed.age(FRESH * 2).status(Status::Stopped)),
            4 => ("on Amazon Linux 2", seed.age(SECOND).platform(Platform::Al2V2).status(Status::InService)),
            _ => ("open", seed.age(SECOND).status(Status::Pending)),
        };
        self.aws.notebooks().add(&place, seed);
        self.ledger.known.insert(name.clone(), (place, None));
        if self.dice.roll(10) {
            self.aws.notebooks().fail_next_start(&Place::new(account, region), &name, "no capacity");
        }
        format!("{name} {what} in {account} {region}")
    }
}
