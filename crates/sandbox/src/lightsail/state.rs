//! The instances of every account and Region.

use std::collections::BTreeMap;

use super::instance::Instance;
use crate::error::AwsError;
use crate::identity::Place;

/// The instances on a page of `GetInstances`. AWS lets nobody choose, and documents no number.
pub(super) const PAGE: usize = 20;

/// Every instance, by account and Region and by name.
#[derive(Debug, Default)]
pub(crate) struct State {
    pub(super) instances: BTreeMap<Place, BTreeMap<String, Instance>>,
}

impl State {
    pub(super) fn find(&mut self, place: &Place, name: &str) -> Result<&mut Instance, AwsError> {
        let found = self.instances.get_mut(place).and_then(|instances| instances.get_mut(name));
        found.ok_or_else(|| {
            AwsError::client("NotFoundException", format!("The Instance does not exist: {name}"))
                .with_status(404)
        })
    }
}
