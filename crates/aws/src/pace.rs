//! Pacing: AWS's own token buckets, kept on our side, so that no call is throttled to begin with.
//!
//! One bucket for each (account, Region, action), because that is how AWS keeps them. Others use the same account: what AWS
//! throttles all the same is tried again by the SDK, and then by the queue or, where a person waits, here and slower.

mod slow;
mod tokens;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use v2only_enforcer::{Failure, Kind};
use v2only_policy::Place;

use self::slow::Gap;
use self::tokens::Tokens;
use crate::call::Call;

/// One bucket of AWS. A place of `None` stands for our own account.
type Key = (Option<Place>, Call);

/// What is known of one bucket.
#[derive(Debug)]
struct Line {
    tokens: Tokens,
    gap: Gap,
    /// Where callers wait, one behind the other, so that only the first one of them needs a timer.
    queue: Arc<tokio::sync::Mutex<()>>,
}

/// Maximum wait for a rate-limit token in the CLI. Functions return the message to the queue instead.
const LONG: Duration = Duration::from_secs(60);

/// The buckets.
#[derive(Debug)]
pub struct Pace {
    lines: Mutex<HashMap<Key, Line>>,
    at_most: Duration,
    is_on: bool,
}

impl Pace {
    /// Buckets that make a caller wait for at most this long.
    pub fn waiting_at_most(at_most: Duration) -> Self {
        Self { lines: Mutex::default(), at_most, is_on: true }
    }

    /// No buckets: every call is made at once.
    pub fn off() -> Self {
        Self { is_on: false, ..Self::waiting_at_most(Duration::ZERO) }
    }

    /// Whether calls wait for their turn.
    pub const fn is_on(&self) -> bool {
        self.is_on
    }

    /// Takes a token for a call that is made now, waiting for one if need be, or uses one that was reserved. Returns when the call
    /// counts as sent. A place of `None` stands for our own account.
    ///
    /// # Errors
    /// [`Kind::Throttled`] if the wait would be longer than allowed; no token is taken then.
    pub async fn take(&self, place: Option<&Place>, call: Call) -> Result<Instant, Failure> {
        let key = (place.cloned(), call);
        loop {
            let now = Instant::now();
            if !self.is_on || self.line(&key, |it| it.tokens.send(now)) {
                return Ok(now);
            }
            self.wait(&key).await?;
        }
    }

    /// Takes a token for a call that is about to be made, and reserves it.
    ///
    /// # Errors
    /// As those of [`Self::take`].
    pub async fn reserve(&self, place: &Place, call: Call) -> Result<(), Failure> {
        if self.is_on { self.wait(&(Some(place.clone()), call)).await } else { Ok(()) }
    }

    /// Leaves a reserved token to the next caller.
    pub fn release(&self, place: &Place, call: Call) {
        self.line(&(Some(place.clone()), call), |it| it.tokens.release());
    }

