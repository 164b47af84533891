//! What was delivered and what was not.

use std::collections::VecDeque;

use jiff::Timestamp;
use serde_json::Value;

use crate::lambda::InvocationOutcome;

/// How many attempts are kept; the counters go on.
const KEPT: usize = 10_000;

/// One invocation of a function by a rule or a mapping.
#[derive(Debug, Clone, PartialEq)]
pub struct Attempt {
    /// When it began, by the sandbox's clock.
    pub at: Timestamp,
    /// The function.
    pub function: String,
    /// The messages of the batch; empty for an event of a rule.
    pub messages: Vec<String>,
    /// Those of them that go back to the queue.
    pub returned: Vec<String>,
    /// How it ended.
    pub outcome: InvocationOutcome,
}

/// An event that was given up on.
#[derive(Debug, Clone, PartialEq)]
pub struct FailedEvent {
    /// When.
    pub at: Timestamp,
    /// The function.
    pub function: String,
    /// The event.
    pub event: Value,
    /// How often it was tried.
    pub attempts: usize,
    /// How the last attempt ended.
    pub last: InvocationOutcome,
}

/// The record of all deliveries.
#[derive(Debug, Clone, Default)]
pub struct Ledger {
    /// Messages and events a function dealt with.
    pub delivered: u64,
    /// Messages and events a function failed at, each time.
    pub failed: u64,
    /// Events that matched a rule.
    pub matched: u64,
    /// Events that matched none.
    pub unmatched: u64,
    /// The newest 10 000 invocations.
    pub attempts: VecDeque<Attempt>,
    /// Events given up on after all retries.
    pub given_up: Vec<FailedEvent>,
    /// Rules whose queue does not exist, with the event id.
    pub undeliverable: Vec<(String, String)>,
}

impl Ledger {
    pub(super) fn note(&mut self, attempt: Attempt) {
        if attempt.messages.is_empty() {
            let good = attempt.outcome.response().is_some();
            self.delivered += u64::from(good);
            self.failed += u64::from(!good);
        } else {
            let returned = u64::try_from(attempt.returned.len()).unwrap_or(u64::MAX);
            let all = u64::try_from(attempt.messages.len()).unwrap_or(u64::MAX);
            self.failed += returned;
            self.delivered += all.saturating_sub(returned);
        }
        if self.attempts.len() == KEPT {
            self.attempts.pop_front();
        }
        self.attempts.push_back(attempt);
    }
}
