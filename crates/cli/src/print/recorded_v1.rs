//! What `readiness --from-trail` found. Published: fields are only ever added.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use v2only_enforcer::Failure;
use v2only_policy::{AccountId, HttpTokens, Place, Switch};
use v2only_trail::{
    Counts, Deliveries, DeliveryKey, EnforcementSwitch, Forecast, GroupKey, LaunchFacts, LaunchGroup,
    Recording, Tally, TemplateOptions, forecast,
};

use super::recorded::{SwitchTotal, effect_code, what_to_fix};
use crate::report::findings_v1::{IncompleteV1, PlaceV1};

/// The name of the shape.
const SCHEMA: &str = "v2only.recorded-launches.v1";

/// A run before it is given its published shape.
pub(crate) struct RecordedRun<'a> {
    pub(crate) now: Timestamp,
    pub(crate) exit: crate::term::exit::Exit,
    pub(crate) recording: &'a Recording,
    pub(crate) templates: &'a TemplateOptions,
    pub(crate) management: Option<&'a AccountId>,
    pub(crate) switches: &'a [EnforcementSwitch],
    pub(crate) totals: &'a [SwitchTotal],
    pub(crate) places: &'a [(&'a Place, Option<&'a Failure>)],
    pub(crate) calls: &'a BTreeMap<&'static str, u64>,
}

/// A complete run. `places` is empty where the records come from files.
#[derive(Debug, Serialize)]
pub(crate) struct RecordedV1<'a> {
    schema: &'static str,
    time: String,
    exit_code: u8,
    read: ReadV1,
    places: Vec<PlaceV1<'a>>,
    switches: Vec<SwitchV1>,
    pub(crate) groups: Vec<GroupV1<'a>>,
    v1_credentials: Vec<DeliveryV1<'a>>,
    incomplete: Vec<IncompleteV1<'a>>,
    api_calls: &'a BTreeMap<&'static str, u64>,
}

/// What was read. A launch counts once, and every other record of it as a copy.
#[derive(Debug, Serialize)]
struct ReadV1 {
    records: u64,
    launches: u64,
    copies: u64,
    unreadable: u64,
    unreadable_reasons: Vec<String>,
    oldest: Option<String>,
    newest: Option<String>,
}

/// A switch: `account-default`, `hop-limit`, `scp`, `http-tokens-enforced`, `http-tokens-enforced-with-default` or
/// `declarative-policy`. `next_launches` counts groups by what the switch does to their latest launch.
#[derive(Debug, Serialize)]
struct SwitchV1 {
    switch: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    hop_limit: Option<u8>,
    recorded_launches: CountsV1,
    next_launches: CountsV1,
}

/// `undecided_because` is `template-not-read`, `launch-configuration`, `request-not-recorded`, `answer-not-recorded` or
/// `condition-key`.
#[derive(Debug, Serialize)]
struct CountsV1 {
    unchanged: u64,
    changed: u64,
    refused: u64,
    undecided: u64,
    undecided_because: BTreeMap<&'static str, u64>,
}

/// Launches of one principal by one path. `state` is `open`, `unknown`, `fixed`, `required` or `no-launch`.
#[derive(Debug, Serialize)]
pub(crate) struct GroupV1<'a> {
    account: &'a str,
    region: &'a str,
    path: &'static str,
    principal: &'a str,
    session: Option<&'a str>,
    service_linked: bool,
    parent: Option<&'a str>,
    launch_template: Option<&'a str>,
    state: &'static str,
    launches: u64,
    launches_with_v1: u64,
    refused_by_enforcement: u64,
    failed: u64,
    first: Option<String>,
    last: Option<String>,
    last_with_v1: Option<String>,
    what_to_fix: String,
    switches: BTreeMap<&'static str, GroupSwitchV1>,
    facts: Vec<FactsV1<'a>>,
}

#[derive(Debug, Serialize)]
struct GroupSwitchV1 {
    #[serde(flatten)]
    counts: CountsV1,
    next_launch: Option<&'static str>,
}

/// Launches with the same request and the same answer; null is not set, or not recorded.
#[derive(Debug, Serialize)]
struct FactsV1<'a> {
    launches: u64,
    instances: u64,
    last: Option<String>,
    last_request_id: &'a str,
    launch_template: Option<&'a str>,
    launch_template_version: Option<&'a str>,
    image: Option<&'a str>,
    requested_http_tokens: Option<&'static str>,
    requested_http_endpoint: Option<&'static str>,
    requested_hop_limit: Option<u8>,
    http_tokens: Option<&'static str>,
    http_endpoint: Option<&'static str>,
    hop_limit: Option<u8>,
}

/// Calls of a role on an instance with credentials that were delivered to an IMDSv1 call (`ec2RoleDelivery` is `1.0`).
#[derive(Debug, Serialize)]
struct DeliveryV1<'a> {
    account: &'a str,
    region: &'a str,
    role: &'a str,
    instance: Option<&'a str>,
    calls: u64,
    last: Option<String>,
    last_call: &'a str,
    user_agent: Option<&'a str>,
    /// The last call with credentials that were delivered to an IMDSv2 call.
    last_v2: Option<String>,
    fixed: bool,
}

