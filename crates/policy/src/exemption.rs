//! Exemptions: who may stay as they are, why, and through which day.
//!
//! They come from the policy document or from two tags on the resource. Either way they hold through their
//! last day in UTC, and one without an end or a reason is invalid: reported, and exempting nobody.

use std::fmt;

use jiff::civil::Date;

use crate::Tags;
use crate::scope::{Matcher, Scope, ScopeError};

/// Tag that exempts its resource through a day, written `YYYY-MM-DD`.
pub const UNTIL_TAG: &str = "v2only:exempt-until";
/// Tag that says why; without it [`UNTIL_TAG`] exempts nobody.
pub const REASON_TAG: &str = "v2only:exempt-reason";

/// One entry under `exemptions` in the policy document.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Exemption {
    /// Whom it means.
    pub matcher: Matcher,
    /// Why.
    pub reason: String,
    /// Whom to ask.
    pub owner: Option<String>,
    /// The last day on which it holds, UTC.
    pub until: Date,
}

/// Where an exemption in force was written.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Origin {
    /// The n-th entry (from 0) of the document.
    Document(usize),
    /// The tags of the resource.
    Tag,
}

/// An exemption that excuses a resource today.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct InForce {
    /// Where it was written.
    pub origin: Origin,
    /// Why.
    pub reason: String,
    /// Whom to ask.
    pub owner: Option<String>,
    /// The last day on which it holds.
    pub until: Date,
}

/// An exemption that matches the resource and yet does not exempt it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Void {
    /// It has expired.
    Expired {
        /// Where it was written.
        origin: Origin,
        /// The day that was its last.
        until: Date,
    },
    /// Its tags are not those of an exemption.
    Invalid(InvalidTag),
}

/// What is wrong with the exemption tags of a resource.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum InvalidTag {
    /// An end, and no reason.
    #[error("tag `v2only:exempt-until` needs a tag `v2only:exempt-reason` beside it")]
    NoReason,
    /// A reason, and no end.
    #[error("tag `v2only:exempt-reason` needs a tag `v2only:exempt-until` beside it, written YYYY-MM-DD")]
    NoEnd,
    /// An end that is no day.
    #[error("tag `v2only:exempt-until` says `{0}`, which is not a day written YYYY-MM-DD")]
    NotADay(String),
    /// An end that is too far away.
    #[error(
        "tag `v2only:exempt-until` says {until}, which is more than {max_days} days away (`exemptions_by_tag`)"
    )]
    TooLong {
        /// The end.
        until: Date,
        /// How many days are allowed.
        max_days: u16,
    },
    /// The policy lets no tag exempt anything.
    #[error("the policy ignores exemption tags (`exemptions_by_tag: ignore`)")]
    Ignored,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Document(index) => write!(f, "exemptions[{index}]"),
            Self::Tag => f.write_str("tag"),
        }
    }
}

/// What the exemptions say of one resource on one day.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Answer {
    /// The exemption that excuses it, the longest-lasting if there are several.
    pub in_force: Option<InForce>,
    /// Those that match it and do not exempt it.
    pub void: Vec<Void>,
}

/// Reads a day written `YYYY-MM-DD`, nothing before, nothing after.
pub fn parse_day(text: &str) -> Option<Date> {
    let mut parts = text.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    let digits =
        |part: &str, length: usize| part.len() == length && part.bytes().all(|it| it.is_ascii_digit());
    if parts.next().is_some() || !digits(year, 4) || !digits(month, 2) || !digits(day, 2) {
        return None;
    }
    Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()
}

/// What document and tags say of one resource on one day.
///
/// # Errors
/// An entry names organizational units that are not known here; see [`Matcher::matches`].
pub fn ask(
    document: &[Exemption],
    by_tag: TagExemptions,
    scope: &Scope<'_>,
    today: Date,
) -> Result<Answer, ScopeError> {
    let mut answer = Answer::default();
    for (index, entry) in document.iter().enumerate() {
        if entry.matcher.matches(scope)? {
            let origin = Origin::Document(index);
            answer.add(origin, entry.reason.clone(), entry.owner.clone(), entry.until, today);
        }
    }
    match from_tags(scope.tags).map(|it| it.and_then(|it| allowed(it, by_tag, today))) {
        Some(Ok((until, reason))) => answer.add(Origin::Tag, reason, None, until, today),
        Some(Err(invalid)) => answer.void.push(Void::Invalid(invalid)),
        None => {}
    }
    Ok(answer)
}

impl Answer {
    fn add(&mut self, origin: Origin, reason: String, owner: Option<String>, until: Date, today: Date) {
        if today > until {
            self.void.push(Void::Expired { origin, until });
        } else if self.in_force.as_ref().is_none_or(|known| known.until < until) {
            self.in_force = Some(InForce { origin, reason, owner, until });
        }
    }
}

