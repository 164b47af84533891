//! What an invocation counts.

use crate::failure::Disposition;
use crate::record::{Outcome, Record};

/// Counts of one invocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Resources judged.
    pub judged: u64,
    /// Resources made compliant.
    pub fixed: u64,
    /// Violations left for a reason.
    pub held: u64,
    /// Violations that somebody turns back again and again, left or closed.
    pub contested: u64,
    /// Failures that go back to the queue.
    pub retried: u64,
    /// Failures that do not.
    pub failed: u64,
    /// Events that could not be read.
    pub malformed: u64,
    /// Events of no concern.
    pub ignored: u64,
    /// What only the sweeper counts.
    pub sweep: Option<SweepCounts>,
}

/// What only the sweeper counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SweepCounts {
    /// Accounts, places or parts of them that were not swept.
    pub unswept: u64,
    /// Since when the oldest instance that violates the policy is there, in hours. Zero where none was seen.
    pub oldest_violation_hours: u64,
    /// Exemptions that have expired.
    pub expired: u64,
    /// Exemptions whose last day is near.
    pub expiring: u64,
    /// Exemptions that match no resource.
    pub stale: u64,
}

impl Counts {
    /// Adds one record.
    pub fn add(&mut self, record: &Record) {
        self.judged += u64::from(record.decision.is_some());
        self.contested += u64::from(record.is_contested());
        match &record.outcome {
            Outcome::Fixed => self.fixed += 1,
            Outcome::Held => self.held += 1,
            Outcome::Failed(failure) => match failure.disposition() {
                Disposition::Retry => self.retried += 1,
                Disposition::Alarm => self.failed += 1,
                Disposition::Done => {}
            },
            Outcome::Left
            | Outcome::Waiting
            | Outcome::Advanced
            | Outcome::Unmarked
            | Outcome::NotJudged(_) => {}
        }
    }
}
