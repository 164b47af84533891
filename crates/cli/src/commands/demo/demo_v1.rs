//! The published JSON shape of the demo. It may be added to, never changed.

use std::collections::BTreeMap;

use serde::Serialize;

use super::bill::Bill;
use super::checks::{Check, count};
use super::ending::{Aside, Ending};
use super::posture::Posture;
use super::story::{End, Row};

/// The whole demo.
#[derive(Debug, Serialize)]
pub(super) struct DemoV1<'a> {
    schema: &'static str,
    exit_code: u8,
    seconds: f64,
    resources: Vec<RowV1<'a>>,
    totals: BTreeMap<&'static str, usize>,
    aside: AsideV1<'a>,
    cost: CostV1<'a>,
    checks: Vec<CheckV1<'a>>,
}

#[derive(Debug, Serialize)]
struct RowV1<'a> {
    name: &'a str,
    kind: &'static str,
    account: &'a str,
    region: &'a str,
    launched_by: Option<&'a str>,
    ids: &'a [String],
    before: PostureV1<'a>,
    verdict: &'a str,
    reasons: &'a [String],
    notes: &'a [String],
    hold: Option<&'a str>,
    done: &'a [String],
    end: &'static str,
    after: Option<PostureV1<'a>>,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum PostureV1<'a> {
    Instance { http_tokens: &'a str, http_endpoint: &'a str, hop_limit: Option<i32> },
    Notebook { minimum_version: Option<&'a str>, status: &'a str },
}

#[derive(Debug, Serialize)]
struct AsideV1<'a> {
    ignored: &'a [String],
    malformed: &'a [String],
    duplicates: usize,
}

#[derive(Debug, Serialize)]
struct CostV1<'a> {
    calls: &'a BTreeMap<String, u64>,
    calls_total: u64,
    calls_that_change: u64,
    compliant_launches: u64,
    compliant_launch_calls: u64,
    messages: u64,
    retried: u64,
    dead_letters: usize,
    invocations: u64,
    cold_starts: usize,
}

#[derive(Debug, Serialize)]
struct CheckV1<'a> {
    name: &'a str,
    holds: bool,
    evidence: &'a str,
}

impl<'a> From<&'a Ending> for DemoV1<'a> {
    fn from(it: &'a Ending) -> Self {
        Self {
            schema: "v2only.demo.v1",
            exit_code: it.exit().code(),
            seconds: it.took.as_secs_f64(),
            resources: it.rows.iter().map(RowV1::from).collect(),
            totals: End::ALL.map(|end| (end.word(), count(&it.rows, end))).into(),
            aside: AsideV1::from(&it.aside),
            cost: CostV1::from(&it.bill),
            checks: it.checks.iter().map(CheckV1::from).collect(),
        }
    }
}

impl<'a> From<&'a Row> for RowV1<'a> {
    fn from(it: &'a Row) -> Self {
        Self {
            name: &it.name,
            kind: if matches!(it.before, Posture::Notebook { .. }) { "notebook" } else { "instance" },
            account: it.place.account.as_str(),
            region: it.place.region.as_str(),
            launched_by: it.launched_by.as_deref(),
            ids: &it.ids,
            before: PostureV1::from(&it.before),
            verdict: &it.verdict,
            reasons: &it.reasons,
            notes: &it.notes,
            hold: it.hold.as_deref(),
            done: &it.done,
            end: it.end.word(),
            after: it.after.as_ref().map(PostureV1::from),
        }
    }
}

impl<'a> From<&'a Posture> for PostureV1<'a> {
    fn from(it: &'a Posture) -> Self {
        match it {
            Posture::Instance { tokens, endpoint, hops } => {
                Self::Instance { http_tokens: tokens, http_endpoint: endpoint, hop_limit: *hops }
            }
            Posture::Notebook { version, status } => {
                Self::Notebook { minimum_version: version.as_deref(), status }
            }
        }
    }
}

impl<'a> From<&'a Aside> for AsideV1<'a> {
    fn from(it: &'a Aside) -> Self {
        Self { ignored: &it.ignored, malformed: &it.malformed, duplicates: it.duplicates }
    }
}

impl<'a> From<&'a Bill> for CostV1<'a> {
    fn from(it: &'a Bill) -> Self {
        Self {
            calls: &it.calls.0,
            calls_total: it.calls.total(),
            calls_that_change: it.calls.writes(),
            compliant_launches: it.free_launches,
            compliant_launch_calls: it.free_launch_calls,
            messages: it.messages,
            retried: it.retried,
            dead_letters: it.dead_letters,
            invocations: it.invocations,
            cold_starts: it.cold_starts.len(),
        }
    }
}

impl<'a> From<&'a Check> for CheckV1<'a> {
    fn from(it: &'a Check) -> Self {
        Self { name: it.name, holds: it.holds, evidence: &it.evidence }
    }
}
