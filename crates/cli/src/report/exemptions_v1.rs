//! Exemptions that need attention. Published: fields are only ever added.

use serde::Serialize;
use v2only_policy::review::{Due, Standing};

use crate::run::exemptions::ExemptionReport;

/// `state` is `expired`, `expires`, `stale`, or `unjudged`, and `because` then says why. `days` are those since its last
/// day, or until then. An exemption by tags has `account` and `region`.
#[derive(Debug, Serialize)]
pub(crate) struct ExemptionToldV1<'a> {
    exemption: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<&'a str>,
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    days: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    because: Option<String>,
    until: String,
    reason: Option<&'a str>,
    owner: Option<&'a str>,
}

impl<'a> From<&'a ExemptionReport> for ExemptionToldV1<'a> {
    fn from(it: &'a ExemptionReport) -> Self {
        let (state, days, because) = match &it.standing {
            Standing::Due(due @ (Due::Expired { days } | Due::Expires { days })) => {
                (due.code(), Some(*days), None)
            }
            Standing::Due(due @ Due::Stale) => (due.code(), None, None),
            Standing::Unjudged(blind) => ("unjudged", None, Some(blind.to_string())),
        };
        Self {
            exemption: &it.exemption,
            account: it.place.as_ref().map(|it| it.account.as_str()),
            region: it.place.as_ref().map(|it| it.region.as_str()),
            state,
            days,
            because,
            until: it.until.to_string(),
            reason: it.reason.as_deref(),
            owner: it.owner.as_deref(),
        }
    }
}
