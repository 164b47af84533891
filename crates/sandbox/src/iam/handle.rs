//! Roles, for tests.

use crate::sandbox::Sandbox;

impl Sandbox {
    /// Registers a role that may be assumed; `external_id` is what its trust policy asks for.
    pub fn add_role(&self, account: &str, name: &str, external_id: Option<&str>) {
        self.core().world().iam.add_role(account, name, external_id);
    }

    /// Removes a role: from now on assuming it is denied. Sessions that exist go on.
    pub fn remove_role(&self, account: &str, name: &str) {
        self.core().world().iam.roles.remove(&(account.to_owned(), name.to_owned()));
    }
}
