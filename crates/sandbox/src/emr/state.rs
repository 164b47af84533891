//! What EMR has in every account and Region.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::cluster::Cluster;
use crate::identity::Place;

/// The rows on a page of a list.
pub(super) const PAGE: usize = 50;

/// What EMR has in every account and Region.
#[derive(Debug, Default)]
pub(crate) struct State {
    /// By name: the document, and when it was created. A configuration never changes.
    pub(super) configurations: BTreeMap<Place, BTreeMap<String, (String, Timestamp)>>,
    /// By id.
    pub(super) clusters: BTreeMap<Place, BTreeMap<String, Cluster>>,
}