impl<'a> From<RecordedRun<'a>> for RecordedV1<'a> {
    fn from(run: RecordedRun<'a>) -> Self {
        let recording = run.recording;
        let broken = run.places.iter().filter_map(|(place, failure)| Some((*place, (*failure)?)));
        let groups = recording.groups.iter();
        Self {
            schema: SCHEMA,
            time: run.now.to_string(),
            exit_code: run.exit.code(),
            read: ReadV1 {
                records: recording.records,
                launches: recording.launches,
                copies: recording.copies,
                unreadable: recording.unreadable,
                unreadable_reasons: recording.reasons.iter().map(ToString::to_string).collect(),
                oldest: recording.span.map(|(from, _)| from.to_string()),
                newest: recording.span.map(|(_, until)| until.to_string()),
            },
            places: run.places.iter().map(|(place, _)| (*place).into()).collect(),
            switches: run.totals.iter().map(switch).collect(),
            groups: groups
                .map(|(key, it)| group(key, it, (run.templates, run.management), run.switches))
                .collect(),
            v1_credentials: recording
                .deliveries
                .iter()
                .filter(|(_, it)| it.v1_calls > 0)
                .map(delivery)
                .collect(),
            incomplete: broken.map(|(place, failure)| IncompleteV1::new(place, failure)).collect(),
            api_calls: run.calls,
        }
    }
}

fn switch(it: &SwitchTotal) -> SwitchV1 {
    SwitchV1 {
        switch: it.switch.code(),
        hop_limit: match it.switch {
            EnforcementSwitch::HopLimit(limit) => Some(limit),
            _ => None,
        },
        recorded_launches: counts(&it.recorded),
        next_launches: counts(&it.latest),
    }
}

fn counts(it: &Counts) -> CountsV1 {
    CountsV1 {
        unchanged: it.unchanged,
        changed: it.changed,
        refused: it.refused,
        undecided: it.undecided,
        undecided_because: it.missing.iter().map(|(missing, launches)| (missing.code(), *launches)).collect(),
    }
}

fn group<'a>(
    key: &'a GroupKey,
    it: &'a LaunchGroup,
    (templates, management): (&TemplateOptions, Option<&AccountId>),
    switches: &[EnforcementSwitch],
) -> GroupV1<'a> {
    let forecasts = switches.iter().map(|switch| forecast(key, it, *switch, templates, management));
    let of = |forecast: Forecast| {
        let effect =
            GroupSwitchV1 { counts: counts(&forecast.recorded), next_launch: effect_code(forecast.latest) };
        (forecast.switch.code(), effect)
    };
    GroupV1 {
        account: key.place.account.as_str(),
        region: key.place.region.as_str(),
        path: key.path.code(),
        principal: &key.principal,
        session: it.last_session.as_deref(),
        service_linked: it.service_linked,
        parent: key.parent.as_deref(),
        launch_template: key.template.as_deref(),
        state: it.state().code(),
        launches: it.launches(),
        launches_with_v1: it.answering_v1(),
        refused_by_enforcement: it.refused_by_enforcement,
        failed: it.failed,
        first: it.first.map(|at| at.to_string()),
        last: it.latest.as_ref().map(|(at, _)| at.to_string()),
        last_with_v1: it.last_answering_v1().map(|at| at.to_string()),
        what_to_fix: what_to_fix(key, it),
        switches: forecasts.map(of).collect(),
        facts: it.launched.iter().map(facts).collect(),
    }
}

fn facts<'a>((facts, tally): (&'a LaunchFacts, &'a Tally)) -> FactsV1<'a> {
    let template = facts.template.as_ref();
    let answered = facts.answered;
    FactsV1 {
        launches: tally.launches,
        instances: tally.instances,
        last: tally.last.map(|at| at.to_string()),
        last_request_id: &tally.last_id,
        launch_template: template.map(|it| it.id.as_str()),
        launch_template_version: template.and_then(|it| it.version.as_deref()),
        image: facts.image.as_deref(),
        requested_http_tokens: facts.requested_tokens.and_then(HttpTokens::word),
        requested_http_endpoint: facts.requested_endpoint.and_then(Switch::word),
        requested_hop_limit: facts.requested_hop_limit,
        http_tokens: answered.and_then(|it| it.http_tokens).and_then(HttpTokens::word),
        http_endpoint: answered.and_then(|it| it.http_endpoint).and_then(Switch::word),
        hop_limit: answered.and_then(|it| it.hop_limit),
    }
}

fn delivery<'a>((key, it): (&'a DeliveryKey, &'a Deliveries)) -> DeliveryV1<'a> {
    DeliveryV1 {
        account: key.place.account.as_str(),
        region: key.place.region.as_str(),
        role: &key.role,
        instance: key.instance.as_ref().map(|it| it.as_str()),
        calls: it.v1_calls,
        last: it.last_v1.map(|at| at.to_string()),
        last_call: &it.last_call,
        user_agent: it.user_agent.as_deref(),
        last_v2: it.last_v2.map(|at| at.to_string()),
        fixed: it.is_fixed(),
    }
}
