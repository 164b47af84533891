//! Contested drift: a resource that somebody flips back to version 1 again and again.
//!
//! There is no database. When we correct a resource that was turned back, the moment it was turned back is
//! added to a tag on that resource; the entry is the event's own time, so that a redelivered event adds
//! nothing. The event history of AWS adds what the tag has lost, see [`crate::history`].
//!
//! After `contested_after` corrections within the window, the next flip is contested. With
//! `when_contested: report` it stays open, and is remembered, and no further one. With `keep_closing` it is
//! corrected after a pause, which doubles with each flip up to 45 minutes. Flips within a pause, and soon after, neither count nor
//! make the pause longer: after the pause it is corrected, however often somebody flips.
//!
//! A decision without an event (the sweep, or a notebook's next state) takes the last known flip for the one that it
//! finds: only the flips before that one have been corrected.

use jiff::{SignedDuration, Timestamp};

use crate::Tags;
use crate::history::Recorded;
pub use crate::moment::to_second;
use crate::settings::DriftRule;

/// Tag that remembers when version 1 was turned back on.
pub const REVERTED_TAG: &str = "v2only:reverted";

/// The longest pause before a contested resource is corrected, in minutes. The queues of the functions deliver a message every
/// 6 minutes for an hour, so the event of the flip outlives the pause.
const LONGEST_PAUSE: i64 = 45;

/// For how long after a pause flips are corrected at once. A flip at the end of a pause must not begin another one before the
/// correction that the pause put off.
const AT_ONCE: SignedDuration = SignedDuration::from_mins(10);

/// How many moments are kept in a tag: a value has 256 characters at most.
const KEPT: usize = 12;

/// How far ahead of ours the clock may be that a moment was taken from.
const CLOCK_SKEW: SignedDuration = SignedDuration::from_hours(1);

/// Moments remembered in a tag, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Moments(Vec<Timestamp>);

impl Moments {
    /// Reads the tag, keeping the moments inside the window. What cannot be read, or lies in the future, is
    /// skipped: that can only make a resource look less contested, and it is overwritten with the next
    /// correction.
    pub fn read(tags: &Tags, rule: &DriftRule, now: Timestamp) -> Self {
        Self::in_tag(tags, REVERTED_TAG, SignedDuration::from_hours(i64::from(rule.window_hours)), now)
    }

    /// Reads moments from any tag of ours, by the same rules.
    pub fn in_tag(tags: &Tags, key: &str, window: SignedDuration, now: Timestamp) -> Self {
        let mut moments: Vec<Timestamp> = tags
            .get(key)
            .into_iter()
            .flat_map(|text| text.split_whitespace())
            .filter_map(|word| word.parse().ok())
            .filter(|at| {
                let age = now.duration_since(*at);
                -CLOCK_SKEW <= age && age < window
            })
            .collect();
        moments.sort_unstable();
        moments.dedup();
        Self(moments)
    }

    /// How many lie within the window, not counting `at` itself.
    pub fn besides(&self, at: Option<Timestamp>) -> usize {
        self.0.iter().filter(|moment| Some(**moment) != at).count()
    }

    /// How many lie at `at` or later; all of them if there is no such moment.
    pub fn since(&self, at: Option<Timestamp>) -> usize {
        self.0.iter().filter(|moment| Some(**moment) >= at).count()
    }

    /// The `count` latest moments.
    #[must_use]
    pub fn latest(mut self, count: usize) -> Self {
        self.0.drain(..self.0.len().saturating_sub(count));
        self
    }

    /// The latest moment.
    pub fn last(&self) -> Option<Timestamp> {
        self.0.last().copied()
    }

    /// Whether no moment is known.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// These moments, and those recorded within the window.
    #[must_use]
    pub fn and_recorded(mut self, recorded: &Recorded, rule: &DriftRule, now: Timestamp) -> Self {
        let window = SignedDuration::from_hours(i64::from(rule.window_hours));
        let recorded = recorded.reversions().iter().map(|reversion| reversion.at);
        self.0.extend(recorded.filter(|at| now.duration_since(*at) < window));
        self.in_order()
    }

    /// These moments, and another one.
    #[must_use]
    pub fn and(mut self, at: Option<Timestamp>) -> Self {
        self.0.extend(at);
        self.in_order()
    }

    fn in_order(mut self) -> Self {
        self.0.sort_unstable();
        self.0.dedup();
        self
    }

    /// The flips that count: those that were not made within the pause after another one, or soon after that pause.
    pub fn counted(&self, contested_after: u8) -> Flips {
        let mut flips = Flips::default();
        for at in &self.0 {
            let pause = pause(flips.number, contested_after);
            let covered = if pause.is_zero() { pause } else { pause + AT_ONCE };
            if flips.last.is_none_or(|last| at.duration_since(last) >= covered) {
                flips = Flips { number: flips.number + 1, last: Some(*at) };
            }
        }
        flips
    }

