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
/// One bucket of AWS. A place of `None` stands for our own account.
type Key = (Option<Place>, Call);

/// Tokens that were taken before their calls.
#[derive(Debug, Default, Clone, Copy)]
struct Reservations {
    /// For calls that are about to be made.
    promised: u32,
    /// For the next caller.
    spare: u32,
}

impl Reservations {
    fn take(&mut self) -> bool {
        one_of(&mut self.promised) || one_of(&mut self.spare)
    }
}

/// Takes one away, if there is one.
fn one_of(number: &mut u32) -> bool {
    let is_there = *number > 0;
    *number = number.saturating_sub(1);
    is_there
}

/// Maximum wait for a rate-limit token in the CLI. Functions return the message to the queue instead.
const LONG: Duration = Duration::from_secs(60);

/// The buckets.
#[derive(Debug)]
pub struct Pace {
    limiters: Mutex<HashMap<Key, Limiter>>,
    gaps: Mutex<HashMap<Key, slow::Gap>>,
    reservations: Mutex<HashMap<Key, Reservations>>,
    at_most: Duration,
    is_on: bool,
}

impl Pace {
    /// Buckets that make a caller wait for at most this long.
    pub fn waiting_at_most(at_most: Duration) -> Self {
        Self {
            limiters: Mutex::default(),
            gaps: Mutex::default(),
            reservations: Mutex::default(),
            at_most,
            is_on: true,
        }
    }

    /// No buckets: every call is made at once.
    pub fn off() -> Self {
        Self { is_on: false, ..Self::waiting_at_most(Duration::ZERO) }
    }

    /// Whether calls wait for their turn.
    pub const fn is_on(&self) -> bool {
        self.is_on
    }

    /// Takes a token, waiting for one if need be, or uses one that was reserved. A place of `None` stands for our own account.
    ///
    /// # Errors
    /// [`Kind::Throttled`] if the wait would be longer than allowed; no token is taken then.
    pub async fn take(&self, place: Option<&Place>, call: Call) -> Result<(), Failure> {
        let is_reserved =
            self.reservations().get_mut(&(place.cloned(), call)).is_some_and(Reservations::take);
        if is_reserved { Ok(()) } else { self.wait(place, call).await }
    }

    /// Takes a token for a call that is about to be made, and reserves it.
    ///
    /// # Errors
    /// As those of [`Self::take`].
    pub async fn reserve(&self, place: &Place, call: Call) -> Result<(), Failure> {
        let key = (Some(place.clone()), call);
        let is_spare = self.reservations().get_mut(&key).is_some_and(|it| one_of(&mut it.spare));
        if !is_spare {
            self.wait(Some(place), call).await?;
        }
        self.reservations().entry(key).or_default().promised += 1;
        Ok(())
    }

    /// Leaves a reserved token to the next caller.
    pub fn release(&self, place: &Place, call: Call) {
        if let Some(reserved) = self.reservations().get_mut(&(Some(place.clone()), call)) {
            reserved.spare += u32::from(one_of(&mut reserved.promised));
        }
    }

    async fn wait(&self, place: Option<&Place>, call: Call) -> Result<(), Failure> {
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
    pub fn insists(&self, first: Instant) -> bool {
        self.is_patient() && first.elapsed() <= self.at_most
    }

    /// Records a call that was throttled. Where a person waits, turns are further apart from now on.
    pub fn slow_down(&self, place: &Place, call: Call, sent: Instant) {
        if self.is_patient() {
            self.gaps().entry((Some(place.clone()), call)).or_default().widen(sent, Instant::now());
        }
    }

    /// Records a call that succeeded, so that the rate may rise again.
    pub fn went_through(&self, place: &Place, call: Call) {
        if let Some(gap) = self.gaps().get_mut(&(Some(place.clone()), call)) {
            gap.narrow();
        }
    }

    fn gaps(&self) -> MutexGuard<'_, HashMap<Key, slow::Gap>> {
        self.gaps.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn reservations(&self) -> MutexGuard<'_, HashMap<Key, Reservations>> {
        self.reservations.lock().unwrap_or_else(PoisonError::into_inner)
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

#[cfg(test)]
mod tests {
    use v2only_policy::{AccountId, Region};

    use super::*;

    #[test]
    fn a_reserved_token_is_for_the_next_call_and_a_released_one_for_the_next_caller() {
        let place = Place {
            account: AccountId::parse("111122223333").unwrap(),
            region: Region::parse("eu-central-1").unwrap(),
        };
        let call = Call::ModifyInstanceMetadataOptions;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        for releases in [false, true] {
            let pace = Pace::waiting_at_most(Duration::ZERO);
            runtime.block_on(async {
                pace.reserve(&place, call).await.unwrap();
                // Whatever is left of the bucket.
                while pace.wait(Some(&place), call).await.is_ok() {}
                if releases {
                    pace.release(&place, call);
                    pace.reserve(&place, call).await.unwrap();
                }
                pace.take(Some(&place), call).await.unwrap();
            });
            let left: u32 = pace.reservations().values().map(|it| it.promised + it.spare).sum();
            assert_eq!(left, 0, "releases: {releases}");
        }
    }
}
