//! Which calls a fault or an action of somebody else is about.

use crate::call::Call;

/// Calls by service, operation, account and Region; what is not set matches every call.
///
/// ```
/// use v2only_sandbox::CallFilter;
///
/// let filter = CallFilter::of("ec2", "ModifyLaunchTemplate").in_account("111122223333");
/// # let _ = filter;
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CallFilter {
    pub(crate) service: Option<String>,
    pub(crate) action: Option<String>,
    pub(crate) account: Option<String>,
    pub(crate) region: Option<String>,
}

impl CallFilter {
    /// The calls of one operation.
    pub fn of(service: &str, action: &str) -> Self {
        Self { service: Some(service.to_owned()), action: Some(action.to_owned()), ..Self::default() }
    }

    /// Only calls in this account.
    #[must_use]
    pub fn in_account(mut self, account: &str) -> Self {
        self.account = Some(account.to_owned());
        self
    }

    /// Only calls in this Region.
    #[must_use]
    pub fn in_region(mut self, region: &str) -> Self {
        self.region = Some(region.to_owned());
        self
    }

    pub(crate) fn matches(&self, call: &Call) -> bool {
        let equal = |wanted: &Option<String>, actual: &str| wanted.as_deref().is_none_or(|it| it == actual);
        equal(&self.service, &call.service)
            && equal(&self.action, &call.action)
            && equal(&self.account, &call.place.account)
            && equal(&self.region, &call.place.region)
    }
}
