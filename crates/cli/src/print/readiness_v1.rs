//! What `readiness` found. Published: fields are only ever added.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use v2only_enforcer::Failure;
use v2only_enforcer::readiness::{By, Failing, Readiness, RollUp, State};
use v2only_policy::Place;

use super::readiness::source_words;
use crate::report::findings_v1::{IncompleteV1, PlaceV1};
use crate::run::absent::Absent;

/// The name of the shape.
const SCHEMA: &str = "v2only.readiness.v1";

/// What a run brought to light, before it is given its published shape.
pub(crate) struct ReadinessRun<'a> {
    pub(crate) now: Timestamp,
    pub(crate) exit: crate::term::exit::Exit,
    pub(crate) places: &'a [(&'a Place, Option<&'a Failure>)],
    pub(crate) tag: Option<&'a str>,
    pub(crate) instances: &'a [(&'a Place, &'a Readiness)],
    pub(crate) roll_ups: &'a [RollUp],
    pub(crate) failing: &'a [(&'a Place, &'a Failing)],
    pub(crate) calls: &'a BTreeMap<&'static str, u64>,
    /// What `--only` names and none of the accounts and Regions has.
    pub(crate) absent: &'a [Absent],
}

/// A complete run.
#[derive(Debug, Serialize)]
pub(crate) struct ReadinessV1<'a> {
    schema: &'static str,
    time: String,
    exit_code: u8,
    places: Vec<PlaceV1<'a>>,
    pub(crate) instances: Vec<InstanceV1<'a>>,
    roll_ups: Vec<RollUpV1<'a>>,
    if_enforced: IfEnforcedV1<'a>,
    totals: StatesV1,
    incomplete: Vec<IncompleteV1<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    not_found: Vec<&'a str>,
    api_calls: &'a BTreeMap<&'static str, u64>,
}

/// An instance whose metadata service answers. `state` is `busy`, `unknown`, `ready` or `required`.
#[derive(Debug, Serialize)]
pub(crate) struct InstanceV1<'a> {
    account: &'a str,
    region: &'a str,
    id: &'a str,
    state: &'static str,
    metadata_no_token: u64,
    metadata_no_token_rejected: u64,
    /// Recorded calls of the window with credentials that IMDSv1 delivered, where `--trail-files` names records.
    calls_with_v1_credentials: u64,
    /// Whole days of the window with data of `MetadataNoToken`.
    days_with_data: u16,
    window_days: u16,
    /// Whether CloudWatch gave all of its data.
    complete: bool,
    auto_scaling_group: Option<&'a str>,
    launch_template: Option<&'a str>,
    /// The value of the tag that `--tag` names.
    tag: Option<&'a str>,
    /// The last start (`LaunchTime`), null where AWS did not describe it.
    last_start: Option<String>,
    /// Whether the calls of that start are in the window.
    started_in_window: bool,
    /// Whether a start in the window is all that keeps it from `ready`.
    wants_restart: bool,
}

/// Instances that belong together; `by` is `auto-scaling-group`, `launch-template` or `tag`, and `value` is null for
/// those that have none.
#[derive(Debug, Serialize)]
struct RollUpV1<'a> {
    account: &'a str,
    region: &'a str,
    by: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a str>,
    value: Option<&'a str>,
    /// The worst among them.
    state: &'static str,
    #[serde(flatten)]
    states: StatesV1,
    metadata_no_token: u64,
    metadata_no_token_rejected: u64,
}

#[derive(Debug, Default, Serialize)]
struct StatesV1 {
    busy: usize,
    unknown: usize,
    ready: usize,
    required: usize,
}

/// What would fail if `HttpTokensEnforced` were on today.
#[derive(Debug, Serialize)]
struct IfEnforcedV1<'a> {
    /// Whose replacements could not use version 1, which they use.
    busy_instances: Vec<&'a str>,
    /// Instances for which that is not known.
    unknown_instances: Vec<&'a str>,
    /// Whose launches would fail.
    sources: Vec<SourceV1<'a>>,
}