/// The exemption, if the policy lets tags exempt for so long.
fn allowed(
    (until, reason): (Date, String),
    by_tag: TagExemptions,
    today: Date,
) -> Result<(Date, String), InvalidTag> {
    match by_tag {
        TagExemptions::Ignore => Err(InvalidTag::Ignored),
        TagExemptions::Allow { max_days }
            if until.duration_since(today).as_hours() > i64::from(max_days) * 24 =>
        {
            Err(InvalidTag::TooLong { until, max_days })
        }
        TagExemptions::Allow { .. } => Ok((until, reason)),
    }
}

fn from_tags(tags: &Tags) -> Option<Result<(Date, String), InvalidTag>> {
    let reason = tags.get(REASON_TAG).map(|text| text.trim()).filter(|text| !text.is_empty());
    match (tags.get(UNTIL_TAG), reason) {
        (None, None) => None,
        (None, Some(_)) => Some(Err(InvalidTag::NoEnd)),
        (Some(until), reason) => Some(match (parse_day(until.trim()), reason) {
            (None, _) => Err(InvalidTag::NotADay(until.clone())),
            (Some(_), None) => Err(InvalidTag::NoReason),
            (Some(day), Some(reason)) => Ok((day, reason.to_owned())),
        }),
    }
}

/// What the document says of exemptions by tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TagExemptions {
    /// They hold if their last day is at most so many days away.
    Allow {
        /// The number of days.
        max_days: u16,
    },
    /// They exempt nothing, and are reported.
    Ignore,
}

impl TagExemptions {
    /// The greatest number of days until the last day of an exemption tag, unless the document sets another.
    pub const MAX_DAYS: u16 = 365;
}

impl Default for TagExemptions {
    fn default() -> Self {
        Self::Allow { max_days: Self::MAX_DAYS }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AccountId, Place, Region};

    #[track_caller]
    fn check(name: &str, tags: &[(&str, &str)], today: &str, expected: &Answer) {
        let place = Place {
            account: AccountId::parse("111122223333").unwrap(),
            region: Region::parse("eu-central-1").unwrap(),
        };
        let tags: Tags = tags.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let scope = Scope { place: &place, ous: None, resource: "i-00000001", tags: &tags };
        assert_eq!(
            ask(&[], TagExemptions::default(), &scope, parse_day(today).unwrap()).unwrap(),
            *expected,
            "{name}"
        );
    }

    fn day(text: &str) -> Date {
        parse_day(text).unwrap()
    }

    #[test]
    fn tags_exempt_through_their_last_day() {
        let vendor = [(UNTIL_TAG, "2027-01-31"), (REASON_TAG, "vendor agent")];
        let in_force = Answer {
            in_force: Some(InForce {
                origin: Origin::Tag,
                reason: "vendor agent".to_owned(),
                owner: None,
                until: day("2027-01-31"),
            }),
            void: vec![],
        };
        let expired = Answer {
            in_force: None,
            void: vec![Void::Expired { origin: Origin::Tag, until: day("2027-01-31") }],
        };
        let invalid = |why| Answer { in_force: None, void: vec![Void::Invalid(why)] };
        check("long before", &vendor, "2026-11-20", &in_force);
        check("on the last day", &vendor, "2027-01-31", &in_force);
        check("the day after", &vendor, "2027-02-01", &expired);
        check("no tags", &[], "2026-11-20", &Answer::default());
        check("no reason", &[(UNTIL_TAG, "2027-01-31")], "2026-11-20", &invalid(InvalidTag::NoReason));
        check(
            "blank reason",
            &[(UNTIL_TAG, "2027-01-31"), (REASON_TAG, " ")],
            "2026-11-20",
            &invalid(InvalidTag::NoReason),
        );
        check("no end", &[(REASON_TAG, "because")], "2026-11-20", &invalid(InvalidTag::NoEnd));
        for text in
            ["never", "2027-02-30", "31.01.2027", "2027-1-31", "2027-01-31T00:00:00Z", "2027-01-31-01", ""]
        {
            let tags = [(UNTIL_TAG, text), (REASON_TAG, "because")];
            check("not a day", &tags, "2026-11-20", &invalid(InvalidTag::NotADay(text.to_owned())));
        }
    }

    #[test]
    fn the_longest_lasting_exemption_is_the_one_in_force() {
        let entry = |until: &str| Exemption {
            matcher: Matcher { resources: vec![crate::scope::Glob::new("i-*")], ..Matcher::default() },
            reason: "because".to_owned(),
            owner: None,
            until: day(until),
        };
        let place = Place {
            account: AccountId::parse("111122223333").unwrap(),
            region: Region::parse("eu-central-1").unwrap(),
        };
        let tags = Tags::new();
        let scope = Scope { place: &place, ous: None, resource: "i-00000001", tags: &tags };
        let entries = [entry("2026-01-01"), entry("2026-12-31"), entry("2027-12-31")];
        let answer = ask(&entries, TagExemptions::default(), &scope, day("2026-11-20")).unwrap();
        assert_eq!(answer.in_force.map(|it| it.origin), Some(Origin::Document(2)));
        assert_eq!(answer.void.len(), 1);
    }
}
