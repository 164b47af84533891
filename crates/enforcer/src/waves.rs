//! Waves: which changes are made first, and whether to go on after them.
//!
//! Pure. Sources come first, all of them: no software runs on them, and what is launched meanwhile is right. Then a
//! canary, spread over accounts, Regions and causes, and then the rest in equal waves. After each wave [`go_on`] says
//! whether the next may begin.

mod judge;
mod portion;

use std::collections::BTreeMap;

use v2only_policy::Place;

pub use judge::{Refusals, Stop, Watched, go_on, watched};
pub use portion::{NotAPortion, Portion};

/// Where nobody asks for waves, so many changes of instances and notebooks are made in one.
pub const FEW: usize = 20;

/// How changes are spread over waves, and what ends them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rollout {
    /// The canary, as a part of the changes of instances and notebooks.
    pub canary: Portion,
    /// Each wave after it, as a part of those that are left after the canary.
    pub wave: Portion,
    /// How many of all changes may fail.
    pub max_errors: Portion,
    /// How many of the instances that lost version 1 may still ask for it.
    pub max_rejecting: Portion,
}

/// A change, as far as its place in a wave depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change<'a> {
    /// Where.
    pub place: &'a Place,
    /// Whether it is of a source, and not of an instance or a notebook.
    pub source: bool,
    /// What stands behind it: the same words for the same cause.
    pub cause: &'a str,
}

/// Which changes a wave is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// What instances take their options from.
    Sources,
    /// The first instances and notebooks.
    Canary,
    /// The others, or a part of them.
    Rest,
}

impl Stage {
    /// A stable word.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Sources => "sources",
            Self::Canary => "canary",
            Self::Rest => "rest",
        }
    }
}

/// Changes that are made side by side, by their number among all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wave {
    /// What they are.
    pub stage: Stage,
    /// Never empty.
    pub members: Vec<usize>,
}

/// Every change in exactly one wave; without a rollout, those of instances and notebooks in one.
pub fn waves(subjects: &[Change<'_>], rollout: Option<&Rollout>) -> Vec<Wave> {
    let (sources, others): (Vec<usize>, Vec<usize>) =
        (0..subjects.len()).partition(|at| subjects.get(*at).is_some_and(|it| it.source));
    let mut waves = vec![Wave { stage: Stage::Sources, members: sources }];
    match rollout {
        None => waves.push(Wave { stage: Stage::Rest, members: others }),
        Some(rollout) => {
            let mut canary = spread(subjects, others);
            let rest = canary.split_off(rollout.canary.at_least_one_of(canary.len()));
            waves.push(Wave { stage: Stage::Canary, members: canary });
            let size = rollout.wave.at_least_one_of(rest.len()).max(1);
            let rest = rest.chunks(size).map(<[usize]>::to_vec);
            waves.extend(rest.map(|members| Wave { stage: Stage::Rest, members }));
        }
    }
    waves.retain(|it| !it.members.is_empty());
    waves
}

/// The same changes in an order every beginning of which is spread: over accounts first, then over the Regions of each,
/// then over the causes in each.
fn spread(subjects: &[Change<'_>], members: Vec<usize>) -> Vec<usize> {
    let mut regions: BTreeMap<&str, Vec<&Place>> = BTreeMap::new();
    let mut causes: BTreeMap<&Place, Vec<&str>> = BTreeMap::new();
    let mut met: BTreeMap<(&Place, &str), usize> = BTreeMap::new();
    let mut ranked = Vec::with_capacity(members.len());
    for (at, it) in members.iter().filter_map(|at| Some((*at, subjects.get(*at)?))) {
        let region = rank(regions.entry(it.place.account.as_str()).or_default(), it.place);
        let cause = rank(causes.entry(it.place).or_default(), it.cause);
        let before = met.entry((it.place, it.cause)).or_default();
        ranked.push(((*before, cause, region), at));
        *before += 1;
    }
    // Stable: of the same rank is one of each account, in the order in which they came.
    ranked.sort_by_key(|(rank, _)| *rank);
    ranked.into_iter().map(|(_, at)| at).collect()
}

/// The position of an item among those met so far.
fn rank<T: PartialEq>(met: &mut Vec<T>, item: T) -> usize {
    met.iter().position(|it| *it == item).unwrap_or_else(|| {
        met.push(item);
        met.len() - 1
    })
}

#[cfg(test)]
mod tests;
