//! Evidence of who still uses IMDSv1, and the gate that wants it.
//!
//! `MetadataNoToken` counts successful version-1 calls. It is published as zero while an instance runs and
//! makes none; a stopped or new instance publishes nothing. So no data is not zero.
//!
//! A window is a number of whole UTC days before today, and today as far as it has come: calls of today count
//! as calls, and their absence as nothing, because the day is not over. An instance younger than the window has
//! data since its launch only: that is a gap like any other, and it waits until it has lived through a window. A day
//! on which it ran for an hour is a day with data.

mod restart;
mod siblings;

use std::collections::BTreeMap;

use jiff::civil::Date;

pub use restart::{LastStart, NotRestarted};
pub use siblings::{Kinship, SiblingUse, Siblings};

pub use crate::moment::first_day;
use crate::settings::{GateScope, UsageGate};

/// A metric of CloudWatch over some days, for one instance.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Counted {
    /// The sum of each UTC day that has data.
    pub days: BTreeMap<Date, u64>,
    /// Calls with credentials that the metadata service delivered to an IMDSv1 call, as CloudTrail recorded them, by UTC day.
    /// Empty also where nobody has records: no record is no proof.
    pub delivered: BTreeMap<Date, u64>,
    /// Whether CloudWatch gave everything it has. Only then is a day that is not there a day without data.
    pub complete: bool,
}

impl Counted {
    /// The sum over a window.
    pub fn sum(&self, today: Date, window: u16) -> u64 {
        self.within(today, window).fold(0, |sum, (_, calls)| sum.saturating_add(calls))
    }

    /// The recorded calls of a window with credentials that were delivered to an IMDSv1 call.
    pub fn delivered(&self, today: Date, window: u16) -> u64 {
        let within = self.delivered.range(first_day(today, window)..=today);
        within.fold(0, |sum, (_, calls)| sum.saturating_add(*calls))
    }

    /// How many whole days of a window have data.
    pub fn days_with_data(&self, today: Date, window: u16) -> u16 {
        let whole = self.within(today, window).filter(|(day, _)| *day < today).count();
        u16::try_from(whole).unwrap_or(u16::MAX)
    }

    fn within(&self, today: Date, window: u16) -> impl Iterator<Item = (Date, u64)> {
        self.days.range(first_day(today, window)..=today).map(|(day, calls)| (*day, *calls))
    }
}

/// A metric of one instance since a moment, as far as CloudWatch has it by now: data comes minutes late, of instances
/// without detailed monitoring for five minutes at a time, and not at all of those that do not run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Lately {
    /// The sum of what there is.
    pub calls: u64,
    /// How many datapoints that is.
    pub datapoints: usize,
    /// Whether CloudWatch gave everything it has.
    pub complete: bool,
}

/// What is known of calls since a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Calls {
    /// So many, however little is known besides.
    Some(u64),
    /// None, in what data there is.
    None,
    /// There is no data, or only a part of it: no data is not zero.
    Unknown,
}

impl Lately {
    /// What this comes to.
    pub const fn calls(&self) -> Calls {
        match self {
            Self { calls: 0, datapoints, complete: true } if *datapoints > 0 => Calls::None,
            Self { calls: 0, .. } => Calls::Unknown,
            Self { calls, .. } => Calls::Some(*calls),
        }
    }
}

/// What CloudWatch said of `MetadataNoToken` over the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Usage {
    /// Nobody asked CloudWatch.
    NotRead,
    /// Data on every day of the window, and their sum is zero.
    Quiet {
        /// Days with data.
        days: u16,
    },
    /// Somebody uses version 1.
    Busy {
        /// Sum of version-1 calls over the window.
        calls: u64,
    },
    /// CloudWatch shows no call of the window, and CloudTrail recorded calls with credentials that were delivered to an IMDSv1
    /// call.
    Delivered {
        /// Recorded calls over the window.
        calls: u64,
    },
    /// Some days of the window have no data.
    Gaps {
        /// Days with data.
        days: u16,
    },
    /// No calls in what CloudWatch gave, which was only a part.
    Partial,
}

