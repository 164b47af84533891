//! What `readiness --trace` saw. Published: fields are only ever added.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use v2only_enforcer::software::Outdated;
use v2only_enforcer::trace_imds::{BootTrace, Caller, Report};

use crate::run::traced::Traced;
use crate::run::traced_group::{GroupCaller, GroupTrace};

/// The name of the shape.
const SCHEMA: &str = "v2only.trace.v1";

/// The complete run, before it is given its published shape.
pub(crate) struct TraceRun<'a> {
    pub(crate) now: Timestamp,
    pub(crate) exit: crate::term::exit::Exit,
    pub(crate) seconds: u16,
    pub(crate) traced: &'a [Traced],
    pub(crate) groups: &'a [GroupTrace],
    pub(crate) calls: &'a BTreeMap<&'static str, u64>,
}

/// A complete run.
#[derive(Debug, Serialize)]
pub(crate) struct TraceV1<'a> {
    schema: &'static str,
    time: String,
    exit_code: u8,
    seconds: u16,
    pub(crate) instances: Vec<InstanceV1<'a>>,
    groups: Vec<GroupV1<'a>>,
    api_calls: &'a BTreeMap<&'static str, u64>,
}

/// One instance. `outcome` is `traced`, or the word for why it was not, which `why` explains. Counts are null where
/// the `method` (`packets` or `sampling`) cannot tell.
#[derive(Debug, Serialize)]
pub(crate) struct InstanceV1<'a> {
    account: Option<&'a str>,
    region: Option<&'a str>,
    id: &'a str,
    outcome: &'static str,
    why: Option<String>,
    method: Option<&'a str>,
    without_token: Option<u64>,
    with_token: Option<u64>,
    unclear: Option<u64>,
    connections: Option<u64>,
    callers: Vec<CallerV1<'a>>,
    /// The group for which the instance stands.
    group: Option<String>,
    /// `read`, `empty`, `not-read`, or `not-needed` if nothing called IMDSv1.
    inventory: &'static str,
    /// Products that callers may use and that are too old for IMDSv2.
    outdated: Vec<OutdatedV1<'a>>,
    /// Callers that did not fit into what Systems Manager keeps.
    left_out: u64,
    /// What could not be seen.
    not_seen: &'a [String],
    /// When the boot began that this is the trace of; null for a trace of the running instance.
    boot_time: Option<String>,
    /// The trace of a boot that the instance has beside this one.
    at_boot: Option<BootV1>,
}

/// The trace of the next boot. `time` is when a finished one began, and until when another waits or looks on.
#[derive(Debug, Serialize)]
pub(crate) struct BootV1 {
    state: &'static str,
    time: Option<String>,
}

impl From<BootTrace> for BootV1 {
    fn from(it: BootTrace) -> Self {
        Self { state: it.state.code(), time: it.time.map(|it| it.to_string()) }
    }
}

#[derive(Debug, Serialize)]
struct CallerV1<'a> {
    process: Option<&'a str>,
    pids: &'a [u64],
    user: Option<&'a str>,
    uid: Option<u64>,
    exe: Option<&'a str>,
    parent: Option<&'a str>,
    container: Option<&'a str>,
    sources: &'a [String],
    /// Some of what it asked for without a token.
    paths: &'a [String],
    without_token: Option<u64>,
    with_token: Option<u64>,
    unclear: Option<u64>,
    connections: Option<u64>,
}

/// A product that is too old for IMDSv2, and the process that may use it.
#[derive(Debug, Serialize)]
struct OutdatedV1<'a> {
    process: Option<&'a str>,
    product: &'static str,
    version: &'a str,
    minimum: &'static str,
    source: &'static str,
}

/// A group, with the joined traces of some of its instances.
#[derive(Debug, Serialize)]
struct GroupV1<'a> {
    group: String,
    running: usize,
    traced: usize,
    /// Instances on which IMDSv1 was called, or may have been.
    calling: usize,
    callers: Vec<GroupCallerV1<'a>>,
}

/// A program of a group.
#[derive(Debug, Serialize)]
struct GroupCallerV1<'a> {
    process: Option<&'a str>,
    user: Option<&'a str>,
    without_token: Option<u64>,
    instances: usize,
    outdated: Vec<OutdatedV1<'a>>,
}

fn group(it: &GroupTrace) -> GroupV1<'_> {
    GroupV1 {
        group: it.group.to_string(),
        running: it.running,
        traced: it.traced,
        calling: it.calling,
        callers: it.callers.iter().map(group_caller).collect(),
    }
}

fn group_caller(it: &GroupCaller) -> GroupCallerV1<'_> {
    let process = it.process.as_deref();
    GroupCallerV1 {
        process,
        user: it.user.as_deref(),
        without_token: it.without_token,
        instances: it.instances,
        outdated: it.outdated.iter().map(|outdated| outdated_v1(process, outdated)).collect(),
    }
}

fn outdated_v1<'a>(process: Option<&'a str>, it: &'a Outdated) -> OutdatedV1<'a> {
    OutdatedV1 { process, product: it.product, version: &it.version, minimum: it.minimum, source: it.source }
}

impl<'a> From<TraceRun<'a>> for TraceV1<'a> {
    fn from(run: TraceRun<'a>) -> Self {
        Self {
            schema: SCHEMA,
            time: run.now.to_string(),
            exit_code: run.exit.code(),
            seconds: run.seconds,
            instances: run.traced.iter().map(instance).collect(),
            groups: run.groups.iter().map(group).collect(),
            api_calls: run.calls,
        }
    }
}

fn instance(it: &Traced) -> InstanceV1<'_> {
    let report: Option<&Report> = it.came.as_ref().ok();
    let why = it.came.as_ref().err();
    InstanceV1 {
        account: it.place.as_ref().map(|it| it.account.as_str()),
        region: it.place.as_ref().map(|it| it.region.as_str()),
        id: it.id.as_str(),
        outcome: why.map_or("traced", |it| it.code()),
        why: why.map(|it| it.words()),
        method: report.map(|it| it.method.as_str()),
        without_token: report.and_then(|it| it.without_token),
        with_token: report.and_then(|it| it.with_token),
        unclear: report.and_then(|it| it.unclear),
        connections: report.and_then(|it| it.connections),
        callers: report.map(|it| it.callers.iter().map(caller).collect()).unwrap_or_default(),
        group: it.group.as_ref().map(ToString::to_string),
        inventory: it.inventory.code(),
        outdated: it
            .outdated
            .iter()
            .map(|(process, outdated)| outdated_v1(Some(process), outdated))
            .collect(),
        left_out: report
            .map_or(0, |it| it.left_out.saturating_add(u64::try_from(it.cut).unwrap_or(u64::MAX))),
        not_seen: report.map_or(&[], |it| it.not_seen.as_slice()),
        boot_time: report.and_then(|it| it.boot?.time).map(|it| it.to_string()),
        at_boot: report.and_then(|it| it.at_boot).map(BootV1::from),
    }
}

fn caller(it: &Caller) -> CallerV1<'_> {
    CallerV1 {
        process: it.process.as_deref(),
        pids: &it.pids,
        user: it.user.as_deref(),
        uid: it.uid,
        exe: it.exe.as_deref(),
        parent: it.parent.as_deref(),
        container: it.container.as_deref(),
        sources: &it.sources,
        paths: &it.paths,
        without_token: it.without_token,
        with_token: it.with_token,
        unclear: it.unclear,
        connections: it.connections,
    }
}
