//! What `doctor` and `uninstall-plan` say. Published: fields are only ever added.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use v2only_enforcer::Failure;
use v2only_installation::removal::Step;
use v2only_installation::{DoctorFinding, Site, State};
use v2only_policy::Place;

use super::doctor::not_looked_at;
use crate::report::findings_v1::{IncompleteV1, PlaceV1};

/// What a run brought to light, before it is given its published shape.
pub(crate) struct DoctorRun<'a> {
    pub(crate) now: Timestamp,
    pub(crate) exit: crate::term::exit::Exit,
    pub(crate) hub: &'a Place,
    pub(crate) site: &'a Site,
    pub(crate) findings: &'a [DoctorFinding],
    pub(crate) calls: &'a BTreeMap<&'static str, u64>,
}

/// The complete run. `installation` is `organization` or `single-account`.
#[derive(Debug, Serialize)]
pub(crate) struct DoctorV1<'a> {
    schema: &'static str,
    time: String,
    exit_code: u8,
    installation: &'static str,
    functions_in: PlaceV1<'a>,
    findings: Vec<FindingV1<'a>>,
    totals: TotalsV1,
    not_looked_at: Vec<&'static str>,
    api_calls: &'a BTreeMap<&'static str, u64>,
}

/// One piece. `state` is `ok`, `problem` or `unread`; `command` fixes it, or shows what is missing.
#[derive(Debug, Serialize)]
struct FindingV1<'a> {
    #[serde(flatten)]
    place: PlaceV1<'a>,
    piece: &'a str,
    name: &'a str,
    state: &'static str,
    why: &'a str,
    command: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct TotalsV1 {
    ok: usize,
    problem: usize,
    unread: usize,
    warning: usize,
}

const fn word(it: State) -> &'static str {
    match it {
        State::Ok => "ok",
        State::Problem => "problem",
        State::Unread => "unread",
        State::Warning => "warning",
    }
}

impl<'a> From<DoctorRun<'a>> for DoctorV1<'a> {
    fn from(run: DoctorRun<'a>) -> Self {
        let number = |state: State| run.findings.iter().filter(|it| it.state == state).count();
        Self {
            schema: "v2only.doctor.v1",
            time: run.now.to_string(),
            exit_code: run.exit.code(),
            installation: if *run.site == Site::Hub { "organization" } else { "single-account" },
            functions_in: run.hub.into(),
            findings: run.findings.iter().map(FindingV1::from).collect(),
            totals: TotalsV1 {
                ok: number(State::Ok),
                problem: number(State::Problem),
                unread: number(State::Unread),
                warning: number(State::Warning),
            },
            not_looked_at: not_looked_at(run.site),
            api_calls: run.calls,
        }
    }
}

impl<'a> From<&'a DoctorFinding> for FindingV1<'a> {
    fn from(it: &'a DoctorFinding) -> Self {
        Self {
            place: (&it.place).into(),
            piece: it.piece,
            name: &it.name,
            state: word(it.state),
            why: &it.why,
            command: it.command.as_ref().map(|it| it.as_str()),
        }
    }
}

/// A piece that could not be read.
pub(crate) struct Unread<'a> {
    pub(crate) place: &'a Place,
    pub(crate) piece: &'static str,
    pub(crate) name: String,
    pub(crate) failure: &'a Failure,
}

/// The steps of a removal, in order; none if nothing is there.
#[derive(Debug, Serialize)]
pub(crate) struct UninstallV1<'a> {
    schema: &'static str,
    time: String,
    exit_code: u8,
    steps: Vec<StepV1<'a>>,
    incomplete: Vec<UnreadV1<'a>>,
}

/// One step. `phase` is `keep`, `settle`, `silence`, `drain`, `unlock`, `remove` or `afterwards`; a step about the organization has
/// neither account nor Region.
#[derive(Debug, Serialize)]
struct StepV1<'a> {
    number: usize,
    phase: &'static str,
    account: Option<&'a str>,
    region: Option<&'a str>,
    what: &'a str,
    why: &'a str,
    command: &'a str,
}

#[derive(Debug, Serialize)]
struct UnreadV1<'a> {
    piece: &'static str,
    name: &'a str,
    #[serde(flatten)]
    incomplete: IncompleteV1<'a>,
}

impl<'a> UninstallV1<'a> {
    pub(crate) fn new(
        now: Timestamp,
        exit: crate::term::exit::Exit,
        steps: &'a [Step],
        unread: &'a [Unread<'a>],
    ) -> Self {
        let step = |(number, planned): (usize, &'a Step)| StepV1 {
            number: number + 1,
            phase: planned.phase.code(),
            account: planned.place.as_ref().map(|it| it.account.as_str()),
            region: planned.place.as_ref().map(|it| it.region.as_str()),
            what: &planned.what,
            why: &planned.why,
            command: planned.command.as_str(),
        };
        let incomplete = unread.iter().map(|entry| UnreadV1 {
            piece: entry.piece,
            name: &entry.name,
            incomplete: IncompleteV1::new(entry.place, entry.failure),
        });
        Self {
            schema: "v2only.uninstall-plan.v1",
            time: now.to_string(),
            exit_code: exit.code(),
            steps: steps.iter().enumerate().map(step).collect(),
            incomplete: incomplete.collect(),
        }
    }
}