/// `kind` is `account-default`, `launch-template` or `launch-configuration`; or the kind of a group or fleet whose
/// launch template was not described.
#[derive(Debug, Serialize)]
struct SourceV1<'a> {
    account: &'a str,
    region: &'a str,
    kind: &'static str,
    id: String,
    auto_scaling_groups: Vec<&'a str>,
    words: String,
}

impl<'a> From<ReadinessRun<'a>> for ReadinessV1<'a> {
    fn from(run: ReadinessRun<'a>) -> Self {
        let of = |state: State| {
            let ids = run.instances.iter().filter(move |(_, it)| it.state == state);
            ids.map(|(_, it)| it.instance.id.as_str()).collect::<Vec<_>>()
        };
        let broken = run.places.iter().filter_map(|(place, failure)| Some((*place, (*failure)?)));
        Self {
            schema: SCHEMA,
            time: run.now.to_string(),
            exit_code: run.exit.code(),
            places: run.places.iter().map(|(place, _)| (*place).into()).collect(),
            instances: run.instances.iter().map(|(place, it)| instance(place, it, run.tag)).collect(),
            roll_ups: run.roll_ups.iter().map(roll_up).collect(),
            totals: StatesV1 {
                busy: of(State::Busy).len(),
                unknown: of(State::Unknown).len(),
                ready: of(State::Ready).len(),
                required: of(State::Required).len(),
            },
            if_enforced: IfEnforcedV1 {
                busy_instances: of(State::Busy),
                unknown_instances: of(State::Unknown),
                sources: run.failing.iter().map(|(place, it)| source(place, it)).collect(),
            },
            incomplete: broken.map(|(place, failure)| IncompleteV1::new(place, failure)).collect(),
            not_found: run.absent.iter().map(|it| it.text.as_str()).collect(),
            api_calls: run.calls,
        }
    }
}

fn instance<'a>(place: &'a Place, it: &'a Readiness, tag: Option<&str>) -> InstanceV1<'a> {
    InstanceV1 {
        account: place.account.as_str(),
        region: place.region.as_str(),
        id: it.instance.id.as_str(),
        state: it.state.code(),
        metadata_no_token: it.no_token,
        metadata_no_token_rejected: it.rejected,
        calls_with_v1_credentials: it.delivered,
        days_with_data: it.days,
        window_days: it.window,
        last_start: it.instance.started_at.map(|at| at.to_string()),
        started_in_window: it.last_start.is_in_window(),
        wants_restart: it.wants_restart,
        complete: it.complete,
        auto_scaling_group: it.group(),
        launch_template: it.template(),
        tag: tag.and_then(|key| it.instance.tags.get(key)).map(String::as_str),
    }
}

fn roll_up(it: &RollUp) -> RollUpV1<'_> {
    RollUpV1 {
        account: it.place.account.as_str(),
        region: it.place.region.as_str(),
        by: it.by.code(),
        key: match &it.by {
            By::Tag(key) => Some(key),
            By::Group | By::Template => None,
        },
        value: it.value.as_deref(),
        state: it.state().code(),
        states: StatesV1 {
            busy: it.count(State::Busy),
            unknown: it.count(State::Unknown),
            ready: it.count(State::Ready),
            required: it.count(State::Required),
        },
        metadata_no_token: it.no_token,
        metadata_no_token_rejected: it.rejected,
    }
}

fn source<'a>(place: &'a Place, it: &'a Failing) -> SourceV1<'a> {
    let (kind, id, groups) = match it {
        Failing::Defaults(_) => ("account-default", "account-default".to_owned(), Vec::new()),
        Failing::Version(template, number) => {
            let groups = template.users(*number).map(|it| it.consumer.as_str()).collect();
            ("launch-template", format!("{}:{number}", template.id), groups)
        }
        Failing::Configuration(it) => {
            ("launch-configuration", it.name.clone(), it.groups.iter().map(String::as_str).collect())
        }
        Failing::NotDescribed(consumer, _) => (consumer.kind.code(), consumer.id.clone(), Vec::new()),
    };
    SourceV1 {
        account: place.account.as_str(),
        region: place.region.as_str(),
        kind,
        id,
        auto_scaling_groups: groups,
        words: source_words(it),
    }
}
