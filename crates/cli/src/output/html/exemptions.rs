//! Exemptions by when they end, so that none ends unnoticed and none outlives its use.

use v2only_policy::exemption::{InForce, Origin};
use v2only_policy::review::{Due, Standing, by_date};

use super::words::{kind, sentence_case};
use crate::exemptions::{Told, day};
use crate::output::findings::Background;
use crate::output::findings_v1::Run;
use crate::output::items::Item;
use crate::output::plain;

/// All exemptions that were met, or are written in the document.
pub(super) struct Exemptions {
    pub(super) expired: Vec<Exempt>,
    pub(super) soon: Vec<Exempt>,
    pub(super) later: Vec<Exempt>,
    /// Tags that exempt nobody.
    pub(super) invalid: Vec<Exempt>,
    /// Entries of the document that excused nothing although everything was read that they can mean.
    pub(super) stale: Vec<Exempt>,
    /// Entries that excused nothing in what was read, which is not everything that they can mean.
    pub(super) unjudged: Vec<Exempt>,
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

pub(super) fn exemptions(items: &[Item<'_>], run: &Run<'_>, background: Background<'_>) -> Exemptions {
    let today = day(run.now);
    let mut all = Exemptions {
        expired: Vec::new(),
        soon: Vec::new(),
        later: Vec::new(),
        invalid: Vec::new(),
        stale: Vec::new(),
        unjudged: Vec::new(),
    };
    let mut used: Vec<usize> = Vec::new();
    for item in items {
        if let Some(by) = item.exemption() {
            used.extend(entry(&by.origin));
            let told = in_force(item, by);
            if by_date(by.until, today).is_some() { all.soon.push(told) } else { all.later.push(told) }
        }
        if let Some((origin, until)) = item.expired() {
            used.extend(entry(origin));
            let of = entry(origin).and_then(|it| background.policy.exemptions.get(it));
            all.expired.push(Exempt {
                until: until.to_string(),
                reason: of.map_or_else(|| tagged_reason(item), |it| plain(&it.reason)),
                owner: of.and_then(|it| it.owner.as_deref()).map(plain).unwrap_or_default(),
                ..about(item)
            });
        }
        if let Some(why) = item.invalid_exemption() {
            all.invalid.push(Exempt { reason: sentence_case(&plain(&why)), ..about(item) });
        }
    }
    // What resources show is told of with them.
    let unmet = |it: &&Told| it.entry.is_some_and(|index| !used.contains(&index));
    for it in run.exemptions.iter().filter(unmet) {
        let told = entry_of_document(it);
        match &it.standing {
            Standing::Due(Due::Expired { .. }) => all.expired.push(told),
            Standing::Due(Due::Expires { .. }) => all.soon.push(told),
            Standing::Due(Due::Stale) => all.stale.push(told),
            Standing::Unjudged(why) => {
                all.unjudged.push(Exempt { reason: sentence_case(&plain(&why.to_string())), ..told });
            }
        }
    }
    for part in [&mut all.expired, &mut all.soon, &mut all.later] {
        part.sort_by(|one, other| (&one.until, &one.who).cmp(&(&other.until, &other.who)));
    }
    all
}

const fn entry(origin: &Origin) -> Option<usize> {
    match origin {
        Origin::Document(index) => Some(*index),
        Origin::Tag => None,
    }
}

fn entry_of_document(it: &Told) -> Exempt {
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
