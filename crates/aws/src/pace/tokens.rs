//! How many calls AWS's bucket lets through now, at least.
//!
//! AWS takes a token when a call arrives, which is some time after it was sent. Until then the bucket may be full, and what would be
//! added to a full bucket is lost. So our count never exceeds the size of the bucket less the calls that may not have arrived yet.
//! It follows by induction over every sending, arrival, answer and refill that AWS has at least as many tokens as our count and
//! these calls together, and so lets each of them through.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

use crate::call::Bucket;

/// For how long a call may be on its way if it is not answered before.
const ON_THE_WAY: Duration = Duration::from_millis(400);
/// What the arithmetic of fractions may be wrong by.
const ROUNDING: f64 = 1e-6;

/// The tokens of one bucket.
#[derive(Debug)]
pub(super) struct Tokens {
    bucket: Bucket,
    /// How many may be taken.
    left: f64,
    /// When these were counted.
    counted_at: Instant,
    /// Taken, for calls that are about to be sent.
    promised: u32,
    /// Taken and given back, for the next caller.
    spare: u32,
    /// Until when each call that was sent may be on its way, the oldest first.
    on_the_way: VecDeque<Instant>,
}

impl Tokens {
    /// A full bucket.
    pub(super) fn new(bucket: Bucket, now: Instant) -> Self {
        let left = f64::from(bucket.size);
        Self { bucket, left, counted_at: now, promised: 0, spare: 0, on_the_way: VecDeque::new() }
    }

    /// Takes a token for a call that is about to be sent. An error says when to ask again.
    pub(super) fn take(&mut self, now: Instant) -> Result<(), Duration> {
        if self.spare > 0 {
            self.spare -= 1;
        } else {
            self.refill(now);
            let missing = 1.0 - self.left;
            if missing > ROUNDING {
                let refilled = Duration::from_secs_f64(missing / f64::from(self.bucket.per_second));
                let has_room = self.most() >= 1.0;
                let arrived = self.on_the_way.front().filter(|_| !has_room).map(|at| *at - now);
                return Err(arrived.map_or(refilled, |it| it.max(refilled)));
            }
            self.left -= 1.0;
        }
        self.promised += 1;
        Ok(())
    }

    /// Uses a token that was taken. Tells whether there is one.
    pub(super) fn send(&mut self, now: Instant) -> bool {
        let one = [&mut self.promised, &mut self.spare].into_iter().find(|it| **it > 0);
        let Some(one) = one else { return false };
        *one -= 1;
        self.on_the_way.push_back(now + ON_THE_WAY);
        true
    }

    /// Leaves a token that was taken to the next caller.
    pub(super) fn release(&mut self) {
        if self.promised > 0 {
            self.promised -= 1;
            self.spare += 1;
        }
    }

    /// AWS answered a call that was sent then.
    pub(super) fn answered(&mut self, sent: Instant, now: Instant) {
        self.refill(now);
        if sent + ON_THE_WAY > now {
            // Whichever it was: of those that are left, the younger ones are on their way for longer.
            self.on_the_way.pop_front();
        }
    }

    /// How many tokens there can be while calls are not sent, or on their way. Tokens that nobody uses or gives back leave room for one.
    fn most(&self) -> f64 {
        let away = u32::try_from(self.on_the_way.len()).unwrap_or(u32::MAX);
        let held = (self.promised + self.spare).min(self.bucket.size.saturating_sub(1));
        f64::from(self.bucket.size) - f64::from(away.saturating_add(held))
    }

    fn refill(&mut self, now: Instant) {
        while let Some(arrived) = self.on_the_way.front().copied().filter(|it| *it <= now) {
            self.refill_until(arrived);
            self.on_the_way.pop_front();
        }
        self.refill_until(now);
    }

