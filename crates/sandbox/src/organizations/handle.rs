//! The organization, for tests.

use super::model::Organization;
use crate::sandbox::Sandbox;

impl Sandbox {
    /// Puts accounts into an organization; there is one at most.
    pub fn set_organization(&self, organization: Organization) {
        self.core().world().organization = Some(organization);
    }
}
