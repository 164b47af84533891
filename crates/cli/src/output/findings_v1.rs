//! The findings of `scan` and `enforce`. Published: fields are only ever added.

use std::collections::BTreeMap;
use std::io::{self, Write};

use jiff::Timestamp;
use serde::Serialize;
use v2only_enforcer::launchers::Launcher;
use v2only_enforcer::{Failure, Outcome};
use v2only_policy::cause::{Launched, RootCause};
use v2only_policy::exemption::InForce;
use v2only_policy::{Hold, ImageId, Place, Plan, Verdict};

use super::exemptions_v1::ExemptionToldV1;
use super::items::Item;
use super::launched_by_v1::LaunchedByV1;
use super::listed::Listed;
use super::posture_v1::PostureV1;
use super::rollout_v1::RolloutV1;
use super::summary::{Looked, Totals};
use crate::estate::Findings;
use crate::exemptions::Told;
use crate::survey::Seen;

/// The name of the shape.
const SCHEMA: &str = "v2only.findings.v1";

/// A whole run.
#[derive(Debug, Serialize)]
pub(crate) struct FindingsV1<'a> {
    schema: &'static str,
    command: &'static str,
    time: String,
    exit_code: u8,
    places: Vec<PlaceV1<'a>>,
    findings: Listed<'a>,
    totals: TotalsV1<'a>,
    incomplete: Vec<IncompleteV1<'a>>,
    /// Where evidence of version-1 use could not be read, which keeps the usage gate shut and nothing else.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    usage_unread: Vec<IncompleteV1<'a>>,
    /// Where CloudTrail could not be asked who launched what.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    launched_by_unread: Vec<IncompleteV1<'a>>,
    /// Exemptions that are over, end soon or excuse nothing, and those of which that cannot be judged.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    exemptions: Vec<ExemptionToldV1<'a>>,
    api_calls: &'a BTreeMap<&'static str, u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    journal: Option<String>,
    /// The waves, where there were bounds to hold them.
    #[serde(skip_serializing_if = "Option::is_none")]
    rollout: Option<RolloutV1>,
}

/// What a run brought to light, before it is given its published shape.
pub(crate) struct Run<'a> {
    pub(crate) command: &'static str,
    pub(crate) now: Timestamp,
    pub(crate) exit: crate::Exit,
    pub(crate) places: &'a [Looked<'a>],
    pub(crate) findings: Findings<'a>,
    pub(crate) totals: &'a Totals,
    pub(crate) calls: &'a BTreeMap<&'static str, u64>,
    pub(crate) journal: Option<String>,
    pub(crate) rollout: Option<RolloutV1>,
    pub(crate) exemptions: &'a [Told],
}

impl<'a> From<Run<'a>> for FindingsV1<'a> {
    fn from(run: Run<'a>) -> Self {
        let broken = run.places.iter().filter_map(|(place, failure)| Some((*place, (*failure)?)));
        let seen = run.findings.estate.seen.as_slice();
        Self {
            schema: SCHEMA,
            command: run.command,
            time: run.now.to_string(),
            exit_code: run.exit.code(),
            places: run.places.iter().map(|(place, _)| (*place).into()).collect(),
            findings: Listed(run.findings),
            totals: run.totals.into(),
            incomplete: broken.map(|(place, failure)| IncompleteV1::new(place, failure)).collect(),
            usage_unread: seen
                .iter()
                .filter_map(|it| Some(IncompleteV1::new(&it.place, it.usage_unread.as_ref()?)))
                .collect(),
            launched_by_unread: seen.iter().filter_map(unread_launchers).collect(),
            exemptions: run.exemptions.iter().map(Into::into).collect(),
            api_calls: run.calls,
            journal: run.journal,
            rollout: run.rollout,
        }
    }
}

/// The same shape, written as findings come, so that none is kept. What is only known at the end comes last.
pub(crate) struct Stream<'a> {
    out: &'a mut dyn Write,
    any: bool,
}

#[derive(Serialize)]
struct HeadV1<'a> {
    schema: &'static str,
    command: &'static str,
    time: String,
    places: Vec<PlaceV1<'a>>,
}

#[derive(Serialize)]
struct TailV1<'a> {
    totals: TotalsV1<'a>,
    incomplete: Vec<IncompleteV1<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    usage_unread: Vec<IncompleteV1<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    exemptions: Vec<ExemptionToldV1<'a>>,
    api_calls: &'a BTreeMap<&'static str, u64>,
    exit_code: u8,
}

impl<'a> Stream<'a> {
    /// Begins the document.
    pub(crate) fn begin<'p>(
        out: &'a mut dyn Write,
        command: &'static str,
        now: Timestamp,
        places: impl IntoIterator<Item = &'p Place>,
    ) -> io::Result<Self> {
        let places = places.into_iter().map(Into::into).collect();
        let head = HeadV1 { schema: SCHEMA, command, time: now.to_string(), places };
        let text = serde_json::to_string_pretty(&head)?;
        write!(out, "{},\n  \"findings\": [", text.trim_end_matches(['}', '\n']))?;
        Ok(Self { out, any: false })
    }

    /// Writes one finding.
    pub(crate) fn finding(&mut self, it: &Item<'_>) -> io::Result<()> {
        let text = serde_json::to_string_pretty(&FindingV1::of(it))?;
        let comma = if self.any { "," } else { "" };
        self.any = true;
        // No line end is inside of a string: JSON escapes them there.
        write!(self.out, "{comma}\n    {}", text.replace('\n', "\n    "))
    }

    /// Ends the document.
    pub(crate) fn end(
        self,
        totals: &Totals,
        (seen, exemptions): (&[Seen], &[Told]),
        calls: &BTreeMap<&'static str, u64>,
        exit: crate::Exit,
    ) -> io::Result<()> {
        let broken = seen.iter().filter_map(|it| Some((&it.place, it.failure.as_ref()?)));
        let unread = seen.iter().filter_map(|it| Some((&it.place, it.usage_unread.as_ref()?)));
        let tail = TailV1 {
            totals: totals.into(),
            incomplete: broken.map(|(place, it)| IncompleteV1::new(place, it)).collect(),
            usage_unread: unread.map(|(place, it)| IncompleteV1::new(place, it)).collect(),
            exemptions: exemptions.iter().map(Into::into).collect(),
            api_calls: calls,
            exit_code: exit.code(),
        };
        let text = serde_json::to_string_pretty(&tail)?;
        let end = if self.any { "\n  ]" } else { "]" };
        writeln!(self.out, "{end},\n{}", text.trim_start_matches(['{', '\n']))
    }
}

/// The first reason for which it could not be read who launched what at one place.
fn unread_launchers(seen: &Seen) -> Option<IncompleteV1<'_>> {
    let failure = seen.launchers.values().find_map(|it| match it {
        Launcher::Unread(failure) => Some(failure),
        _ => None,
    })?;
    Some(IncompleteV1::new(&seen.place, failure))
}

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
    /// What mends the source; `null` where that is not known.
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
            outcome: it.outcome.code(),
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
