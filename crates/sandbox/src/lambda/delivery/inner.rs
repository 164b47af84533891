//! What rules, mappings and deliveries share, and who is busy.

use std::collections::BTreeMap;
use std::future::{pending, poll_fn};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use serde_json::Value;
use tokio::sync::mpsc;

use super::ledger::Ledger;
use super::rule::Rule;
use crate::core::Core;
use crate::sqs::{QueueName, Sqs};

pub(super) struct Inner {
    pub(super) core: Arc<Core>,
    pub(super) sqs: Sqs,
    pub(super) rules: Mutex<Vec<Arc<Rule>>>,
    pub(super) queues: Mutex<Vec<QueueName>>,
    pub(super) events: Mutex<mpsc::UnboundedReceiver<Value>>,
    pub(super) ledger: Mutex<Ledger>,
    /// How many events and batches are being worked on.
    pub(super) at_work: AtomicUsize,
    /// How many were begun, ever.
    pub(super) steps: AtomicU64,
    /// When retries are due, and how many.
    pub(super) retries: Mutex<BTreeMap<Timestamp, usize>>,
}

impl Inner {
    /// The next event. A reader of the bus sees it either waiting or being worked on.
    pub(super) async fn next_event(self: &Arc<Self>) -> Option<(Value, Busy)> {
        poll_fn(|context| {
            let mut events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
            events.poll_recv(context).map(|event| {
                event.map(|event| {
                    let busy = self.busy();
                    busy.step();
                    (event, busy)
                })
            })
        })
        .await
    }

    pub(super) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Somebody is at work until the value is dropped.
    pub(super) fn busy(self: &Arc<Self>) -> Busy {
        self.at_work.fetch_add(1, Ordering::SeqCst);
        Busy(Arc::clone(self))
    }

    /// Somebody waits for that time until the value is dropped.
    pub(super) fn due(self: &Arc<Self>, time: Timestamp) -> Due {
        *self.retries.lock().unwrap_or_else(PoisonError::into_inner).entry(time).or_default() += 1;
        Due(Arc::clone(self), time)
    }

    /// Waits for a time, or for ever.
    pub(super) async fn sleep_until(&self, time: Option<Timestamp>) {
        match time {
            Some(time) => self.core.sleep_until(time).await,
            None => pending().await,
        }
    }

    /// Whether nothing is being worked on and nothing waits that could be.
    pub(super) fn is_idle(&self) -> bool {
        let bus = self.events.lock().unwrap_or_else(PoisonError::into_inner).is_empty();
        let queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let retry_due = self.next_retry().is_some_and(|it| it <= self.core.clock.now());
        // Last: who takes something up says so before he takes it.
        bus && !retry_due
            && !queues.iter().any(|it| self.sqs.has_visible(it))
            && self.at_work.load(Ordering::SeqCst) == 0
    }

    pub(super) fn steps(&self) -> u64 {
        self.steps.load(Ordering::SeqCst)
    }

    /// When something happens by itself: a timer, a retry, a message that becomes visible.
    pub(super) fn next_due(&self) -> Option<Timestamp> {
        let queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let visible = queues.iter().filter_map(|it| self.sqs.next_visible(it)).min();
        let timer = self.core.world().next_due();
        [visible, timer, self.next_retry()].into_iter().flatten().min()
    }

    fn next_retry(&self) -> Option<Timestamp> {
        let retries = self.retries.lock().unwrap_or_else(PoisonError::into_inner);
        retries.first_key_value().map(|(time, _)| *time)
    }
}

/// Proof that somebody is at work.
pub(super) struct Busy(Arc<Inner>);

impl Busy {
    /// Something was really taken up.
    pub(super) fn step(&self) {
        self.0.steps.fetch_add(1, Ordering::SeqCst);
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.at_work.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Proof that somebody waits for a time.
pub(super) struct Due(Arc<Inner>, Timestamp);

impl Drop for Due {
    fn drop(&mut self) {
        let mut retries = self.0.retries.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = retries.get_mut(&self.1) {
            *count -= 1;
            if *count == 0 {
                retries.remove(&self.1);
            }
        }
    }
}
