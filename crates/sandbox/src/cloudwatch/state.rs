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

    /// Notes a metric of a Lightsail instance, which CloudWatch itself does not show.
    pub(crate) fn put_lightsail(
        &mut self,
        place: &Place,
        name: &str,
        metric: &str,
        points: impl IntoIterator<Item = (Timestamp, f64)>,
    ) {
        self.put((place.clone(), metric.to_owned(), lightsail_id(name)), points);
    }

    /// The datapoints of a metric of a Lightsail instance.
    pub(crate) fn lightsail(
        &self,
        place: &Place,
        name: &str,
        metric: &str,
    ) -> impl Iterator<Item = (Timestamp, f64)> {
        let key = (place.clone(), metric.to_owned(), lightsail_id(name));
        self.points.get(&key).into_iter().flatten().map(|(at, value)| (*at, *value))
    }
}

/// No id of an EC2 instance looks like this.
fn lightsail_id(name: &str) -> String {
    format!("lightsail/{name}")
}

pub(super) fn key(account: &str, region: &str, instance: &str, metric: &str) -> Key {
    (Place::new(account, region), metric.to_owned(), instance.to_owned())
}
