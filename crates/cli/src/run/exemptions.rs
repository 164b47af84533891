//! The exemptions that a run reports: those that are expired, expire soon or are unused.
//!
//! The rule is that of the sweeper's review. But a run need not have scope everywhere, and then it says so.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::Offset;
use v2only_enforcer::exemptions::{DueExemption, Met};
use v2only_enforcer::scan::Kinds;
use v2only_policy::exemption::Origin;
use v2only_policy::review::{Blind, Due, Reach, Standing, standings};
use v2only_policy::{AccountId, Place};

use crate::args::shared::Shared;
use crate::run::survey::{LocationSurvey, ScanRequest};
use crate::term::messages::{Talk, count, some};

/// The day on which a run judges.
pub(crate) fn day(now: Timestamp) -> Date {
    Offset::UTC.to_datetime(now).date()
}

/// An exemption that needs attention.
#[derive(Debug)]
pub(crate) struct ExemptionReport {
    /// What.
    pub(crate) standing: Standing,
    /// Which one: `exemptions[n]` of the document, or the resource whose tags it is.
    pub(crate) exemption: String,
    /// Which entry of the document, if it is one.
    pub(crate) entry: Option<usize>,
    /// Where that resource lives.
    pub(crate) place: Option<Place>,
    /// Its last day.
    pub(crate) until: Date,
    /// Whom to ask.
    pub(crate) owner: Option<String>,
    /// Why it was made.
    pub(crate) reason: Option<String>,
}

impl From<DueExemption> for ExemptionReport {
    fn from(it: DueExemption) -> Self {
        Self {
            standing: Standing::Due(it.due),
            exemption: it.exemption,
            entry: None,
            place: it.place,
            until: it.until,
            owner: it.owner,
            reason: it.reason,
        }
    }
}

/// What a run read.
#[derive(Clone, Copy)]
pub(crate) struct ScanScope<'a> {
    pub(crate) request: ScanRequest<'a>,
    pub(crate) shared: &'a Shared,
}

/// The exemptions that need attention, the entries of the document first.
pub(crate) fn told(scope: ScanScope<'_>, seen: &[LocationSurvey], met: Met) -> Vec<ExemptionReport> {
    let document = &scope.request.policy.exemptions;
    let standings = standings(document, &met.excusing, &reach(scope, seen), day(scope.request.now));
    let entries = standings.into_iter().filter_map(|(index, standing)| {
        let entry = document.get(index)?;
        Some(ExemptionReport {
            standing,
            exemption: Origin::Document(index).to_string(),
            entry: Some(index),
            place: None,
            until: entry.until,
            owner: entry.owner.clone(),
            reason: Some(entry.reason.clone()),
        })
    });
    entries.chain(met.by_tag.into_iter().map(ExemptionReport::from)).collect()
}

fn reach(scope: ScanScope<'_>, seen: &[LocationSurvey]) -> Reach {
    let every_region = scope.shared.regions.iter().any(|it| it == "all");
    let mut accounts: BTreeMap<&AccountId, Vec<&LocationSurvey>> = BTreeMap::new();
    for it in seen {
        accounts.entry(&it.place.account).or_default().push(it);
    }
    // Where no Regions could be listed, one stands for all.
    let unlisted = accounts.into_iter().filter_map(|(account, seen)| match seen.as_slice() {
        [only] if every_region && only.failure.is_some() => Some(account.clone()),
        _ => None,
    });
    Reach {
        every_kind: scope.request.kinds == Kinds::All && scope.request.filter.is_empty(),
        every_account: scope.shared.org
            && scope.shared.ou.is_empty()
            && scope.shared.exclude_accounts.is_empty(),
        every_region,
        unlisted: unlisted.collect(),
        places: seen.iter().map(|it| it.place.clone()).collect(),
        unread: seen.iter().filter(|it| it.failure.is_some()).map(|it| it.place.clone()).collect(),
    }
}

/// Reports how many there are.
pub(crate) fn say(talk: &mut Talk<'_>, all: &[ExemptionReport]) {
    let number = |is: fn(&Due) -> bool| {
        all.iter().filter(|it| matches!(&it.standing, Standing::Due(due) if is(due))).count()
    };
    let parts = [
        (number(|it| matches!(it, Due::Expired { .. })), "expired"),
        (number(|it| matches!(it, Due::Expires { .. })), "about to expire"),
        (number(|it| matches!(it, Due::Stale)), "unused"),
    ];
    let words: Vec<String> = parts
        .iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, what)| format!("{number} {what}"))
        .collect();
    if !words.is_empty() {
        let due = parts.iter().map(|(number, _)| number).sum();
        talk.say(&format!("{} that need attention: {}", count(due, "exemption"), words.join(", ")));
    }
}

/// Reports the exemptions for which it is unknown whether they are unused, by the reason.
pub(crate) fn say_unjudged(talk: &mut Talk<'_>, all: &[ExemptionReport]) {
    let mut unjudged: BTreeMap<&Blind, BTreeSet<usize>> = BTreeMap::new();
    for it in all {
        if let Standing::Unjudged(blind) = &it.standing {
            unjudged.entry(blind).or_default().extend(it.entry);
        }
    }
    for (blind, entries) in unjudged {
        let named: Vec<String> = entries.into_iter().map(|it| Origin::Document(it).to_string()).collect();
        let advice = match blind {
            Blind::Accounts | Blind::Account(_) => "; `--org` reads all of an organization",
            Blind::Regions | Blind::Place(_) => "; `--region all` reads all",
            Blind::Kinds => "; without `--kind` all are",
            Blind::Unlisted(_) | Blind::Unread(_) => "",
        };
        talk.note(&format!(
            "whether anything is excused by {} cannot be judged: {blind}{advice}",
            some(&named, 3)
        ));
    }
}
