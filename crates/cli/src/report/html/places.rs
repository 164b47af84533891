//! How many answer version 1, and where.

use std::collections::BTreeMap;

use v2only_enforcer::scan::Kinds;
use v2only_enforcer::{Outcome, ResourceId};
use v2only_policy::Place;

use super::words::{grouped, percent};
use crate::report::item::Item;
use crate::report::sink::{Head, Tail};
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

/// How many answer version 1.
#[derive(Default)]
pub(super) struct Answering {
    instances: usize,
    notebooks: usize,
}

impl Answering {
    pub(super) fn add(&mut self, it: &Item<'_>) {
        if it.answers_version_1() {
            self.instances += usize::from(matches!(it.record.resource, ResourceId::Instance(_)));
            self.notebooks += usize::from(matches!(it.record.resource, ResourceId::Notebook(_)));
        }
    }
}

/// The answer to the first question, as far as this run asked it.
pub(super) fn headline(answering: &Answering, whole: bool, kinds: Kinds) -> String {
    let (what, besides) = match (kinds.instances, kinds.notebooks) {
        (true, true) => ("Nothing", ""),
        (true, false) => ("No instance", "; notebooks were not looked at"),
        (false, true) => ("No notebook", "; instances were not looked at"),
        (false, false) => return "Instances and notebooks were not looked at".to_owned(),
    };
    let parts = [(answering.instances, "instance"), (answering.notebooks, "notebook")];
    let total: usize = parts.iter().map(|(number, _)| number).sum();
    let named: Vec<String> = parts
        .iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, noun)| format!("{} {noun}{}", grouped(*number), if *number == 1 { "" } else { "s" }))
        .collect();
    let least = if whole { "" } else { "At least " };
    match total {
        0 if whole => format!("{what} answers IMDSv1 any more{besides}"),
        0 => format!("{what} that could be read answers IMDSv1{besides}"),
        1 => format!("{least}{} still answers IMDSv1{besides}", named.join(" and ")),
        _ => format!("{least}{} still answer IMDSv1{besides}", named.join(" and ")),
    }
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
            "In {} places, {} of {} in account {}, {}. Looked in {scope}.",
            most.len(),
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
    pub(super) fn told(mut self, tail: &Tail<'_>) -> Vec<Posture> {
        for survey in tail.surveys {
            let read = survey.failure.is_none();
            let posture = self.0.entry(survey.place.clone()).or_insert_with(|| empty(read, &survey.place));
            posture.read &= read;
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