    async fn wait(&self, key: &Key) -> Result<(), Failure> {
        let queue = self.line(key, |it| Arc::clone(&it.queue));
        let _first = queue.lock().await;
        loop {
            let now = Instant::now();
            let taken = self.line(key, |it| it.tokens.take(now).map(|()| it.gap.take(now)));
            let wait = match taken {
                Ok(at) => {
                    // A timer takes a millisecond even where nothing is left to wait for.
                    if at > now {
                        tokio::time::sleep_until(at).await;
                    }
                    return Ok(());
                }
                Err(wait) => wait,
            };
            if wait > self.at_most {
                let message =
                    format!("the request rate allows the next call in {:.1} s only", wait.as_secs_f32());
                return Err(Failure::new(Kind::Throttled, key.1.iam_action(), message));
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

    /// Records the answer to a call that was sent then. After one that was throttled, turns are further apart where a person waits;
    /// each call that was not brings them closer again.
    pub fn answered(&self, place: &Place, call: Call, sent: Instant, throttled: bool) {
        let now = Instant::now();
        let is_patient = self.is_patient();
        self.line(&(Some(place.clone()), call), |Line { tokens, gap, .. }| {
            tokens.answered(sent, now);
            match throttled {
                true if is_patient => gap.widen(sent, now),
                true => {}
                false => gap.narrow(),
            }
        });
    }

    fn line<T>(&self, key: &Key, act: impl FnOnce(&mut Line) -> T) -> T {
        let full = || Line {
            tokens: Tokens::new(key.1.bucket(), Instant::now()),
            gap: Gap::default(),
            queue: Arc::default(),
        };
        act(self.lines().entry(key.clone()).or_insert_with(full))
    }

    fn lines(&self) -> MutexGuard<'_, HashMap<Key, Line>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use v2only_policy::{AccountId, Region};

    use super::*;

    /// Two at once, and two a second.
    const DEFAULTS: Call = Call::ModifyInstanceMetadataDefaults;

    fn place() -> Place {
        Place {
            account: AccountId::parse("111122223333").unwrap(),
            region: Region::parse("eu-central-1").unwrap(),
        }
    }

    /// Nobody may wait, and for an hour the bucket is not refilled.
    fn impatient() -> Pace {
        let pace = Pace::waiting_at_most(Duration::ZERO);
        let in_an_hour = Instant::now() + Duration::from_secs(3600);
        pace.line(&(Some(place()), DEFAULTS), |it| it.tokens = Tokens::new(DEFAULTS.bucket(), in_an_hour));
        pace
    }

    /// How long the calls of a bucket are kept apart.
    fn gap(pace: &Pace) -> Duration {
        let now = Instant::now();
        pace.line(&(Some(place()), DEFAULTS), |it| it.gap.take(now) - now)
    }

    #[tokio::test]
    async fn a_call_waits_for_its_turn_only_as_long_as_it_may() {
        let (place, pace) = (place(), impatient());
        pace.reserve(&place, DEFAULTS).await.unwrap();
        pace.take(Some(&place), DEFAULTS).await.unwrap();
        pace.take(Some(&place), DEFAULTS).await.unwrap();
        let refused = pace.take(Some(&place), DEFAULTS).await.unwrap_err();
        assert_eq!((refused.kind, refused.code), (Kind::Throttled, None));
        let elsewhere = pace.take(None, DEFAULTS).await;
        assert!(elsewhere.is_ok(), "{elsewhere:?}");
    }

    #[tokio::test]
    async fn a_reserved_turn_that_is_left_to_others_is_used_once() {
        let (place, pace) = (place(), impatient());
        pace.reserve(&place, DEFAULTS).await.unwrap();
        pace.reserve(&place, DEFAULTS).await.unwrap();
        pace.reserve(&place, DEFAULTS).await.unwrap_err();
        pace.release(&place, DEFAULTS);
        pace.reserve(&place, DEFAULTS).await.unwrap();
        pace.reserve(&place, DEFAULTS).await.unwrap_err();
    }

    #[tokio::test]
    async fn without_pacing_nothing_waits() {
        let pace = Pace::off();
        assert!(!pace.is_on() && Pace::waiting_at_most(Duration::ZERO).is_on());
        for _ in 0..9 {
            pace.reserve(&place(), DEFAULTS).await.unwrap();
            pace.take(Some(&place()), DEFAULTS).await.unwrap();
        }
    }

    #[tokio::test]
    async fn after_a_throttled_call_the_others_are_further_apart_where_a_person_waits() {
        for (at_most, is_patient) in [(LONG, true), (LONG - Duration::from_secs(1), false)] {
            let pace = Pace::waiting_at_most(at_most);
            assert_eq!((pace.is_patient(), pace.insists(Instant::now())), (is_patient, is_patient));
            let sent = pace.take(Some(&place()), DEFAULTS).await.unwrap();
            pace.answered(&place(), DEFAULTS, sent, false);
            assert_eq!(gap(&pace), Duration::ZERO);
            pace.answered(&place(), DEFAULTS, sent, true);
            assert_eq!(gap(&pace) > Duration::ZERO, is_patient);
        }
        let pace = Pace::waiting_at_most(LONG);
        assert!(!pace.insists(Instant::now() - LONG - Duration::from_secs(1)), "it was tried for too long");
    }

    #[tokio::test]
    async fn a_call_after_a_throttled_one_is_sent_once_the_gap_has_passed() {
        let pace = Pace::waiting_at_most(LONG);
        let sent = pace.take(Some(&place()), DEFAULTS).await.unwrap();
        pace.answered(&place(), DEFAULTS, sent, true);
        let wait = pace.line(&(Some(place()), DEFAULTS), |it| it.gap).take(sent) - sent;
        let next = pace.take(Some(&place()), DEFAULTS).await.unwrap();
        assert!(next >= sent + wait && wait > Duration::ZERO, "{wait:?}");
    }
}