impl Usage {
    /// What counts come to over a window. Calls are calls, however little is known besides.
    pub fn of(counted: &Counted, today: Date, window: u16) -> Self {
        let days = counted.days_with_data(today, window);
        let delivered = counted.delivered(today, window);
        match counted.sum(today, window) {
            0 if delivered > 0 => Self::Delivered { calls: delivered },
            0 if !counted.complete => Self::Partial,
            0 if days < window => Self::Gaps { days },
            0 => Self::Quiet { days },
            calls => Self::Busy { calls },
        }
    }
}

/// What is known of IMDSv1 use on an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Evidence<'a> {
    /// Its own calls.
    pub usage: Usage,
    /// Its last start.
    pub last_start: LastStart,
    /// The calls of its siblings.
    pub siblings: Siblings<'a>,
}

/// Whether the gate lets a change through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GateAnswer<'a> {
    /// It does not bind this resource, or the evidence is there.
    Open,
    /// It binds, and these calls are not the evidence it wants.
    Shut(Usage),
    /// The instance is quiet, and its last start is not in the window.
    NotRestarted(LastStart),
    /// A new launch, about whose siblings this is known.
    Siblings(Siblings<'a>),
}

impl UsageGate {
    /// Whether version 1 may be closed on a resource with this evidence.
    pub const fn asks<'a>(&self, new: bool, evidence: Evidence<'a>) -> GateAnswer<'a> {
        let binds = match self.applies_to {
            GateScope::All => true,
            GateScope::Existing => !new,
            GateScope::Siblings if new => {
                return match evidence.siblings {
                    Siblings::Quiet => GateAnswer::Open,
                    other => GateAnswer::Siblings(other),
                };
            }
            GateScope::Siblings => true,
            GateScope::None => false,
        };
        match evidence.usage {
            _ if !binds => GateAnswer::Open,
            Usage::Quiet { days } if days >= self.quiet_days => {
                if self.require_restart && !evidence.last_start.is_in_window() {
                    GateAnswer::NotRestarted(evidence.last_start)
                } else {
                    GateAnswer::Open
                }
            }
            other => GateAnswer::Shut(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::a_new_launch_needs_no_evidence(GateScope::Existing, true, Usage::NotRead, true)]
    #[case::existing_and_quiet(GateScope::Existing, false, Usage::Quiet { days: 14 }, true)]
    #[case::existing_and_quiet_for_less(GateScope::Existing, false, Usage::Quiet { days: 13 }, false)]
    #[case::existing_and_busy(GateScope::Existing, false, Usage::Busy { calls: 1 }, false)]
    #[case::no_data_is_not_zero(GateScope::Existing, false, Usage::Gaps { days: 0 }, false)]
    #[case::part_of_the_data_is_not_zero(GateScope::Existing, false, Usage::Partial, false)]
    #[case::credentials_of_v1(GateScope::Existing, false, Usage::Delivered { calls: 1 }, false)]
    #[case::nobody_asked(GateScope::Existing, false, Usage::NotRead, false)]
    #[case::gate_for_all_binds_launches(GateScope::All, true, Usage::NotRead, false)]
    #[case::no_gate(GateScope::None, false, Usage::Busy { calls: 9 }, true)]
    #[case::existing_beside_siblings(GateScope::Siblings, false, Usage::Quiet { days: 14 }, true)]
    #[case::existing_and_busy_beside_siblings(GateScope::Siblings, false, Usage::Busy { calls: 1 }, false)]
    #[case::siblings_not_read(GateScope::Siblings, true, Usage::NotRead, false)]
    fn the_gate_opens_only_on_evidence(
        #[case] applies_to: GateScope,
        #[case] new: bool,
        #[case] usage: Usage,
        #[case] open: bool,
    ) {
        let gate = UsageGate { quiet_days: 14, applies_to, require_restart: false };
        let evidence = Evidence { usage, last_start: LastStart::Unknown, siblings: Siblings::NotRead };
        assert_eq!(gate.asks(new, evidence) == GateAnswer::Open, open);
    }

    #[rstest]
    #[case::zeros(0, 3, true, Calls::None)]
    #[case::no_data(0, 0, true, Calls::Unknown)]
    #[case::a_part_of_the_data(0, 3, false, Calls::Unknown)]
    #[case::calls(2, 1, true, Calls::Some(2))]
    #[case::calls_in_a_part_of_the_data(2, 1, false, Calls::Some(2))]
    fn no_data_is_not_zero(
        #[case] calls: u64,
        #[case] datapoints: usize,
        #[case] complete: bool,
        #[case] expected: Calls,
    ) {
        assert_eq!(Lately { calls, datapoints, complete }.calls(), expected);
    }

    const TODAY: Date = jiff::civil::date(2026, 11, 20);

    /// Counts of the days before today, the nearest first; `None` has no data.
    fn counted(today: Option<u64>, before: &[Option<u64>]) -> Counted {
        let all = std::iter::once(&today).chain(before);
        let days = (0_u16..).zip(all).filter_map(|(ago, calls)| Some((first_day(TODAY, ago), (*calls)?)));
        Counted { days: days.collect(), complete: true, ..Counted::default() }
    }

    #[rstest]
    #[case::inside_the_window(3, 0, Usage::Delivered { calls: 2 })]
    #[case::before_the_window(4, 0, Usage::Quiet { days: 3 })]
    #[case::beside_calls_that_cloudwatch_counted(3, 5, Usage::Busy { calls: 5 })]
    fn credentials_delivered_to_v1_calls_are_evidence(
        #[case] days_ago: u16,
        #[case] calls: u64,
        #[case] expected: Usage,
    ) {
        let delivered = BTreeMap::from([(first_day(TODAY, days_ago), 2)]);
        let all = Counted { delivered, ..counted(Some(calls), &[Some(0), Some(0), Some(0)]) };
        assert_eq!(Usage::of(&all, TODAY, 3), expected);
        if expected == (Usage::Delivered { calls: 2 }) {
            let part = Counted { days: BTreeMap::new(), complete: false, ..all };
            assert_eq!(Usage::of(&part, TODAY, 3), expected, "without the metric");
        }
    }

    #[rstest]
    #[case::a_whole_window_of_zeros(Some(0), &[Some(0), Some(0), Some(0)], Usage::Quiet { days: 3 })]
    #[case::today_is_not_over(None, &[Some(0), Some(0), Some(0)], Usage::Quiet { days: 3 })]
    #[case::today_is_no_substitute(Some(0), &[Some(0), Some(0), None], Usage::Gaps { days: 2 })]
    #[case::a_call_today(Some(1), &[Some(0), Some(0), Some(0)], Usage::Busy { calls: 1 })]
    #[case::a_call_on_the_first_day(Some(0), &[Some(0), Some(0), Some(4)], Usage::Busy { calls: 4 })]
    #[case::a_call_before_the_window(Some(0), &[Some(0), Some(0), Some(0), Some(9)], Usage::Quiet { days: 3 })]
    #[case::data_before_the_window(Some(0), &[Some(0), None, Some(0), Some(0)], Usage::Gaps { days: 2 })]
    #[case::a_call_beside_gaps(None, &[None, Some(2), None], Usage::Busy { calls: 2 })]
    #[case::launched_today(Some(0), &[], Usage::Gaps { days: 0 })]
    #[case::no_data_at_all(None, &[], Usage::Gaps { days: 0 })]
    fn counts_become_evidence(
        #[case] today: Option<u64>,
        #[case] before: &[Option<u64>],
        #[case] expected: Usage,
    ) {
        let all = counted(today, before);
        assert_eq!(Usage::of(&all, TODAY, 3), expected);
        let part = Counted { complete: false, ..all };
        let of_part = if matches!(expected, Usage::Busy { .. }) { expected } else { Usage::Partial };
        assert_eq!(Usage::of(&part, TODAY, 3), of_part, "a part");
    }
}
