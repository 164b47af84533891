//! The effects of a switch on all launches of a group.

use std::collections::BTreeMap;

use v2only_policy::{AccountId, Place, StatedOptions};

use crate::facts::{LaunchFacts, UsedTemplate};
use crate::group::{GroupKey, LaunchGroup};
use crate::switch::{Effect, EnforcementSwitch, Knowledge, Missing, effect};

/// The options of launch template versions that were read, by account and Region.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TemplateOptions {
    versions: BTreeMap<(Place, String, String), StatedOptions>,
}

impl TemplateOptions {
    /// Notes what a version states, under the id or the name of its template. `version` is a number, `$Latest` or
    /// `$Default`.
    pub fn add(&mut self, place: &Place, template: &str, version: &str, options: StatedOptions) {
        self.versions.insert((place.clone(), template.to_owned(), version.to_owned()), options);
    }

    /// Takes over the versions that were read in another account and Region.
    pub fn absorb(&mut self, other: Self) {
        self.versions.extend(other.versions);
    }

    fn get(&self, place: &Place, template: &UsedTemplate) -> Option<StatedOptions> {
        let version = template.version.as_deref().unwrap_or("$Default");
        self.versions.get(&(place.clone(), template.id.clone(), version.to_owned())).copied()
    }
}

/// What is known beside the records of a group.
#[derive(Debug, Clone, Copy)]
pub struct GroupKnowledge<'a> {
    /// The account and Region of the group.
    pub place: &'a Place,
    /// The launch templates that were read.
    pub templates: &'a TemplateOptions,
    /// Whether the caller is a service-linked role.
    pub service_linked: bool,
    /// The management account of the organization, if it is known. No SCP applies to it.
    pub management: Option<&'a AccountId>,
}

impl Knowledge for GroupKnowledge<'_> {
    fn template(&self, template: &UsedTemplate) -> Option<StatedOptions> {
        self.templates.get(self.place, template)
    }

    fn is_beyond_scps(&self) -> bool {
        self.service_linked || self.management == Some(&self.place.account)
    }
}

/// How many launches a switch leaves, changes and refuses.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Counts {
    /// Launches that stay as they were.
    pub unchanged: u64,
    /// Launches that succeed with other options.
    pub changed: u64,
    /// Launches that fail.
    pub refused: u64,
    /// Launches about which the records do not show enough.
    pub undecided: u64,
    /// What the records do not show, with the number of launches.
    pub missing: BTreeMap<Missing, u64>,
}

impl Counts {
    /// Counts launches with the same effect.
    pub fn add(&mut self, effect: Effect, launches: u64) {
        match effect {
            Effect::Unchanged => self.unchanged += launches,
            Effect::Changed => self.changed += launches,
            Effect::Refused => self.refused += launches,
            Effect::Undecided(missing) => {
                self.undecided += launches;
                *self.missing.entry(missing).or_default() += launches;
            }
        }
    }

    /// The counts of both.
    pub fn merge(&mut self, other: &Self) {
        self.unchanged += other.unchanged;
        self.changed += other.changed;
        self.refused += other.refused;
        self.undecided += other.undecided;
        for (missing, launches) in &other.missing {
            *self.missing.entry(*missing).or_default() += launches;
        }
    }

    /// Whether the switch leaves every launch as it was.
    pub const fn is_clear(&self) -> bool {
        self.changed == 0 && self.refused == 0 && self.undecided == 0
    }
}

/// What a switch would have done to a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forecast {
    /// The switch.
    pub switch: EnforcementSwitch,
    /// All recorded launches of the group.
    pub recorded: Counts,
    /// The latest launch alone: what the switch does to the next launch, if nothing changes. `None` where the records have
    /// no time.
    pub latest: Option<Effect>,
}

/// What `switch` would have done to the launches of a group.
pub fn forecast(
    key: &GroupKey,
    group: &LaunchGroup,
    switch: EnforcementSwitch,
    templates: &TemplateOptions,
    management: Option<&AccountId>,
) -> Forecast {
    let known =
        GroupKnowledge { place: &key.place, templates, service_linked: group.service_linked, management };
    let of = |facts: &LaunchFacts| effect(facts, switch, &known);
    let mut recorded = Counts::default();
    for (facts, tally) in &group.launched {
        recorded.add(of(facts), tally.launches);
    }
    Forecast { switch, recorded, latest: group.latest.as_ref().map(|(_, facts)| of(facts)) }
}
