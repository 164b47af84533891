//! What is kept for as long as the process lives, and for a quarter of an hour.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

/// A map of values that are built once per key, such as the clients of an account and Region.
#[derive(Debug)]
pub(crate) struct Memo<K, V>(Mutex<HashMap<K, V>>);

impl<K, V> Default for Memo<K, V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: std::hash::Hash + Eq + Clone, V: Clone> Memo<K, V> {
    pub(crate) fn get(&self, key: &K) -> Option<V> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
    }

    pub(crate) fn keep(&self, key: &K, value: V) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key.clone(), value);
    }

    pub(super) fn take(&self, key: &K) -> Option<V> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(key)
    }

    pub(super) fn forget(&self, which: impl Fn(&K) -> bool) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).retain(|it, _| !which(it));
    }
}

/// For how long an answer of AWS Organizations counts.
const ORGANIZATION_ANSWER_LIFETIME: SignedDuration = SignedDuration::from_mins(15);

/// Answers of AWS Organizations, each with the time at which AWS gave it.
#[derive(Debug)]
pub(crate) struct Expiring<K, V>(Memo<K, (Timestamp, V)>);

impl<K, V> Default for Expiring<K, V> {
    fn default() -> Self {
        Self(Memo::default())
    }
}

impl<K: std::hash::Hash + Eq + Clone, V: Clone> Expiring<K, V> {
    /// The answer, unless it is older than [`ORGANIZATION_ANSWER_LIFETIME`], or from the future of a clock
    /// that was set back.
    pub(crate) fn get(&self, key: &K, now: Timestamp) -> Option<V> {
        let (since, value) = self.0.get(key)?;
        let age = now.duration_since(since);
        (!age.is_negative() && age <= ORGANIZATION_ANSWER_LIFETIME).then_some(value)
    }

    pub(crate) fn keep(&self, key: &K, value: V, now: Timestamp) {
        self.0.keep(key, (now, value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_of_the_organization_counts_for_fifteen_minutes() {
        let kept = Expiring::default();
        let start = Timestamp::UNIX_EPOCH;
        let after = |minutes| start + SignedDuration::from_mins(minutes);
        kept.keep(&1, "member", start);
        assert_eq!(kept.get(&1, start), Some("member"));
        assert_eq!(kept.get(&1, after(15)), Some("member"));
        assert_eq!(kept.get(&1, after(16)), None);
        assert_eq!(kept.get(&2, start), None);
        // A clock that was set back makes no answer live longer.
        assert_eq!(kept.get(&1, start - SignedDuration::from_secs(1)), None);
        kept.keep(&1, "member", after(16));
        assert_eq!(kept.get(&1, after(20)), Some("member"));
    }
}
