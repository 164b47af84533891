//! Going slower where AWS throttles all the same, because somebody else calls from the same account.
//!
//! Calls of one bucket are kept apart by a gap that is opened wide when one is throttled, and closes little by little
//! as others go through: as much as the others leave is found by trying, with few calls in vain.

use std::time::Duration;

use tokio::time::Instant;

/// The gap after the first throttled call.
const FIRST: Duration = Duration::from_millis(250);
/// The widest gap.
const WIDEST: Duration = Duration::from_secs(20);
/// How much wider the gap is after a throttled call, and how much narrower after one that went through.
const WIDER: f64 = 1.6;
const NARROWER: f64 = 0.97;
/// A gap below this is none.
const NONE: Duration = Duration::from_millis(20);

/// The gap of one bucket.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Gap {
    between: Duration,
    /// When the next call may be made.
    next: Option<Instant>,
    /// When it was widened last.
    widened: Option<Instant>,
}

impl Gap {
    /// The moment of a call, which is taken by this.
    pub(super) fn take(&mut self, now: Instant) -> Instant {
        let at = self.next.map_or(now, |it| it.max(now));
        self.next = Some(at + self.between);
        at
    }

    /// One that was sent then was throttled. Calls that were in flight beside it add no information.
    pub(super) fn widen(&mut self, sent: Instant, now: Instant) {
        if self.widened.is_some_and(|it| sent < it) {
            return;
        }
        self.between = self.between.mul_f64(WIDER).clamp(FIRST, WIDEST);
        self.widened = Some(now);
        self.next = Some(self.next.map_or(now, |it| it.max(now)) + self.between);
    }

    /// One went through.
    pub(super) fn narrow(&mut self) {
        self.between = self.between.mul_f64(NARROWER);
        if self.between < NONE {
            self.between = Duration::ZERO;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MILLI: Duration = Duration::from_millis(1);

    /// Plays calls against a bucket of so many a second, without burst, all but a share of which others use up; returns how
    /// many went through and how many were throttled within so many seconds.
    fn play(left_per_second: f64, seconds: u32) -> (u32, u32) {
        let start = Instant::now();
        let (mut gap, mut now, mut tokens, mut filled) = (Gap::default(), start, 0.0, start);
        let (mut through, mut throttled) = (0, 0);
        while now < start + Duration::from_secs(1) * seconds {
            // A call takes a while, and our own bucket allows five a second.
            now = gap.take(now + 200 * MILLI);
            tokens = f64::min(tokens + (now - filled).as_secs_f64() * left_per_second, 5.0);
            filled = now;
            if tokens >= 1.0 {
                tokens -= 1.0;
                through += 1;
                gap.narrow();
            } else {
                throttled += 1;
                gap.widen(now, now + 10 * MILLI);
            }
        }
        (through, throttled)
    }

    #[test]
    fn with_all_of_the_bucket_there_is_no_gap() {
        let mut gap = Gap::default();
        let now = Instant::now();
        for _ in 0..9 {
            assert_eq!(gap.take(now), now);
            gap.narrow();
        }
    }

    #[test]
    fn with_half_of_the_bucket_most_of_that_half_is_used_and_little_is_in_vain() {
        let (through, throttled) = play(2.5, 200);
        assert!(through >= 375, "three quarters of 500 at least: {through}");
        assert!(throttled * 5 <= through, "{throttled} in vain beside {through}");
    }

    #[test]
    fn those_that_were_under_way_widen_the_gap_once() {
        let mut gap = Gap::default();
        let now = Instant::now();
        for _ in 0..8 {
            gap.widen(now, now + MILLI);
        }
        assert_eq!(gap.between, FIRST);
        assert_eq!(
            gap.take(now + MILLI),
            now + MILLI + FIRST,
            "counted from the moment at which it was noticed"
        );
        gap.widen(now + MILLI, now + 3 * MILLI);
        assert_eq!(gap.between, FIRST.mul_f64(WIDER));
        for _ in 0..200 {
            gap.widen(now + Duration::from_secs(9), now + 3 * MILLI);
        }
        assert_eq!(gap.between, WIDEST);
        for _ in 0..400 {
            gap.narrow();
        }
        assert_eq!(gap.between, Duration::ZERO);
    }
}
