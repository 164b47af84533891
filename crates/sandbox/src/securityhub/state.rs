//! The findings of every account and Region.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::identity::Place;

/// A finding is known by its product and its id.
pub(super) type Key = (String, String);

/// The findings of every account and Region.
#[derive(Debug, Default)]
pub(crate) struct State {
    pub(super) places: BTreeMap<Place, BTreeMap<Key, Value>>,
}
