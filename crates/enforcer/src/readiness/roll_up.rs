//! Readiness of what belongs together: a fleet can lose version 1 when all of it can.

use std::collections::BTreeMap;

use v2only_policy::Place;

use super::{Readiness, State};

/// What instances are put together by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum By {
    /// Auto Scaling group.
    Group,
    /// Launch template.
    Template,
    /// The value of the tag with this key.
    Tag(String),
}

impl By {
    /// A stable word.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Group => "auto-scaling-group",
            Self::Template => "launch-template",
            Self::Tag(_) => "tag",
        }
    }

    /// Where an instance belongs.
    fn of<'r>(&self, it: &'r Readiness) -> Option<&'r str> {
        match self {
            Self::Group => it.group(),
            Self::Template => it.template(),
            Self::Tag(key) => it.instance.tags.get(key).map(String::as_str),
        }
    }
}

/// The instances of one place that belong together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RollUp {
    /// Where.
    pub place: Place,
    /// By what.
    pub by: By,
    /// The name of the group, id of the template or value of the tag; `None` for all that have none.
    pub value: Option<String>,
    /// How many instances are in each state.
    pub states: BTreeMap<State, usize>,
    /// Version-1 calls that were answered.
    pub no_token: u64,
    /// Version-1 calls that were refused.
    pub rejected: u64,
}

impl RollUp {
    /// The worst state in it, by which all of it goes.
    pub fn state(&self) -> State {
        self.states.keys().next().copied().unwrap_or(State::Unknown)
    }

    /// How many are in this state.
    pub fn count(&self, state: State) -> usize {
        self.states.get(&state).copied().unwrap_or_default()
    }
}

/// Puts the instances of one place together, the worst first. Where no instance belongs anywhere there is nothing to
/// put together.
pub fn roll_up(place: &Place, by: &By, all: &[Readiness]) -> Vec<RollUp> {
    let mut found: BTreeMap<Option<&str>, RollUp> = BTreeMap::new();
    for it in all {
        let value = by.of(it);
        let sum = found.entry(value).or_insert_with(|| RollUp {
            place: place.clone(),
            by: by.clone(),
            value: value.map(str::to_owned),
            states: BTreeMap::new(),
            no_token: 0,
            rejected: 0,
        });
        *sum.states.entry(it.state).or_default() += 1;
        sum.no_token = sum.no_token.saturating_add(it.no_token);
        sum.rejected = sum.rejected.saturating_add(it.rejected);
    }
    if found.keys().all(Option::is_none) {
        return Vec::new();
    }
    let mut sums: Vec<RollUp> = found.into_values().collect();
    sums.sort_by_key(|it| (it.state(), std::cmp::Reverse(it.no_token), it.value.is_none()));
    sums
}
