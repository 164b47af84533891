//! Exemptions by when they end, so that none ends unnoticed and none outlives its use.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use jiff::civil::Date;
use jiff::tz::Offset;
use v2only_policy::Policy;
use v2only_policy::exemption::{InForce, Origin};

use super::first::{First, Rows};
use super::words::{kind, sentence_case};
use crate::output::findings::Background;
use crate::output::findings_v1::Run;
use crate::output::items::Item;
use crate::output::plain;

/// How long before its end an exemption is told of.
const SOON: SignedDuration = SignedDuration::from_hours(14 * 24);

/// All exemptions that were met, or are written in the document.
pub(super) struct Exemptions {
    pub(super) expired: Rows<Exempt>,
    pub(super) soon: Rows<Exempt>,
    pub(super) later: Rows<Exempt>,
    /// Tags that exempt nobody.
    pub(super) invalid: Rows<Exempt>,
    /// Entries of the document that excused nothing in a complete scan of everything.
    pub(super) stale: Rows<Exempt>,
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
    }
}

/// By last day and resource.
type ByEnd = First<(String, String), Exempt>;

/// The exemptions that were met so far.
pub(super) struct Met<'a> {
    policy: &'a Policy,
    soon_ends: Date,
    used: BTreeSet<usize>,
    expired: ByEnd,
    soon: ByEnd,
    later: ByEnd,
    invalid: First<(), Exempt>,
}

impl<'a> Met<'a> {
    pub(super) fn none(run: &Run<'_>, policy: &'a Policy) -> Self {
        let today = Offset::UTC.to_datetime(run.now).date();
        let soon_ends = today.checked_add(SOON).unwrap_or(Date::MAX);
        Self {
            policy,
            soon_ends,
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
            let list = if by.until <= self.soon_ends { &mut self.soon } else { &mut self.later };
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

    pub(super) fn told(self, run: &Run<'_>, background: Background<'_>) -> Exemptions {
        let mut stale = Vec::new();
        let whole = run.places.iter().all(|(_, failure)| failure.is_none());
        if whole && background.kinds == v2only_enforcer::scan::Kinds::ALL {
            for (index, it) in self.policy.exemptions.iter().enumerate() {
                if !self.used.contains(&index) {
                    stale.push(Exempt {
                        who: Origin::Document(index).to_string(),
                        name: String::new(),
                        place: String::new(),
                        until: it.until.to_string(),
                        reason: plain(&it.reason),
                        owner: it.owner.as_deref().map(plain).unwrap_or_default(),
                    });
                }
            }
        }
        Exemptions {
            expired: self.expired.rows(),
            soon: self.soon.rows(),
            later: self.later.rows(),
            invalid: self.invalid.rows(),
            stale: Rows::of(stale),
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
    let name = item.name().map_or_else(|| kind(resource.kind()).to_owned(), plain);
    Exempt {
        who: plain(&resource.to_string()),
        name,
        place: item.record.place.to_string(),
        until: String::new(),
        reason: String::new(),
        owner: String::new(),
    }
}
