//! The findings of `scan` and `enforce`. Published: fields are only ever added.

use std::collections::BTreeMap;

use serde::Serialize;
use v2only_enforcer::{Failure, Outcome};
use v2only_policy::cause::{Launched, RootCause};
use v2only_policy::exemption::InForce;
use v2only_policy::{Hold, ImageId, Instance, Place, Plan, Verdict};

use super::launched_by_v1::LaunchedByV1;
use super::posture_v1::PostureV1;
use crate::report::item::Item;
use crate::report::totals::Totals;
use crate::run::profiles::Rights;

#[derive(Debug, Serialize)]
pub(crate) struct PlaceV1<'a> {
    account: &'a str,
    region: &'a str,
}

impl<'a> From<&'a Place> for PlaceV1<'a> {
    fn from(it: &'a Place) -> Self {
        Self { account: it.account.as_str(), region: it.region.as_str() }
    }
}

#[derive(Debug, Serialize)]
pub(crate) struct IncompleteV1<'a> {
    #[serde(flatten)]
    place: PlaceV1<'a>,
    #[serde(flatten)]
    failure: FailureV1<'a>,
}

impl<'a> IncompleteV1<'a> {
    pub(crate) fn new(place: &'a Place, failure: &'a Failure) -> Self {
        Self { place: place.into(), failure: failure.into() }
    }
}

#[derive(Debug, Serialize)]
struct FailureV1<'a> {
    error: &'static str,
    action: &'a str,
    code: Option<&'a str>,
    message: &'a str,
    request_id: Option<&'a str>,
}

impl<'a> From<&'a Failure> for FailureV1<'a> {
    fn from(it: &'a Failure) -> Self {
        Self {
            error: it.kind.code(),
            action: &it.action,
            code: it.code.as_deref(),
            message: &it.message,
            request_id: it.request_id.as_deref(),
        }
    }
}

/// One resource.
#[derive(Debug, Serialize)]
pub(crate) struct FindingV1<'a> {
    account: &'a str,
    region: &'a str,
    kind: &'static str,
    id: String,
    verdict: Option<&'static str>,
    rules: Vec<&'static str>,
    reasons: Vec<String>,
    notes: Vec<&'static str>,
    plan: Option<&'static str>,
    hold: Option<&'static str>,
    step: Option<String>,
    outcome: &'static str,
    before: Option<PostureV1>,
    after: Option<PostureV1>,
    request_id: Option<&'a str>,
    /// Why it was not judged.
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<FailureV1<'a>>,
    /// Who set the options of a violating instance.
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<CauseV1<'a>>,
    /// Who launched it, if that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    launched_by: Option<LaunchedByV1<'a>>,
    /// What people call it.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    /// What excuses it.
    #[serde(skip_serializing_if = "Option::is_none")]
    exemption: Option<ExemptionV1<'a>>,
    /// How easily the credentials of an instance are reached, and what they are good for.
    #[serde(skip_serializing_if = "Option::is_none")]
    exposure: Option<ExposureV1<'a>>,
}

/// `administrator` says whether the role of the instance profile is one; `null` where that was not read.
#[derive(Debug, Serialize)]
struct ExposureV1<'a> {
    public_address: bool,
    instance_profile: Option<&'a str>,
    administrator: Option<bool>,
    /// The name of the policy that makes the role an administrator.
    #[serde(skip_serializing_if = "Option::is_none")]
    administrator_policy: Option<&'a str>,
}

impl<'a> ExposureV1<'a> {
    fn of(item: &Item<'a>) -> Option<Self> {
        let Instance { public_address, profile, .. } = item.judged?.instance()?;
        let policy = match item.rights {
            Some(Rights::Administrator { policy }) => Some(policy.as_str()),
            Some(Rights::Limited) | None => None,
        };
        let known = item.rights.is_some() || profile.is_none();
        Some(Self {
            public_address: *public_address,
            instance_profile: profile.as_deref(),
            administrator: known.then_some(policy.is_some()),
            administrator_policy: policy,
        })
    }
}

