//! The JSON of `plan`. Published: fields are only ever added.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use v2only_policy::rollout::{Evidence, RolloutFacts, RolloutPlan, RolloutStep};

use crate::args::shared::Shared;
use crate::report::findings_v1::{IncompleteV1, PlaceV1};
use crate::report::roll_out;
use crate::report::totals::LocationResult;
use crate::term::exit::Exit;

/// The name of the shape.
pub(crate) const SCHEMA: &str = "v2only.plan.v1";

/// The steps of the roll-out, in order.
#[derive(Debug, Serialize)]
pub(crate) struct RolloutPlanV1<'a> {
    schema: &'static str,
    time: String,
    exit_code: u8,
    places: Vec<PlaceV1<'a>>,
    /// The code of the step to take now; null once every step is done.
    next: Option<&'static str>,
    steps: Vec<StepV1>,
    /// What CloudTrail recorded; null if the run did not read it.
    recorded: Option<RecordedAgainstV1>,
    incomplete: Vec<IncompleteV1<'a>>,
    api_calls: &'a BTreeMap<&'static str, u64>,
}

/// Groups of recorded launches, and roles, that speak against a step.
#[derive(Debug, Serialize)]
struct RecordedAgainstV1 {
    changed_by_default: usize,
    denied_by_scp: usize,
    refused_by_enforcement: usize,
    /// The roles whose calls `credentials-delivered-by-v2` denies.
    roles_with_v1_credentials: Vec<String>,
    /// Whether all records could be read.
    complete: bool,
}

/// One step. `state` is `done`, `open` or `not-read`; `risk` is `none`, `low`, `medium` or `high`.
#[derive(Debug, Serialize)]
struct StepV1 {
    step: &'static str,
    title: &'static str,
    state: &'static str,
    /// Resources, or accounts and Regions, that are left to do.
    left: usize,
    risk: &'static str,
    /// `not-needed`, `complete`, `missing` or `not-read`.
    evidence: &'static str,
    /// Resources that speak against the step, or have no data.
    against: Option<usize>,
    words: String,
    evidence_words: String,
    command: Option<String>,
}

impl<'a> RolloutPlanV1<'a> {
    pub(crate) fn new(
        (now, exit): (Timestamp, Exit),
        plan: &RolloutPlan,
        (facts, roles): (&RolloutFacts, Vec<String>),
        read: &[LocationResult<'a>],
        shared: &Shared,
        calls: &'a BTreeMap<&'static str, u64>,
    ) -> Self {
        let broken = read.iter().filter_map(|(place, failure)| Some((*place, (*failure)?)));
        Self {
            schema: SCHEMA,
            time: now.to_string(),
            exit_code: exit.code(),
            places: read.iter().map(|(place, _)| (*place).into()).collect(),
            next: plan.next().map(|it| it.stage.code()),
            steps: plan.steps.iter().map(|step| step_v1(step, facts, shared)).collect(),
            recorded: facts.recorded.map(|recorded| RecordedAgainstV1 {
                changed_by_default: recorded.changed_by_default,
                denied_by_scp: recorded.denied_by_scp,
                refused_by_enforcement: recorded.refused_by_enforcement,
                roles_with_v1_credentials: roles,
                complete: recorded.complete,
            }),
            incomplete: broken.map(|(place, failure)| IncompleteV1::new(place, failure)).collect(),
            api_calls: calls,
        }
    }
}

fn step_v1(step: &RolloutStep, facts: &RolloutFacts, shared: &Shared) -> StepV1 {
    StepV1 {
        step: step.stage.code(),
        title: roll_out::title(step.stage),
        state: step.state.code(),
        left: step.left,
        risk: step.evidence.risk().code(),
        evidence: step.evidence.code(),
        against: match step.evidence {
            Evidence::Missing(number) => Some(number),
            Evidence::NotNeeded | Evidence::Complete | Evidence::NotRead => None,
        },
        words: roll_out::words(step, facts),
        evidence_words: roll_out::evidence(step, facts),
        command: roll_out::command(step, shared).map(|it| it.to_string()),
    }
}
