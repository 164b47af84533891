//! Deploying functions to a sandbox.

use jiff::Timestamp;

use super::config::FunctionConfig;
use super::host::FunctionHost;
use crate::iam::Session;
use crate::identity::{Place, Principal};
use crate::sandbox::Sandbox;

impl Sandbox {
    /// Deploys a function that lives as long as this AWS and calls it: the endpoint and the
    /// credentials of a role session of its own are in its environment, unless the configuration
    /// says otherwise. CloudTrail names it `assumed-role/<name>-role/<name>`.
    pub fn deploy(&self, mut config: FunctionConfig) -> FunctionHost {
        let place = Place::new(config.account.as_str(), config.region.as_str());
        let access_key = {
            let mut world = self.core().world();
            let now = world.now();
            let principal = Principal::session(&place, &format!("{}-role", config.name), &config.name, now);
            let access_key = world.ids.unique("ASIA");
            world.iam.sessions.insert(access_key.clone(), Session { principal, expires: Timestamp::MAX });
            access_key
        };
        for (name, value) in [("AWS_ENDPOINT_URL", self.endpoint()), ("AWS_ACCESS_KEY_ID", access_key)] {
            config.variables.entry(name.to_owned()).or_insert(value);
        }
        let host = FunctionHost::on(Some(self.runtime().clone()), config);
        self.core().world().lambda.functions.push(host.clone());
        host
    }

    /// The functions deployed so far.
    pub fn functions(&self) -> Vec<FunctionHost> {
        self.core().world().lambda.functions.clone()
    }
}