    fn refill_until(&mut self, at: Instant) {
        let added = at.saturating_duration_since(self.counted_at).as_secs_f64();
        let added = added * f64::from(self.bucket.per_second);
        self.left = (self.left + added).min(self.most()).max(0.0);
        self.counted_at = self.counted_at.max(at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MILLI: Duration = Duration::from_millis(1);
    const MODIFY: Bucket = Bucket { size: 100, per_second: 5 };

    /// Numbers that look random, the same ones each time.
    struct Dice(u64);

    impl Dice {
        fn below(&mut self, bound: u64) -> u32 {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            u32::try_from((self.0 >> 33) % bound).unwrap()
        }
    }

    /// What a bucket of AWS does with calls that arrive at these milliseconds: how many find no token.
    fn throttled(bucket: Bucket, mut arrivals: Vec<u32>) -> usize {
        arrivals.sort_unstable();
        let (mut left, mut at, mut throttled) = (f64::from(bucket.size), 0, 0);
        for it in arrivals {
            left =
                f64::from(bucket.size).min(left + f64::from(it - at) * f64::from(bucket.per_second) / 1000.0);
            at = it;
            if left >= 1.0 - ROUNDING {
                left -= 1.0;
            } else {
                throttled += 1;
            }
        }
        throttled
    }

    /// Sends so many calls as soon as it may, `idle` out of 1000 times after a rest. A call takes up to so many milliseconds there, and
    /// its answer as many back. Returns when each was sent, and when it arrived.
    fn sent(bucket: Bucket, calls: u32, idle: u32, latency: u64, seed: u64) -> (Vec<u32>, Vec<u32>) {
        let (start, mut dice) = (Instant::now(), Dice(seed));
        let mut tokens = Tokens::new(bucket, start);
        let (mut now, mut sent, mut arrivals) = (0, Vec::new(), Vec::new());
        let mut answers: Vec<(u32, u32)> = Vec::new();
        while arrivals.len() < usize::try_from(calls).unwrap() {
            let at = |millis: u32| start + MILLI * millis;
            answers.sort_unstable_by(|one, other| other.cmp(one));
            while let Some((when, of)) = answers.pop_if(|it| it.0 <= now) {
                tokens.answered(at(of), at(when));
            }
            if tokens.take(at(now)).is_err() {
                now += 1;
                continue;
            }
            if dice.below(1000) < idle {
                now += dice.below(30_000);
            }
            assert!(tokens.send(at(now)));
            let arrival = now + dice.below(latency);
            arrivals.push(arrival);
            answers.push((arrival + dice.below(latency), now));
            sent.push(now);
        }
        (sent, arrivals)
    }

    #[test]
    fn no_call_is_throttled_that_arrives_within_400_milliseconds() {
        for seed in 0..40 {
            for bucket in [MODIFY, Bucket { size: 2, per_second: 2 }, Bucket { size: 10, per_second: 40 }] {
                for latency in [1, 50, 400] {
                    let (_, arrivals) = sent(bucket, 300, 20, latency, seed);
                    assert_eq!(throttled(bucket, arrivals), 0, "{bucket:?}, {latency} ms, seed {seed}");
                }
            }
        }
    }

    #[test]
    fn what_the_bucket_holds_is_sent_at_once_and_the_rest_as_fast_as_it_fills() {
        for (latency, late) in [(1, 1), (50, 100), (400, 400)] {
            let (sent, _) = sent(MODIFY, 300, 0, latency, 1);
            assert_eq!(sent[99], 0, "{latency} ms");
            let minimum = 200 * 1000 / MODIFY.per_second;
            assert!((minimum..=minimum + late).contains(&sent[299]), "{latency} ms: {}", sent[299]);
        }
    }

    #[test]
    fn tokens_that_nobody_uses_stop_nobody() {
        for size in [1, 5] {
            let start = Instant::now();
            let mut tokens = Tokens::new(Bucket { size, per_second: 1 }, start);
            for second in 0..20 {
                let now = start + Duration::from_secs(1) * second;
                tokens.take(now).unwrap();
            }
        }
    }

    #[test]
    fn the_next_call_waits_for_a_token_and_for_room_beside_those_on_their_way() {
        let now = Instant::now();
        for (size, answers, millis) in [(1, 0, 400), (1, 1, 100), (2, 0, 400), (2, 1, 100), (2, 2, 100)] {
            let mut tokens = Tokens::new(Bucket { size, per_second: 10 }, now);
            for _ in 0..size {
                tokens.take(now).unwrap();
                assert!(tokens.send(now));
            }
            (0..answers).for_each(|_| tokens.answered(now, now));
            let wait = tokens.take(now).unwrap_err();
            assert_eq!(wait.as_millis(), millis, "{answers} of {size} are answered");
        }
    }

    #[test]
    fn tokens_that_were_taken_and_are_not_used_yet_are_not_added_again() {
        for released in [1, 2] {
            let now = Instant::now();
            let mut tokens = Tokens::new(Bucket { size: 3, per_second: 1 }, now);
            tokens.take(now).unwrap();
            tokens.take(now).unwrap();
            (0..released).for_each(|_| tokens.release());
            let later = now + Duration::from_secs(9);
            tokens.answered(now, later);
            let taken = (0..9).take_while(|_| tokens.take(later).is_ok()).count();
            assert_eq!(taken, released + 1, "those that were released, and the third of the bucket");
        }
    }

    #[test]
    fn a_released_token_is_for_the_next_caller() {
        let now = Instant::now();
        let mut tokens = Tokens::new(Bucket { size: 1, per_second: 1 }, now);
        tokens.take(now).unwrap();
        tokens.take(now).unwrap_err();
        tokens.release();
        tokens.take(now).unwrap();
        assert!(tokens.send(now));
        tokens.release();
        assert!(!tokens.send(now), "it is used");
        let wait = tokens.take(now).unwrap_err();
        assert!(wait >= Duration::from_secs(1), "{wait:?}");
    }
}
