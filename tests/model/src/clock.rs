//! The clock of the model: few moments, far enough apart to matter.

use jiff::{SignedDuration, Timestamp};
use v2only_policy::notebook::RECORDED_AFTER_MINUTES;

/// Seconds of each tick after the first one. Ticks 0 to 3 lie within the 30 minutes in which a notebook is new; a pause of
/// contested drift of 1 and of 2 minutes ends between two ticks.
const SECONDS: [i64; 8] = [0, 40, 110, 260, 7_200, 14_400, 28_800, 86_400 * 2];

/// How many ticks the clock has.
pub const TICKS: u8 = 8;

/// The moment of a tick.
pub fn at(tick: u8) -> Timestamp {
    let first: Timestamp = "2026-11-20T12:00:00Z".parse().unwrap();
    first + SignedDuration::from_secs(SECONDS[usize::from(tick)])
}

/// The moment at which a person flips a resource in this tick: after our changes that come first, before those that follow.
pub fn flip_at(tick: u8) -> Timestamp {
    at(tick) + SignedDuration::from_secs(1)
}

/// The ticks up to the last one that CloudTrail shows now, one bit each: it may show a call 15 minutes late.
pub fn shown(now: u8) -> u8 {
    let is_shown = |tick: &u8| at(now).duration_since(at(*tick)).as_mins() >= RECORDED_AFTER_MINUTES;
    (0..now).filter(is_shown).fold(0, |all, tick| all | 1 << tick)
}

/// The tick of a moment that the use cases wrote.
pub fn tick_of(text: &str) -> u8 {
    let moment: Timestamp = text.parse().unwrap();
    (0..TICKS).find(|tick| [at(*tick), flip_at(*tick)].contains(&moment)).unwrap()
}

/// The ticks of a tag with several moments, one bit each.
pub fn ticks_of(text: &str) -> u8 {
    text.split_whitespace().fold(0, |all, word| all | 1 << tick_of(word))
}

/// The value of a tag with these ticks.
pub fn moments(ticks: u8, of: fn(u8) -> Timestamp) -> Option<String> {
    let all: Vec<String> =
        (0..TICKS).filter(|tick| ticks >> tick & 1 == 1).map(|tick| of(tick).to_string()).collect();
    (!all.is_empty()).then(|| all.join(" "))
}
