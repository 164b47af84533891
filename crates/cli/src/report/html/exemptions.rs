//! Exemptions by when they end, so that none ends unnoticed and none outlives its use.

use std::collections::BTreeSet;

use jiff::civil::Date;
use v2only_policy::Policy;
use v2only_policy::exemption::{InForce, Origin};
use v2only_policy::review::{Due, Standing, by_date};

use super::first::{First, Rows};
use super::words::{kind, sentence_case};
use crate::report::item::Item;
use crate::report::sink::{Head, Tail};
use crate::run::exemptions::{ExemptionReport, day};
use crate::term::text::plain;

/// All exemptions that were met, or are written in the document.
pub(super) struct Exemptions {
    pub(super) expired: Rows<Exempt>,
    pub(super) soon: Rows<Exempt>,
    pub(super) later: Rows<Exempt>,
    /// Exemption tags that are invalid, and exempt nothing.
    pub(super) invalid: Rows<Exempt>,
    /// Entries of the document that excused nothing although everything was read that they can mean.
    pub(super) stale: Rows<Exempt>,
    /// Entries that excused nothing in what was read, which is not everything that they can mean.
    pub(super) unjudged: Rows<Exempt>,
}

/// One exemption and whom it excuses.
pub(super) struct Exempt {
    /// The resource, or the entry of the document.
    pub(super) who: String,
    pub(super) name: String,
    pub(super) place: String,
    pub(super) until: String,
    pub(super) reason: String,
    pub(super) owner: String,
}

impl Exemptions {
    pub(super) const fn is_empty(&self) -> bool {
        self.expired.is_empty()
            && self.soon.is_empty()
            && self.later.is_empty()
            && self.invalid.is_empty()
            && self.stale.is_empty()
            && self.unjudged.is_empty()
    }
}

/// By last day and resource.
type ByEnd = First<(String, String), Exempt>;

/// The exemptions that were met so far.
pub(super) struct ExemptionUse<'a> {
    policy: &'a Policy,
    today: Date,
    used: BTreeSet<usize>,
    expired: ByEnd,
    soon: ByEnd,
    later: ByEnd,
    invalid: First<(), Exempt>,
}

impl<'a> ExemptionUse<'a> {
    pub(super) fn none(head: Head<'a>) -> Self {
        Self {
            policy: head.policy,
            today: day(head.now),
            used: BTreeSet::new(),
            expired: First::default(),
            soon: First::default(),
            later: First::default(),
            invalid: First::default(),
        }
    }

    pub(super) fn add(&mut self, item: &Item<'_>) {
        if let Some(by) = item.exemption() {
            self.used.extend(entry(&by.origin));
            let is_soon = by_date(by.until, self.today).is_some();
            let list = if is_soon { &mut self.soon } else { &mut self.later };
            add(list, in_force(item, by));
        }
        if let Some((origin, until)) = item.expired() {
            self.used.extend(entry(origin));
            let of = entry(origin).and_then(|it| self.policy.exemptions.get(it));
            let told = Exempt {
                until: until.to_string(),
                reason: of.map_or_else(|| tagged_reason(item), |it| plain(&it.reason)),
                owner: of.and_then(|it| it.owner.as_deref()).map(plain).unwrap_or_default(),
                ..about(item)
            };
            add(&mut self.expired, told);
        }
        if let Some(why) = item.invalid_exemption() {
            self.invalid.add((), Exempt { reason: sentence_case(&plain(&why)), ..about(item) });
        }
    }

    pub(super) fn told(mut self, tail: &Tail<'_>) -> Exemptions {
        let (mut stale, mut unjudged) = (Vec::new(), Vec::new());
        // An exemption that a resource shows is listed with the resource.
        let unmet = |it: &&ExemptionReport| it.entry.is_some_and(|index| !self.used.contains(&index));
        for it in tail.exemptions.iter().filter(unmet) {
            let told = entry_of_document(it);
            match &it.standing {
                Standing::Due(Due::Expired { .. }) => add(&mut self.expired, told),
                Standing::Due(Due::Expires { .. }) => add(&mut self.soon, told),
                Standing::Due(Due::Stale) => stale.push(told),
                Standing::Unjudged(why) => {
                    unjudged.push(Exempt { reason: sentence_case(&plain(&why.to_string())), ..told });
                }
            }
        }
        Exemptions {
            expired: self.expired.rows(),
            soon: self.soon.rows(),
            later: self.later.rows(),
            invalid: self.invalid.rows(),
            stale: Rows::of(stale),
            unjudged: Rows::of(unjudged),
        }
    }
}

fn add(list: &mut ByEnd, it: Exempt) {
    list.add((it.until.clone(), it.who.clone()), it);
}

const fn entry(origin: &Origin) -> Option<usize> {
    match origin {
        Origin::Document(index) => Some(*index),
        Origin::Tag => None,
    }
}

fn entry_of_document(it: &ExemptionReport) -> Exempt {
    Exempt {
        who: it.exemption.clone(),
        name: String::new(),
        place: String::new(),
        until: it.until.to_string(),
        reason: it.reason.as_deref().map(plain).unwrap_or_default(),
        owner: it.owner.as_deref().map(plain).unwrap_or_default(),
    }
}

fn in_force(item: &Item<'_>, by: &InForce) -> Exempt {
    Exempt {
        until: by.until.to_string(),
        reason: plain(&by.reason),
        owner: by.owner.as_deref().map(plain).unwrap_or_default(),
        ..about(item)
    }
}

fn tagged_reason(item: &Item<'_>) -> String {
    let reason = item.tags().and_then(|it| it.get(v2only_policy::exemption::REASON_TAG));
    reason.map(|it| plain(it)).unwrap_or_default()
}

fn about(item: &Item<'_>) -> Exempt {
    let resource = &item.record.resource;
    let name = item.name().map_or_else(|| kind(resource).to_owned(), plain);
    Exempt {
        who: plain(&resource.to_string()),
        name,
        place: item.record.place.to_string(),
        until: String::new(),
        reason: String::new(),
        owner: String::new(),
    }
}
