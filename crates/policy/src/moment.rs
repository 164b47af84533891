//! Moments as event times have them.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

/// Event times have whole seconds; so have the moments in the tag.
pub fn to_second(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second()).unwrap_or(at)
}

/// The first day of a window of this many whole days that ends today.
pub fn first_day(today: Date, window: u16) -> Date {
    today.checked_sub(SignedDuration::from_hours(24 * i64::from(window))).unwrap_or(Date::MIN)
}
