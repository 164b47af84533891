//! How long a message rests before the function receives it again.

use std::time::Duration;

use jiff::Timestamp;

/// The rest after the first try. Each further try doubles it.
const FIRST: Duration = Duration::from_secs(10);
/// The longest rest between two tries. The ten tries of a queue then span 72 minutes.
const LONGEST: Duration = Duration::from_mins(30);
/// SQS hides a message for at most 12 hours in all (Amazon SQS API Reference, "ChangeMessageVisibility").
const LONGEST_PAUSE: Duration = Duration::from_hours(11);

/// The rest of a message that was received so often, this time included.
pub(super) fn after_try(receive_count: Option<u32>) -> Duration {
    let doublings = receive_count.unwrap_or(1).saturating_sub(1).min(16);
    FIRST.saturating_mul(1 << doublings).min(LONGEST)
}

/// The rest of a message whose work is due at a moment, in whole seconds that reach it.
pub(super) fn until(due_at: Timestamp, now: Timestamp) -> Duration {
    let rest = Duration::try_from(due_at.duration_since(now)).unwrap_or_default();
    let whole = Duration::from_secs(rest.as_secs().saturating_add(u64::from(rest.subsec_nanos() > 0)));
    whole.clamp(Duration::from_secs(1), LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_rests_twice_as_long_after_each_try_up_to_half_an_hour() {
        let rests: Vec<u64> = (1..=10).map(|it| after_try(Some(it)).as_secs()).collect();
        assert_eq!(rests, [10, 20, 40, 80, 160, 320, 640, 1280, 1800, 1800]);
        assert_eq!(after_try(None).as_secs(), 10);
        assert_eq!(after_try(Some(u32::MAX)).as_secs(), 1800);
    }

    #[test]
    fn a_message_whose_work_is_due_later_rests_until_then() {
        let now: Timestamp = "2026-11-20T12:00:00.4Z".parse().unwrap();
        let rest = |due: &str| until(due.parse().unwrap(), now).as_secs();
        assert_eq!(rest("2026-11-20T12:45:00Z"), 45 * 60);
        assert_eq!(rest("2026-11-20T12:00:00Z"), 1, "due already");
        assert_eq!(rest("2026-11-30T12:00:00Z"), 11 * 3600, "no longer than SQS allows");
    }
}
