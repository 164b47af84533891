//! What the usage gate knows of those that it holds.

use std::cmp::Reverse;

use v2only_policy::Hold;
use v2only_policy::usage::Usage;

use super::first::{First, Rows};
use super::words::percent;
use crate::report::headline::grouped;
use crate::report::item::Item;
use crate::term::text::plain;

/// What the usage gate found, and how often.
pub(super) struct Gate {
    pub(super) words: &'static str,
    pub(super) then: &'static str,
    pub(super) instances: usize,
}

/// An instance that still uses version 1.
pub(super) struct Busy {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) place: String,
    pub(super) calls: String,
    pub(super) share: usize,
}

/// What the gate had of those that violate the policy.
#[derive(Default)]
pub(super) struct Evidence {
    busy: usize,
    delivered: usize,
    gaps: usize,
    partial: usize,
    not_read: usize,
    not_restarted: usize,
    siblings: usize,
    calling: First<Reverse<u64>, (u64, Busy)>,
}

impl Evidence {
    /// One more that violates the policy.
    pub(super) fn add(&mut self, it: &Item<'_>) {
        match it.gate_hold() {
            Some(Hold::NotRestarted(_)) => self.not_restarted += 1,
            Some(Hold::SiblingsUseV1(_)) => self.siblings += 1,
            Some(Hold::SiblingsNotRead(_)) => self.not_read += 1,
            _ => self.add_usage(it),
        }
    }

    fn add_usage(&mut self, it: &Item<'_>) {
        match it.usage() {
            Some(Usage::Busy { calls }) => {
                self.busy += 1;
                self.calling.add(Reverse(calls), (calls, busy(it, calls)));
            }
            Some(Usage::Delivered { .. }) => self.delivered += 1,
            Some(Usage::Gaps { .. } | Usage::Quiet { .. }) => self.gaps += 1,
            Some(Usage::Partial) => self.partial += 1,
            Some(Usage::NotRead) => self.not_read += 1,
            None => {}
        }
    }

    /// How often there was which evidence, and those that call most.
    pub(super) fn told(self) -> (Vec<Gate>, Rows<Busy>) {
        let gate = [
            Gate {
                words: "still use IMDSv1",
                then: "Update their software first; each call is one that would have failed.",
                instances: self.busy,
            },
            Gate {
                words: "use credentials that IMDSv1 delivered",
                then: "Update their software first: CloudTrail recorded the calls, and `readiness --from-trail` names the software.",
                instances: self.delivered,
            },
            Gate {
                words: "have no data on some day",
                then: "No data is not zero: wait until they have run through the whole window.",
                instances: self.gaps,
            },
            Gate {
                words: "made no call, and were not started in the window",
                then: "Stop and start them: software calls IMDSv1 mostly at a start.",
                instances: self.not_restarted,
            },
            Gate {
                words: "were just launched beside instances that use IMDSv1",
                then: "Update the software of their group, launch template or image first.",
                instances: self.siblings,
            },
            Gate {
                words: "have data that CloudWatch returned only in part",
                then: "Run the scan again.",
                instances: self.partial,
            },
            Gate {
                words: "have not been asked about",
                then: "Grant `cloudwatch:GetMetricData` to the role that reads.",
                instances: self.not_read,
            },
        ];
        let Rows { rows, left_out } = self.calling.rows();
        let most = rows.first().map_or(0, |(calls, _)| *calls);
        let share = |calls| percent(number(calls), usize::try_from(most).unwrap_or(1));
        let rows = rows.into_iter().map(|(calls, it)| Busy { share: share(calls), ..it }).collect();
        (gate.into_iter().filter(|it| it.instances > 0).collect(), Rows { rows, left_out })
    }
}

fn busy(it: &Item<'_>, calls: u64) -> Busy {
    Busy {
        id: plain(&it.record.resource.to_string()),
        name: it.name().map(plain).unwrap_or_default(),
        place: it.record.place.to_string(),
        calls: grouped(number(calls)),
        share: 0,
    }
}

fn number(calls: u64) -> usize {
    usize::try_from(calls).unwrap_or(usize::MAX)
}
