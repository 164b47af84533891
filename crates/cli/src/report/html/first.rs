//! The first of many, by some order, without keeping the others.

use std::collections::BTreeMap;

/// How many rows a table has at most. A page with more would be no use to anybody; how many are left out is said.
const ROWS: usize = 500;

/// At most [`ROWS`] values, those with the smallest keys; of equal keys those that came first.
pub(super) struct First<K, V> {
    kept: BTreeMap<(K, usize), V>,
    /// How many there were.
    pub(super) number: usize,
}

impl<K: Ord, V> Default for First<K, V> {
    fn default() -> Self {
        Self { kept: BTreeMap::new(), number: 0 }
    }
}

impl<K: Ord, V> First<K, V> {
    pub(super) fn add(&mut self, key: K, value: V) {
        self.kept.insert((key, self.number), value);
        self.number += 1;
        if self.kept.len() > ROWS {
            self.kept.pop_last();
        }
    }

    /// The values in order, and how many are left out.
    pub(super) fn rows(self) -> Rows<V> {
        let left_out = self.number - self.kept.len();
        Rows { rows: self.kept.into_values().collect(), left_out }
    }
}

/// The rows of a table, and how many more there would be.
pub(super) struct Rows<T> {
    pub(super) rows: Vec<T>,
    pub(super) left_out: usize,
}

impl<T> Rows<T> {
    /// The first of all of these.
    pub(super) fn of(mut rows: Vec<T>) -> Self {
        let left_out = rows.len().saturating_sub(ROWS);
        rows.truncate(ROWS);
        Self { rows, left_out }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub(super) const fn len(&self) -> usize {
        self.rows.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_with_the_smallest_keys_are_kept_and_the_others_counted() {
        let mut first = First::default();
        for it in (0..ROWS + 3).rev() {
            first.add(it / 2, it);
        }
        let rows = first.rows();
        assert_eq!((rows.len(), rows.left_out), (ROWS, 3));
        assert_eq!(rows.rows.get(..4), Some(&[1, 0, 3, 2][..]), "of the same key that which came first");
    }
}
