//! Event source mappings: a queue is polled, and batches of it go to a function.
//!
//! <https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html>

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;

use super::batch;
use super::inner::{Busy, Inner};
use super::ledger::Attempt;
use crate::lambda::Function;
use crate::sqs::{Message, QueueName};

/// How a queue is mapped.
#[derive(Debug, Clone)]
pub struct EventSource {
    /// The most messages of one invocation, 1 to 10.
    pub batch_size: usize,
    /// `ReportBatchItemFailures`.
    pub report_failures: bool,
    /// How many batches may be worked on at once. AWS starts with five and asks for at least two;
    /// one keeps a scenario in order.
    pub concurrency: usize,
}

impl Default for EventSource {
    fn default() -> Self {
        Self { batch_size: 10, report_failures: true, concurrency: 1 }
    }
}

/// Why AWS would refuse a mapping.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MappingError {
    /// There is no such queue.
    #[error("there is no queue `{0}`")]
    NoSuchQueue(String),
    /// A batch could become visible again while the function still works on it.
    #[error(
        "the queue's visibility time-out ({visibility:?}) is below the function's time-out ({timeout:?})"
    )]
    VisibilityBelowTimeout {
        /// Of the queue.
        visibility: Duration,
        /// Of the function.
        timeout: Duration,
    },
    /// Outside of 1 to 10, or a concurrency of 0.
    #[error("a batch holds 1 to 10 messages, and at least one is worked on at a time")]
    Size,
}

/// A mapping at work.
#[derive(Debug)]
pub(super) struct Mapping {
    pub(super) queue: QueueName,
    pub(super) function: Function,
    pub(super) source: EventSource,
}

impl Mapping {
    pub(super) fn check(&self, visibility: Option<Duration>) -> Result<(), MappingError> {
        if !(1..=10).contains(&self.source.batch_size) || self.source.concurrency == 0 {
            return Err(MappingError::Size);
        }
        let visibility = visibility.ok_or_else(|| MappingError::NoSuchQueue(self.queue.arn()))?;
        let timeout = self.function.timeout();
        if visibility < timeout {
            return Err(MappingError::VisibilityBelowTimeout { visibility, timeout });
        }
        Ok(())
    }
}

/// Polls until it is aborted.
pub(super) async fn poll(inner: Arc<Inner>, mapping: Arc<Mapping>) {
    let mut changes = inner.sqs.watch();
    let mut running = JoinSet::new();
    loop {
        while running.try_join_next().is_some() {}
        if running.len() >= mapping.source.concurrency {
            running.join_next().await;
            continue;
        }
        changes.mark_unchanged();
        let busy = inner.busy();
        let messages = inner.sqs.receive(&mapping.queue, mapping.source.batch_size, None).unwrap_or_default();
        if !messages.is_empty() {
            running.spawn(work(Arc::clone(&inner), Arc::clone(&mapping), messages, busy));
            continue;
        }
        drop(busy);
        let next = inner.sqs.next_visible(&mapping.queue);
        tokio::select! {
            // In order, so that a driven AWS repeats itself.
            biased;
            () = changes.changed() => {}
            () = inner.sleep_until(next) => {}
            Some(_) = running.join_next() => {}
        }
    }
}

/// One batch, from the invocation to the last deletion.
async fn work(inner: Arc<Inner>, mapping: Arc<Mapping>, messages: Vec<Message>, busy: Busy) {
    busy.step();
    let at = inner.core.clock.now();
    let outcome = mapping.function.invoke(&batch::event(&mapping.queue, &messages)).await;
    let returned = batch::returned(&outcome, &messages, mapping.source.report_failures);
    for message in messages.iter().filter(|it| !returned.contains(&it.id)) {
        // A message that became visible again meanwhile stays in the queue, as on AWS.
        let _visible_again = inner.sqs.delete(&mapping.queue, &message.receipt_handle());
    }
    let messages = messages.into_iter().map(|it| it.id).collect();
    inner.ledger().note(Attempt {
        at,
        function: mapping.function.name().to_owned(),
        messages,
        returned,
        outcome,
    });
    drop(busy);
}
