//! Pacing: AWS's own token buckets, kept on our side, so that no call is throttled to begin with.
//!
//! One bucket for each (account, Region, action), because that is how AWS keeps them. Ours holds a little less
//! than AWS's: a call is counted there when it arrives, and one that is sent at the very moment ours allows it
//! could arrive sooner, after the last one, than it was sent. Others use the same account: what AWS throttles
//! all the same is tried again by the SDK, and then by the queue or, where a person waits, here and slower.

mod slow;

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use tokio::time::Instant;
use v2only_enforcer::{Failure, Kind};
use v2only_policy::Place;

use crate::call::{Bucket, Call};

/// How much sooner than the first call a later one may arrive, as a share of what a second adds: 2/5 of one.
const JITTER: (u32, u32) = (2, 5);

/// How many calls are made at once: the bucket less what jitter may cost, and one at least.
fn burst(bucket: Bucket) -> u32 {
    let spare = (bucket.per_second * JITTER.0).div_ceil(JITTER.1);
    bucket.size.saturating_sub(spare).max(1)
}

type Limiter = Arc<DefaultDirectRateLimiter>;

/// Maximum wait for a rate-limit token in the CLI. Functions return the message to the queue instead.
const LONG: Duration = Duration::from_secs(60);

/// The buckets.
#[derive(Debug)]
pub struct Pace {
    limiters: Mutex<HashMap<(Option<Place>, Call), Limiter>>,
    gaps: Mutex<HashMap<(Option<Place>, Call), slow::Gap>>,
    at_most: Duration,
    is_on: bool,
}

impl Pace {
    /// Buckets that make a caller wait for at most this long.
    pub fn waiting_at_most(at_most: Duration) -> Self {
        Self { limiters: Mutex::default(), gaps: Mutex::default(), at_most, is_on: true }
    }

    /// No buckets: every call is made at once.
    pub fn off() -> Self {
        Self { is_on: false, ..Self::waiting_at_most(Duration::ZERO) }
    }

    /// Whether calls wait for their turn.
    pub const fn is_on(&self) -> bool {
        self.is_on
    }

    /// Takes a token, waiting for one if need be. A place of `None` stands for our own account.
    ///
    /// # Errors
    /// [`Kind::Throttled`] if the wait would be longer than allowed; no token is taken then.
    pub async fn take(&self, place: Option<&Place>, call: Call) -> Result<(), Failure> {
        if !self.is_on {
            return Ok(());
        }
        let limiter = self.limiter(place, call);
        loop {
            let Err(not_until) = limiter.check() else {
                let at = self.gaps().get_mut(&(place.cloned(), call)).map(|it| it.take(Instant::now()));
                if let Some(at) = at {
                    tokio::time::sleep_until(at).await;
                }
                return Ok(());
            };
            let wait = not_until.wait_time_from(DefaultClock::default().now());
            if wait > self.at_most {
                let message =
                    format!("the request rate allows the next call in {:.1} s only", wait.as_secs_f32());
                return Err(Failure::new(Kind::Throttled, call.iam_action(), message));
            }
            tokio::time::sleep(wait).await;
        }
    }

    /// Whether a person waits, and no queue.
    pub fn is_patient(&self) -> bool {
        self.at_most >= LONG
    }

    /// Whether a call that was throttled is worth another turn: a person waits, and the first turn was not too long ago.
    /// Turns are further apart from now on.
    pub fn insists(&self, place: &Place, call: Call, first: Instant, sent: Instant) -> bool {
        if !self.is_patient() || first.elapsed() > self.at_most {
            return false;
        }
        self.gaps().entry((Some(place.clone()), call)).or_default().widen(sent, Instant::now());
        true
    }

    /// Records a call that succeeded, so that the rate may rise again.
    pub fn went_through(&self, place: &Place, call: Call) {
        if let Some(gap) = self.gaps().get_mut(&(Some(place.clone()), call)) {
            gap.narrow();
        }
    }

    fn gaps(&self) -> MutexGuard<'_, HashMap<(Option<Place>, Call), slow::Gap>> {
        self.gaps.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn limiter(&self, place: Option<&Place>, call: Call) -> Limiter {
        let bucket = call.bucket();
        let size = NonZeroU32::new(burst(bucket)).unwrap_or(NonZeroU32::MIN);
        let rate = NonZeroU32::new(bucket.per_second).unwrap_or(NonZeroU32::MIN);
        let mut limiters = self.limiters.lock().unwrap_or_else(PoisonError::into_inner);
        let made = limiters
            .entry((place.cloned(), call))
            .or_insert_with(|| Arc::new(RateLimiter::direct(Quota::per_second(rate).allow_burst(size))));
        Arc::clone(made)
    }
}
