//! What the owners of exemptions should hear of today.

mod reach;

use std::collections::BTreeSet;
use std::fmt;

use jiff::civil::Date;

pub use self::reach::{Blind, Reach};

use crate::exemption::Exemption;

/// How many days before its last one an exemption is announced.
pub const ANNOUNCED_DAYS: i32 = 14;

/// Why an exemption needs somebody's attention.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Due {
    /// It has expired: it exempts nothing any more.
    Expired {
        /// How many days ago that was; at least 1.
        days: i32,
    },
    /// It matches no resource although everything was read.
    Stale,
    /// Its last day is near.
    Expires {
        /// In how many days that is; 0 is today.
        days: i32,
    },
}

impl Due {
    /// A stable word for logs and metrics.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Expired { .. } => "expired",
            Self::Stale => "stale",
            Self::Expires { .. } => "expires",
        }
    }
}

impl fmt::Display for Due {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Expired { days: 1 } => f.write_str("ended yesterday"),
            Self::Expired { days } => write!(f, "ended {days} days ago"),
            Self::Stale => f.write_str("matches no scanned resource"),
            Self::Expires { days: 0 } => f.write_str("ends today"),
            Self::Expires { days: 1 } => f.write_str("ends tomorrow"),
            Self::Expires { days } => write!(f, "ends in {days} days"),
        }
    }
}

/// What the last day alone says.
pub fn by_date(until: Date, today: Date) -> Option<Due> {
    let days = i32::try_from(until.duration_since(today).as_hours() / 24).ok()?;
    match days {
        ..0 => Some(Due::Expired { days: -days }),
        0..=ANNOUNCED_DAYS => Some(Due::Expires { days }),
        _ => None,
    }
}

/// The entries of the document that need attention, by their place in it.
///
/// `excusing` are the entries that excuse something; `None` if not everything could be read, and then none is
/// called stale.
pub fn review(document: &[Exemption], excusing: Option<&BTreeSet<usize>>, today: Date) -> Vec<(usize, Due)> {
    let of = |(index, entry): (usize, &Exemption)| {
        let stale = excusing.is_some_and(|it| !it.contains(&index));
        due(entry, stale, today).map(|due| (index, due))
    };
    document.iter().enumerate().filter_map(of).collect()
}

fn due(entry: &Exemption, stale: bool, today: Date) -> Option<Due> {
    let by_date = by_date(entry.until, today);
    match by_date {
        Some(Due::Expired { .. }) => by_date,
        _ if stale => Some(Due::Stale),
        other => other,
    }
}

/// What there is to say of an entry of the document after a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// It needs somebody's attention.
    Due(Due),
    /// It excused nothing, and not everything was read that it could mean.
    Unjudged(Blind),
}

/// The same review after a run that need not have looked everywhere.
pub fn standings(
    document: &[Exemption],
    excusing: &BTreeSet<usize>,
    reach: &Reach,
    today: Date,
) -> Vec<(usize, Standing)> {
    let standing = |(index, entry): (usize, &Exemption)| {
        let idle = !excusing.contains(&index);
        let blind = if idle { reach.blind(&entry.matcher) } else { None };
        let due = due(entry, idle && blind.is_none(), today).map(Standing::Due);
        due.or(blind.map(Standing::Unjudged)).map(|it| (index, it))
    };
    document.iter().enumerate().filter_map(standing).collect()
}

#[cfg(test)]
mod tests {
    use super::reach::tests::{HOME, everything, matcher};
    use super::*;
    use crate::exemption::parse_day;
    use crate::scope::Matcher;
    use rstest::rstest;

    #[rstest]
    #[case("2026-11-19", Some(Due::Expired { days: 1 }))]
    #[case("2025-11-20", Some(Due::Expired { days: 365 }))]
    #[case("2026-11-20", Some(Due::Expires { days: 0 }))]
    #[case("2026-12-04", Some(Due::Expires { days: 14 }))]
    #[case("2026-12-05", None)]
    fn an_exemption_is_announced_two_weeks_before_its_last_day(
        #[case] until: &str,
        #[case] due: Option<Due>,
    ) {
        assert_eq!(by_date(parse_day(until).unwrap(), parse_day("2026-11-20").unwrap()), due);
    }

    #[test]
    fn only_a_complete_look_calls_an_exemption_stale() {
        let entry = |until: &str| Exemption {
            matcher: Matcher::default(),
            reason: "because".to_owned(),
            owner: None,
            until: parse_day(until).unwrap(),
        };
        let document = [entry("2026-01-01"), entry("2026-11-25"), entry("2027-11-25"), entry("2027-11-25")];
        let today = parse_day("2026-11-20").unwrap();
        let excusing = BTreeSet::from([2]);
        assert_eq!(
            review(&document, Some(&excusing), today),
            [(0, Due::Expired { days: 323 }), (1, Due::Stale), (3, Due::Stale)]
        );
        assert_eq!(
            review(&document, None, today),
            [(0, Due::Expired { days: 323 }), (1, Due::Expires { days: 5 })]
        );
    }

    #[test]
    fn an_entry_is_stale_unjudged_or_none_of_it() {
        let entry = |regions: &[&str], until: &str| Exemption {
            matcher: matcher(&[HOME], regions),
            reason: "because".to_owned(),
            owner: None,
            until: parse_day(until).unwrap(),
        };
        let document = [
            entry(&[], "2026-01-01"),
            entry(&[], "2026-11-25"),
            entry(&[], "2027-11-25"),
            entry(&["us-east-1"], "2026-11-25"),
            entry(&["us-east-1"], "2027-11-25"),
            entry(&[], "2027-11-25"),
        ];
        let some = Reach { every_region: false, ..everything() };
        let today = parse_day("2026-11-20").unwrap();
        let due = Standing::Due;
        assert_eq!(
            standings(&document, &BTreeSet::from([5]), &some, today),
            [
                (0, due(Due::Expired { days: 323 })),
                (1, due(Due::Expires { days: 5 })),
                (2, Standing::Unjudged(Blind::Regions)),
                (3, due(Due::Stale)),
                (4, due(Due::Stale)),
            ]
        );
        let all = standings(&document, &BTreeSet::from([5]), &everything(), today);
        let as_the_sweeper = review(&document, Some(&BTreeSet::from([5])), today);
        assert_eq!(all, as_the_sweeper.into_iter().map(|(index, it)| (index, due(it))).collect::<Vec<_>>());
    }
}
