//! What IAM knows in every account.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::access::Access;
use crate::error::AwsError;
use crate::identity::{Place, Principal, is_account};

/// Who exists.
#[derive(Debug, Default)]
pub(crate) struct State {
    /// By account and name (with path); the external id a caller must know, if any.
    pub(super) roles: BTreeMap<(String, String), Option<String>>,
    /// By access key.
    pub(crate) sessions: BTreeMap<String, Session>,
    /// By account.
    pub(super) access: BTreeMap<String, Access>,
}

/// A session that `AssumeRole` started.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    pub(crate) principal: Principal,
    pub(crate) expires: Timestamp,
}

impl State {
    pub(crate) fn add_role(&mut self, account: &str, name: &str, external_id: Option<&str>) {
        self.roles.insert((account.to_owned(), name.to_owned()), external_id.map(str::to_owned));
    }

    pub(crate) fn may_assume(&self, account: &str, role: &str, external_id: Option<&str>) -> bool {
        let wanted = self.roles.get(&(account.to_owned(), role.to_owned()));
        wanted.is_some_and(|wanted| wanted.is_none() || wanted.as_deref() == external_id)
    }

    /// Who an access key stands for.
    pub(crate) fn principal(
        &self,
        access_key: &str,
        region: &str,
        home: &str,
        now: Timestamp,
    ) -> Result<Principal, AwsError> {
        if let Some(session) = self.sessions.get(access_key) {
            return if now < session.expires {
                Ok(session.principal.clone())
            } else {
                let message = "The security token included in the request is expired";
                Err(AwsError::client("ExpiredTokenException", message))
            };
        }
        if is_account(access_key) {
            return Ok(Principal::root(&Place::new(access_key, region)));
        }
        Ok(Principal::user(&Place::new(home, region), "sandbox"))
    }
}
