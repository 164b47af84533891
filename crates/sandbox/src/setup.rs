//! What a command line asks of a sandbox: settings, an organization, and roles to assume in its members.

use crate::clock::ClockMode;
use crate::config::Config;
use crate::error::StartError;
use crate::organizations::{MemberAccount, Organization};
use crate::sandbox::Sandbox;

/// The secret access key for clients. Signatures are not verified, so any other one works as well.
pub const SECRET_ACCESS_KEY: &str = "sandbox";

/// A sandbox to start for a client in another process.
#[derive(Debug, Clone)]
pub struct Setup {
    /// The settings. The clock is the system's, unless they say otherwise.
    pub config: Config,
    /// The account ids of an organization, which the home account manages. Without one there is no organization.
    pub members: Vec<String>,
    /// Roles in each member account that the home account may assume.
    pub member_roles: Vec<String>,
}

impl Default for Setup {
    fn default() -> Self {
        let config = Config { clock: ClockMode::System, ..Config::default() };
        Self { config, members: Vec::new(), member_roles: Vec::new() }
    }
}

impl Setup {
    /// Starts it.
    ///
    /// # Errors
    /// Like [`Sandbox::start`].
    pub fn start(self) -> Result<Sandbox, StartError> {
        let home = self.config.home_account.clone();
        let aws = Sandbox::start(self.config)?;
        if !self.members.is_empty() {
            let organization = Organization::managed_by(&home);
            let organization = self
                .members
                .iter()
                .fold(organization, |it, member| it.account(MemberAccount::new(member, member)));
            aws.set_organization(organization);
        }
        for member in &self.members {
            for role in &self.member_roles {
                aws.add_role(member, role, None);
            }
        }
        Ok(aws)
    }
}
