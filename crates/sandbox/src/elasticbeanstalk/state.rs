//! What Elastic Beanstalk has in every account and Region.

use std::collections::{BTreeMap, BTreeSet};

use super::environment::Environment;
use crate::identity::Place;

/// What Elastic Beanstalk has in every account and Region.
#[derive(Debug, Default)]
pub(crate) struct State {
    pub(super) applications: BTreeSet<(Place, String)>,
    /// By id.
    pub(super) environments: BTreeMap<Place, BTreeMap<String, Environment>>,
}
