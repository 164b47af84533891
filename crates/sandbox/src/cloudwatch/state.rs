//! The datapoints of metrics.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::identity::Place;

/// A metric of one instance: place, metric, instance id.
pub(super) type Key = (Place, String, String);

/// The datapoints of every account and Region.
#[derive(Debug, Default)]
pub(crate) struct State {
    pub(super) points: BTreeMap<Key, BTreeMap<Timestamp, f64>>,
    /// Metrics that cannot be read.
    pub(super) broken: BTreeSet<Key>,
    /// Datapoints on a page, where that is less than AWS's.
    pub(super) page: Option<usize>,
}

impl State {
    pub(super) fn put(&mut self, key: Key, points: impl IntoIterator<Item = (Timestamp, f64)>) {
        self.points.entry(key).or_default().extend(points);
    }
}

pub(super) fn key(account: &str, region: &str, instance: &str, metric: &str) -> Key {
    (Place::new(account, region), metric.to_owned(), instance.to_owned())
}