    /// The tag value that remembers `at` too; `None` if it is remembered already. The latest moments are kept.
    pub fn remembering(&self, at: Timestamp) -> Option<String> {
        let at = to_second(at);
        if self.0.contains(&at) {
            return None;
        }
        let mut moments = self.0.clone();
        moments.push(at);
        moments.sort_unstable();
        moments.drain(..moments.len().saturating_sub(KEPT));
        Some(moments.iter().map(Timestamp::to_string).collect::<Vec<_>>().join(" "))
    }
}

/// The flips that count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Flips {
    /// How many.
    pub number: usize,
    /// The last one.
    pub last: Option<Timestamp>,
}

impl Flips {
    /// When the last flip may be corrected.
    pub fn correct_at(&self, contested_after: u8) -> Option<Timestamp> {
        self.last?.checked_add(pause(self.number, contested_after)).ok()
    }
}

/// The pause between the flip of this number (from 1) and its correction.
fn pause(flip: usize, contested_after: u8) -> SignedDuration {
    let Some(beyond) = flip.checked_sub(usize::from(contested_after) + 1) else {
        return SignedDuration::ZERO;
    };
    let doubled = u32::try_from(beyond).ok().and_then(|beyond| 1_i64.checked_shl(beyond.min(60)));
    SignedDuration::from_mins(doubled.unwrap_or(LONGEST_PAUSE).min(LONGEST_PAUSE))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::WhenContested;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn rule(contested_after: u8) -> DriftRule {
        DriftRule { contested_after, window_hours: 24, when_contested: WhenContested::Report }
    }

    #[test]
    fn the_pause_doubles_up_to_45_minutes() {
        let minutes: Vec<i64> = (1..=12).map(|flip| pause(flip, 3).as_mins()).collect();
        assert_eq!(minutes, [0, 0, 0, 1, 2, 4, 8, 16, 32, 45, 45, 45]);
        assert_eq!(pause(usize::MAX, 1).as_mins(), 45);
    }

    #[test]
    fn flips_within_a_pause_do_not_make_it_longer() {
        let moments = Moments(
            ["08:00:00", "08:10:00", "08:10:20", "08:11:00", "08:20:59"]
                .map(|time| at(&format!("2026-11-20T{time}Z")))
                .to_vec(),
        );
        let flips = moments.counted(1);
        assert_eq!((flips.number, flips.last), (2, Some(at("2026-11-20T08:10:00Z"))));
        assert_eq!(flips.correct_at(1), Some(at("2026-11-20T08:11:00Z")));
        let flips = moments.and(Some(at("2026-11-20T08:21:00Z"))).counted(1);
        assert_eq!((flips.number, flips.correct_at(1)), (3, Some(at("2026-11-20T08:23:00Z"))));
    }

    #[test]
    fn a_moment_is_remembered_once_and_forgotten_after_the_window() {
        let rule = rule(3);
        let now = at("2026-11-20T12:00:00Z");
        let mut tags = Tags::new();
        for moment in ["2026-11-19T11:00:00Z", "2026-11-20T10:00:00Z", "2026-11-20T11:00:00Z"] {
            let value = Moments::read(&tags, &rule, now).remembering(at(moment)).unwrap();
            tags.insert(REVERTED_TAG.to_owned(), value);
        }
        let seen = Moments::read(&tags, &rule, now);
        assert_eq!(seen.besides(None), 2, "the one of more than 24 hours ago no longer counts");
        assert_eq!(seen.besides(Some(at("2026-11-20T11:00:00Z"))), 1);
        assert_eq!(seen.remembering(at("2026-11-20T11:00:00Z")), None, "a redelivered event adds nothing");
    }

    #[test]
    fn rubbish_in_the_tag_counts_for_nothing() {
        let rule = rule(3);
        let tags = Tags::from([(REVERTED_TAG.to_owned(), "yes 17 2026-13-01T00:00:00Z".to_owned())]);
        assert_eq!(Moments::read(&tags, &rule, at("2026-11-20T12:00:00Z")), Moments::default());
    }

    #[test]
    fn ten_moments_and_the_contested_one_fit_into_a_tag_value() {
        let rule = rule(10);
        let now = at("2026-11-20T12:00:00Z");
        let mut tags = Tags::new();
        for minute in 0..11 {
            let moment = now - SignedDuration::from_mins(minute);
            if let Some(value) = Moments::read(&tags, &rule, now).remembering(moment) {
                tags.insert(REVERTED_TAG.to_owned(), value);
            }
        }
        let value = tags.get(REVERTED_TAG).unwrap();
        assert_eq!(value.split(' ').count(), 11);
        assert!(value.len() <= 256);
    }
}
