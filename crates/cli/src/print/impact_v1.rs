//! The JSON of `policies impact`. Published: fields are only ever added.

use serde::Serialize;
use v2only_guardrails::check::Attachment;
use v2only_guardrails::check::impact::{Affected, AffectedKey};
use v2only_guardrails::check::recorded::NoCall;

use crate::print::impact::PolicyImpact;
use crate::report::findings_v1::{IncompleteV1, PlaceV1};
use crate::report::totals::LocationResult;
use crate::term::exit::Exit;

/// What each policy would have done.
#[derive(Debug, Serialize)]
pub(crate) struct ImpactV1<'a> {
    schema: &'static str,
    exit_code: u8,
    /// Records that could not be read.
    unreadable: usize,
    /// Statements about more actions than `--from-trail` looks up.
    not_looked_up: &'a [String],
    /// The accounts and Regions whose calls were looked up.
    places: Vec<PlaceV1<'a>>,
    incomplete: Vec<IncompleteV1<'a>>,
    policies: Vec<PolicyImpactV1<'a>>,
}

/// What one policy would have done.
#[derive(Debug, Serialize)]
struct PolicyImpactV1<'a> {
    file: &'a str,
    attachment: &'static str,
    calls: u64,
    denied: u64,
    /// Calls whose records do not tell.
    not_told: u64,
    unchanged: u64,
    /// Calls of services and service-linked roles.
    not_bound: u64,
    /// Records of calls that AWS refused already.
    failed_already: u64,
    affected: Vec<AffectedV1<'a>>,
}

/// The calls of one principal to one action.
#[derive(Debug, Serialize)]
struct AffectedV1<'a> {
    account: &'a str,
    principal: &'a str,
    action: &'a str,
    denied: u64,
    by: Vec<&'a str>,
    not_told: u64,
    missing_keys: Vec<&'a str>,
    last_time: &'a str,
    last_event_id: &'a str,
}

impl<'a> ImpactV1<'a> {
    pub(crate) fn new(
        exit: Exit,
        unreadable: usize,
        all: &'a [PolicyImpact],
        (not_looked_up, places): (&'a [String], &[LocationResult<'a>]),
    ) -> Self {
        let broken = places.iter().filter_map(|(place, failure)| Some((*place, (*failure)?)));
        Self {
            schema: "v2only.policy-impact.v1",
            exit_code: exit.code(),
            unreadable,
            not_looked_up,
            places: places.iter().map(|(place, _)| (*place).into()).collect(),
            incomplete: broken.map(|(place, failure)| IncompleteV1::new(place, failure)).collect(),
            policies: all.iter().map(policy).collect(),
        }
    }
}

fn policy(it: &PolicyImpact) -> PolicyImpactV1<'_> {
    let impact = &it.impact;
    PolicyImpactV1 {
        file: &it.file,
        attachment: match it.attachment {
            Attachment::Scp => "scp",
            Attachment::Rcp => "rcp",
            Attachment::Identity => "identity",
        },
        calls: impact.calls,
        denied: impact.denied(),
        not_told: impact.untold(),
        unchanged: impact.unchanged,
        not_bound: impact.not_bound,
        failed_already: impact.left_out.get(&NoCall::Failed).copied().unwrap_or_default(),
        affected: impact.affected.iter().map(affected).collect(),
    }
}

fn affected<'a>((key, it): (&'a AffectedKey, &'a Affected)) -> AffectedV1<'a> {
    AffectedV1 {
        account: &key.account,
        principal: &key.principal,
        action: &key.action,
        denied: it.denied,
        by: it.by.iter().map(String::as_str).collect(),
        not_told: it.untold,
        missing_keys: it.missing.iter().map(String::as_str).collect(),
        last_time: &it.last,
        last_event_id: &it.last_id,
    }
}
