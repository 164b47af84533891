//! Aggregators.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::identity::Place;

/// The aggregators of every account and Region, by name.
#[derive(Debug, Default)]
pub(crate) struct State {
    pub(super) aggregators: BTreeMap<Place, BTreeMap<String, Aggregator>>,
}

/// What an aggregator collects.
#[derive(Debug)]
pub(super) struct Aggregator {
    /// Where a recorder runs.
    pub(super) recorded: Vec<Place>,
    /// The items of the past, if they no longer follow the instances.
    pub(super) frozen: Option<Vec<Value>>,
}
