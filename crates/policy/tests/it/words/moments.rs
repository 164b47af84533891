//! When and where something is seen, in domain words.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use v2only_policy::exemption::parse_day;
use v2only_policy::history::{Became, Recorded, RecordedChange};
use v2only_policy::usage::{Kinship, SiblingUse, Siblings, Usage};
use v2only_policy::{AccountId, Circumstances, History, Occasion, OuId, Place, Region};

// --- time -----------------------------------------------------------------------------------------------

pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub fn day(text: &str) -> Date {
    parse_day(text).unwrap()
}

/// A Friday, at noon.
pub fn now() -> Timestamp {
    at("2026-11-20T12:00:00Z")
}

pub fn minutes_ago(minutes: i64) -> Timestamp {
    now() - SignedDuration::from_mins(minutes)
}

pub fn hours_ago(hours: i64) -> Timestamp {
    minutes_ago(60 * hours)
}

// --- what is seen, when and where -----------------------------------------------------------------------

/// Owns what [`Circumstances`] borrows.
#[derive(Debug, Clone)]
pub struct Moment {
    place: Place,
    ous: Option<Vec<OuId>>,
    pub now: Timestamp,
    pub occasion: Occasion,
    usage: Usage,
    /// What was read of its siblings: none, or those that use version 1.
    siblings: Option<Option<SiblingUse>>,
    history: Option<Recorded>,
    unreadable: Option<&'static str>,
}

fn moment(occasion: Occasion) -> Moment {
    Moment {
        place: Place {
            account: AccountId::parse("111122223333").unwrap(),
            region: Region::parse("eu-central-1").unwrap(),
        },
        ous: None,
        now: now(),
        occasion,
        usage: Usage::NotRead,
        siblings: None,
        history: None,
        unreadable: None,
    }
}

pub fn launch() -> Moment {
    moment(Occasion::Launch)
}

pub fn seen() -> Moment {
    moment(Occasion::Seen)
}

/// Somebody turned version 1 back on, then.
pub fn flipped(then: Timestamp) -> Moment {
    moment(Occasion::Drift(then))
}

impl Moment {
    pub fn on(mut self, now: Timestamp) -> Self {
        self.now = now;
        self
    }

    pub fn quiet(mut self, days: u16) -> Self {
        self.usage = Usage::Quiet { days };
        self
    }

    pub fn busy(mut self, calls: u64) -> Self {
        self.usage = Usage::Busy { calls };
        self
    }

    pub fn gaps(mut self, days: u16) -> Self {
        self.usage = Usage::Gaps { days };
        self
    }

    pub fn used(mut self, usage: Usage) -> Self {
        self.usage = usage;
        self
    }

    /// Nobody uses version 1 on its siblings.
    pub fn quiet_siblings(mut self) -> Self {
        self.siblings = Some(None);
        self
    }

    /// So many of four siblings in the Auto Scaling group `web` use version 1.
    pub fn busy_siblings(mut self, busy: usize) -> Self {
        let kinship = Kinship::Group("web".to_owned());
        self.siblings = Some(Some(SiblingUse { kinship, busy, running: 4, calls: 98 }));
        self
    }

    /// CloudTrail did not answer.
    pub fn history_unreadable(mut self, why: &'static str) -> Self {
        self.unreadable = Some(why);
        self
    }

    /// CloudTrail recorded these changes by somebody called mallory.
    pub fn recorded(mut self, changes: &[(&str, Became)]) -> Self {
        let by = Some("mallory".to_owned());
        let change = |(then, became): &(&str, Became)| RecordedChange {
            at: at(then),
            by: by.clone(),
            became: *became,
        };
        self.history = Some(Recorded::of(changes.iter().map(change)));
        self
    }

    pub fn in_account(mut self, account: &str) -> Self {
        self.place.account = AccountId::parse(account).unwrap();
        self
    }

    pub fn in_region(mut self, region: &str) -> Self {
        self.place.region = Region::parse(region).unwrap();
        self
    }

    pub fn under(mut self, ous: &[&str]) -> Self {
        self.ous = Some(ous.iter().map(|ou| OuId::parse(ou).unwrap()).collect());
        self
    }

    pub fn circumstances(&self) -> Circumstances<'_> {
        Circumstances {
            place: &self.place,
            ous: self.ous.as_deref(),
            now: self.now,
            occasion: self.occasion,
            usage: self.usage,
            siblings: self
                .siblings
                .as_ref()
                .map_or(Siblings::NotRead, |it| it.as_ref().map_or(Siblings::Quiet, Siblings::Busy)),
            history: match (self.unreadable, &self.history) {
                (Some(why), _) => History::Unreadable(why),
                (None, Some(recorded)) => History::Read(recorded),
                (None, None) => History::NotRead,
            },
        }
    }
}
