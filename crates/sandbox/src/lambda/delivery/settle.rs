//! Waiting until everything that can happen has happened.

use std::time::{Duration, Instant};

use super::wiring::Wiring;
use crate::clock::{between, later};

/// On the machine's clock, what is due within this time is waited for.
const SOON: Duration = Duration::from_secs(1);

/// How often to look.
const PAUSE: Duration = Duration::from_millis(2);

/// How many turns everything that is ready gets in a pause of a driven AWS: more than there are tasks.
const TURNS: usize = 64;

/// It did not become quiet in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("deliveries did not settle within {0:?}")]
pub struct Unsettled(pub Duration);

impl Wiring {
    /// Waits until the bus is empty, no function is at work and no mapped queue has a visible
    /// message; on the machine's clock also until nothing is due within a second. Messages that
    /// wait for their time do not count: move the clock for them. The time-out is real time.
    pub async fn settle(&self, timeout: Duration) -> Result<(), Unsettled> {
        let begun = Instant::now();
        loop {
            let steps = self.inner.steps();
            let idle = self.inner.is_idle();
            self.pause().await;
            // Twice idle with no step in between: nothing was on its way from one place to the next.
            // Timers first: one that fires after that look leaves an event that the later look sees.
            if idle && !self.due_soon() && self.inner.is_idle() && self.inner.steps() == steps {
                return Ok(());
            }
            if begun.elapsed() > timeout {
                return Err(Unsettled(timeout));
            }
        }
    }

    /// Moves a manual clock by `by`, from one due time to the next, and lets everything settle at
    /// each: a message comes back, a retry is made, a notebook arrives exactly when it should.
    /// `timeout` is for all of it, in real time. A system clock stays.
    pub async fn advance(&self, by: Duration, timeout: Duration) -> Result<(), Unsettled> {
        let begun = Instant::now();
        let end = later(self.inner.core.clock.now(), by);
        loop {
            self.settle(timeout.saturating_sub(begun.elapsed())).await.map_err(|_| Unsettled(timeout))?;
            let now = self.inner.core.clock.now();
            if now >= end || !self.inner.core.clock.is_manual() {
                return Ok(());
            }
            let next = self.inner.next_due().map_or(end, |it| it.min(end));
            self.inner.core.advance(between(now, next));
        }
    }

    /// [`Self::settle`] for callers that are not async.
    pub fn settle_blocking(&self, timeout: Duration) -> Result<(), Unsettled> {
        self.block_on(self.settle(timeout))
    }

    /// [`Self::advance`] for callers that are not async.
    pub fn advance_blocking(&self, by: Duration, timeout: Duration) -> Result<(), Unsettled> {
        self.block_on(self.advance(by, timeout))
    }

    /// Lets others go on. A driven AWS takes turns and no time: how long its work takes must not matter.
    async fn pause(&self) {
        if !self.inner.core.config.driven {
            return tokio::time::sleep(PAUSE).await;
        }
        for _ in 0..TURNS {
            tokio::task::yield_now().await;
        }
    }

    fn due_soon(&self) -> bool {
        let clock = &self.inner.core.clock;
        !clock.is_manual() && self.inner.next_due().is_some_and(|it| it <= later(clock.now(), SOON))
    }
}
