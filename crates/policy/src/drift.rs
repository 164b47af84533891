//! Contested drift: a resource that somebody flips back to version 1 again and again.
//!
//! There is no database. When we correct a resource that was turned back, the moment it was turned back is
//! added to a tag on that resource; the entry is the event's own time, so that a redelivered event adds
//! nothing. Once the tag holds `contested_after` moments within the window, the next flip is reported and
//! left to people.
//!
//! That next flip is remembered as well, and no further one. So a look that brings no word of a flip (the
//! sweep, or a notebook's next state) can tell a flip that is still to be corrected from a contested one:
//! the last moment in the tag is that of the flip it finds, and only those before it have been corrected.

use jiff::{SignedDuration, Timestamp};

use crate::Tags;
use crate::settings::DriftRule;

/// Tag that remembers when version 1 was turned back on.
pub const REVERTED_TAG: &str = "v2only:reverted";

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

    /// The tag value that remembers `at` too; `None` if it is remembered already.
    pub fn remembering(&self, at: Timestamp) -> Option<String> {
        let at = to_second(at);
        if self.0.contains(&at) {
            return None;
        }
        let mut moments = self.0.clone();
        moments.push(at);
        moments.sort_unstable();
        Some(moments.iter().map(Timestamp::to_string).collect::<Vec<_>>().join(" "))
    }
}

/// Event times have whole seconds; so have the moments in the tag.
pub fn to_second(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second()).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_moment_is_remembered_once_and_forgotten_after_the_window() {
        let rule = DriftRule { contested_after: 3, window_hours: 24 };
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
        let rule = DriftRule { contested_after: 3, window_hours: 24 };
        let tags = Tags::from([(REVERTED_TAG.to_owned(), "yes 17 2026-13-01T00:00:00Z".to_owned())]);
        assert_eq!(Moments::read(&tags, &rule, at("2026-11-20T12:00:00Z")), Moments::default());
    }

    #[test]
    fn ten_moments_and_the_contested_one_fit_into_a_tag_value() {
        let rule = DriftRule { contested_after: 10, window_hours: 24 };
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
