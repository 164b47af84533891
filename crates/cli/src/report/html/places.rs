//! How many answer version 1, and where.

use std::collections::BTreeMap;

use v2only_enforcer::Outcome;
use v2only_policy::Place;

use super::words::percent;
use crate::report::headline::grouped;
use crate::report::item::Item;
use crate::report::sink::{Head, Tail};
use crate::run::accounts::AccountNames;
use crate::term::messages::count;

/// One account and Region.
pub(super) struct Posture {
    pub(super) account: String,
    pub(super) region: String,
    pub(super) version_1: usize,
    /// Of the largest number in one account and Region, in percent.
    pub(super) share: usize,
    pub(super) violations: usize,
    pub(super) exempt: usize,
    pub(super) held: usize,
    pub(super) would_change: usize,
    pub(super) read: bool,
}

/// Where most of them are.
pub(super) fn standfirst(postures: &[Posture], scope: &str) -> String {
    let total: usize = postures.iter().map(|it| it.version_1).sum();
    let mut most: Vec<&Posture> = postures.iter().filter(|it| it.version_1 > 0).collect();
    most.sort_by_key(|it| std::cmp::Reverse(it.version_1));
    match most.as_slice() {
        [] => format!("Looked in {scope}."),
        [only] => format!("In account {}, {}. Looked in {scope}.", only.account, only.region),
        [first, ..] => format!(
            "{} of {} in account {}, {}. Looked in {scope}.",
            grouped(first.version_1),
            grouped(total),
            first.account,
            first.region
        ),
    }
}

pub(super) fn scope(head: Head<'_>) -> String {
    let mut accounts: Vec<&str> = head.places.iter().map(|place| place.account.as_str()).collect();
    let mut regions: Vec<&str> = head.places.iter().map(|place| place.region.as_str()).collect();
    accounts.sort_unstable();
    accounts.dedup();
    regions.sort_unstable();
    regions.dedup();
    format!("{} and {}", count(accounts.len(), "account"), count(regions.len(), "Region"))
}

/// What is known of each account and Region so far.
#[derive(Default)]
pub(super) struct Postures(BTreeMap<Place, Posture>);

fn empty(read: bool, place: &Place) -> Posture {
    Posture {
        account: place.account.to_string(),
        region: place.region.to_string(),
        version_1: 0,
        share: 0,
        violations: 0,
        exempt: 0,
        held: 0,
        would_change: 0,
        read,
    }
}

impl Postures {
    pub(super) fn add(&mut self, item: &Item<'_>) {
        let place = &item.record.place;
        let posture = match self.0.get_mut(place) {
            Some(it) => it,
            None => self.0.entry(place.clone()).or_insert_with(|| empty(true, place)),
        };
        posture.version_1 += usize::from(item.answers_version_1());
        posture.violations += usize::from(item.violates());
        posture.exempt += usize::from(item.exemption().is_some());
        let waits = item.violates() && item.record.outcome == Outcome::Held;
        posture.held += usize::from(waits && item.record.hold().is_some());
        posture.would_change += usize::from(waits && item.record.hold().is_none());
    }

    /// Those where most answer version 1 first.
    pub(super) fn told(mut self, tail: &Tail<'_>, accounts: &AccountNames) -> Vec<Posture> {
        for survey in tail.surveys {
            let read = survey.failure.is_none();
            let posture = self.0.entry(survey.place.clone()).or_insert_with(|| empty(read, &survey.place));
            posture.read &= read;
        }
        for (place, posture) in &mut self.0 {
            posture.account = accounts.label(&place.account);
        }
        let most = self.0.values().map(|it| it.version_1).max().unwrap_or(0);
        let mut all: Vec<Posture> = self.0.into_values().collect();
        for it in &mut all {
            it.share = percent(it.version_1, most);
        }
        all.sort_by_key(|it| std::cmp::Reverse((it.version_1, it.violations, !it.read)));
        all
    }
}
