//! Roles and instance profiles, for tests.

use std::collections::BTreeMap;

use super::access::{Profile, Role, arn};
use crate::identity::Place;
use crate::sandbox::Sandbox;

/// What everybody who launches an instance trusts.
const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;

impl Sandbox {
    /// Registers a role that may be assumed; `external_id` is what its trust policy asks for.
    pub fn add_role(&self, account: &str, name: &str, external_id: Option<&str>) {
        self.core().world().iam.add_role(account, name, external_id);
    }

    /// Removes a role: from now on assuming it is denied. Sessions that exist go on.
    pub fn remove_role(&self, account: &str, name: &str) {
        self.core().world().iam.roles.remove(&(account.to_owned(), name.to_owned()));
    }

    /// Adds an instance profile with a role of the same name, which has these managed policies of AWS. Returns its ARN.
    pub fn add_instance_profile(&self, account: &str, name: &str, managed: &[&str]) -> String {
        let mut world = self.core().world();
        let (role_id, id, created) = (world.ids.unique("AROA"), world.ids.unique("AIPA"), world.clock.now());
        let attached = managed.iter().map(|name| format!("arn:aws:iam::aws:policy/{name}")).collect();
        let (inline, trust) = (BTreeMap::new(), TRUST.to_owned());
        let role = Role { id: role_id, created, trust, inline, attached, boundary: None };
        let access = world.iam.access.entry(account.to_owned()).or_default();
        access.roles.insert(name.to_owned(), role);
        access.profiles.insert(name.to_owned(), Profile { id, created, role: Some(name.to_owned()) });
        arn(&Place::new(account, "us-east-1"), &format!("instance-profile/{name}"))
    }
}
