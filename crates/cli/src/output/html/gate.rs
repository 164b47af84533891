//! What the usage gate knows of those that it holds.

use v2only_policy::usage::Usage;

use super::ROWS;
use super::words::{grouped, percent};
use crate::output::items::Item;
use crate::output::plain;

/// What the usage gate found, and how often.
pub(super) struct Gate {
    pub(super) words: &'static str,
    pub(super) then: &'static str,
    pub(super) instances: usize,
}

/// An instance that still uses version 1.
pub(super) struct Busy {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) place: String,
    pub(super) calls: String,
    pub(super) share: usize,
}

/// What evidence the gate had of those that it holds.
pub(super) fn gate(violating: &[&Item<'_>]) -> Vec<Gate> {
    let number =
        |wanted: fn(Usage) -> bool| violating.iter().filter(|it| it.usage().is_some_and(wanted)).count();
    [
        Gate {
            words: "still use IMDSv1",
            then: "Update their software first; each call is one that would have failed.",
            instances: number(|it| matches!(it, Usage::Busy { .. })),
        },
        Gate {
            words: "have no data on some day",
            then: "No data is not zero: wait until they have run through the whole window.",
            instances: number(|it| matches!(it, Usage::Gaps { .. } | Usage::Quiet { .. })),
        },
        Gate {
            words: "have data of which CloudWatch gave only a part",
            then: "Run the scan again.",
            instances: number(|it| matches!(it, Usage::Partial)),
        },
        Gate {
            words: "have not been asked about",
            then: "Grant `cloudwatch:GetMetricData` to the role that reads.",
            instances: number(|it| matches!(it, Usage::NotRead)),
        },
    ]
    .into_iter()
    .filter(|it| it.instances > 0)
    .collect()
}

pub(super) fn busy(violating: &[&Item<'_>]) -> Vec<Busy> {
    let mut calling: Vec<(u64, &Item<'_>)> = violating
        .iter()
        .filter_map(|it| match it.usage() {
            Some(Usage::Busy { calls }) => Some((calls, *it)),
            _ => None,
        })
        .collect();
    calling.sort_by_key(|(calls, _)| std::cmp::Reverse(*calls));
    let most = calling.first().map_or(0, |(calls, _)| *calls);
    let shown = calling.into_iter().take(ROWS);
    shown
        .map(|(calls, it)| Busy {
            id: plain(&it.record.resource.to_string()),
            name: it.name().map(plain).unwrap_or_default(),
            place: it.record.place.to_string(),
            calls: grouped(usize::try_from(calls).unwrap_or(usize::MAX)),
            share: percent(usize::try_from(calls).unwrap_or(usize::MAX), usize::try_from(most).unwrap_or(1)),
        })
        .collect()
}