/// An exemption in force; `until` is its last day, and `origin` is `tag` or the entry of the policy document.
#[derive(Debug, Serialize)]
struct ExemptionV1<'a> {
    origin: String,
    reason: &'a str,
    owner: Option<&'a str>,
    until: String,
}

impl<'a> From<&'a InForce> for ExemptionV1<'a> {
    fn from(it: &'a InForce) -> Self {
        Self {
            origin: it.origin.to_string(),
            reason: &it.reason,
            owner: it.owner.as_deref(),
            until: it.until.to_string(),
        }
    }
}

/// A root cause. `http_tokens` and `hop_limit` say who set the option: `source` (the template version or launch
/// configuration), `account-default`, `image`, `nobody`, `elsewhere` or `unknown`.
#[derive(Debug, Serialize)]
struct CauseV1<'a> {
    launch_template: Option<&'a str>,
    launch_template_version: Option<u64>,
    launch_configuration: Option<&'a str>,
    auto_scaling_group: Option<&'a str>,
    image: Option<&'a str>,
    http_tokens: &'static str,
    hop_limit: &'static str,
    words: String,
    /// How to fix the source; `null` where that is not known.
    remedy: Option<String>,
}

impl<'a> From<&'a RootCause> for CauseV1<'a> {
    fn from(it: &'a RootCause) -> Self {
        let (template, version, configuration) = match &it.from {
            Launched::Template(id, version) => (Some(id.as_str()), Some(*version), None),
            Launched::Configuration(name) => (None, None, Some(name.as_str())),
            Launched::Directly => (None, None, None),
        };
        Self {
            launch_template: template,
            launch_template_version: version,
            launch_configuration: configuration,
            auto_scaling_group: it.group.as_deref(),
            image: it.image.as_ref().map(ImageId::as_str),
            http_tokens: it.http_tokens.code(),
            hop_limit: it.hop_limit.code(),
            words: it.words(),
            remedy: it.remedy(),
        }
    }
}

impl<'a> FindingV1<'a> {
    /// The published shape of a record, with what set its options if that was traced, and what excuses it.
    pub(crate) fn of(item: &Item<'a>) -> Self {
        let it = item.record;
        Self {
            cause: item.cause.map(Into::into),
            name: item.name(),
            exemption: item.exemption().map(Into::into),
            exposure: ExposureV1::of(item),
            launched_by: item.launcher.map(Into::into),
            account: it.place.account.as_str(),
            region: it.place.region.as_str(),
            kind: it.resource.kind(),
            id: it.resource.to_string(),
            verdict: it.verdict().map(Verdict::code),
            rules: it.rules(),
            reasons: it.reasons(),
            notes: it.notes(),
            plan: it.plan().map(Plan::code),
            hold: it.hold().map(Hold::code),
            step: it.step().map(ToString::to_string),
            outcome: item.outcome(),
            before: it.before.as_ref().map(Into::into),
            after: it.after.as_ref().map(Into::into),
            request_id: it.request_id.as_deref(),
            why: match &it.outcome {
                Outcome::NotJudged(why) => Some(why),
                _ => None,
            },
            failure: match &it.outcome {
                Outcome::Failed(failure) => Some(failure.into()),
                _ => None,
            },
        }
    }
}

#[derive(Debug, Serialize)]
pub(crate) struct TotalsV1<'a> {
    violations: usize,
    exempt: usize,
    would_change: usize,
    held: &'a BTreeMap<&'static str, usize>,
    waiting: usize,
    fixed: usize,
    advanced: usize,
    failed: usize,
    remaining: usize,
}

impl<'a> From<&'a Totals> for TotalsV1<'a> {
    fn from(it: &'a Totals) -> Self {
        Self {
            violations: it.violations,
            exempt: it.exempt,
            would_change: it.would_change,
            held: &it.held,
            waiting: it.waiting,
            fixed: it.fixed,
            advanced: it.advanced,
            failed: it.failed,
            remaining: it.remaining,
        }
    }
}
