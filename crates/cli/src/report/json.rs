//! `v2only.findings.v1` as one document, and its findings as one line each.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;
use v2only_document::escaped_json;
use v2only_enforcer::launchers::Launcher;

use crate::print::documents;
use crate::report::exemptions_v1::ExemptionToldV1;
use crate::report::findings_v1::{FindingV1, IncompleteV1, PlaceV1, TotalsV1};
use crate::report::item::Item;
use crate::report::list::List;
use crate::report::rollout_v1::RolloutV1;
use crate::report::sink::{Head, Sink, Tail};
use crate::run::inventory::Coverage;
use crate::run::survey::LocationSurvey;
use crate::term::problem::Stop;

/// The name of the shape.
const SCHEMA: &str = "v2only.findings.v1";

/// The document. It keeps no finding, and so what is known only at the end comes last.
pub(crate) struct Json<'a> {
    head: Head<'a>,
    list: List,
    out: &'a mut dyn Write,
}

/// What comes before the findings. Published: fields are only ever added.
#[derive(Serialize)]
struct HeadV1<'a> {
    schema: &'static str,
    command: &'static str,
    time: String,
    places: Vec<PlaceV1<'a>>,
}

/// What comes after the findings. Published: fields are only ever added.
#[derive(Serialize)]
struct TailV1<'a> {
    totals: TotalsV1<'a>,
    incomplete: Vec<IncompleteV1<'a>>,
    /// What `--only` names and none of the accounts and Regions has: the run is incomplete.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    not_found: Vec<&'a str>,
    /// Where evidence of IMDSv1 use could not be read, which keeps the usage gate shut and nothing else.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    usage_unread: Vec<IncompleteV1<'a>>,
    /// Where it could not be read which instance profiles are administrators'.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    instance_profiles_unread: Vec<IncompleteV1<'a>>,
    /// Where CloudTrail could not be asked who launched what.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    launched_by_unread: Vec<IncompleteV1<'a>>,
    /// Exemptions that are expired, expire soon or are unused, and those for which that is unknown.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    exemptions: Vec<ExemptionToldV1<'a>>,
    api_calls: &'a BTreeMap<&'static str, u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    journal: Option<&'a str>,
    /// The waves, where there were bounds to hold them.
    #[serde(skip_serializing_if = "Option::is_none")]
    rollout: Option<&'a RolloutV1>,
    /// What AWS Config named in place of a listing: the scan covers nothing else.
    #[serde(skip_serializing_if = "Option::is_none")]
    inventory: Option<InventoryV1<'a>>,
    exit_code: u8,
}

/// The source of the candidates of a scan. Published: fields are only ever added.
#[derive(Serialize)]
struct InventoryV1<'a> {
    source: &'static str,
    aggregator: &'a str,
    candidates: usize,
    /// Candidates that `DescribeInstances` described.
    verified: usize,
    /// Candidates in accounts and Regions that the run does not read.
    elsewhere: usize,
}

impl<'a> From<&'a Coverage> for InventoryV1<'a> {
    fn from(it: &'a Coverage) -> Self {
        Self {
            source: "aws-config",
            aggregator: &it.aggregator,
            candidates: it.candidates,
            verified: it.verified,
            elsewhere: it.elsewhere,
        }
    }
}

impl<'a> Json<'a> {
    pub(crate) fn new(head: Head<'a>, out: &'a mut dyn Write) -> Self {
        Self { head, list: List::with_elements_at(2), out }
    }
}

impl Sink for Json<'_> {
    fn begin(&mut self) -> io::Result<()> {
        let Head { command, now, places, .. } = self.head;
        let places = places.iter().map(|place| (*place).into()).collect();
        let text =
            serde_json::to_string_pretty(&HeadV1 { schema: SCHEMA, command, time: now.to_string(), places })?;
        write!(self.out, "{},\n  \"findings\": ", escaped_json(&text).trim_end_matches(['}', '\n']))?;
        self.list.begin(self.out)
    }

    fn finding(&mut self, item: &Item<'_>) -> Result<(), Stop> {
        Ok(self.list.element(self.out, &FindingV1::of(item))?)
    }

    fn end(&mut self, tail: &Tail<'_>) -> Result<(), Stop> {
        let incomplete = |failure: fn(&LocationSurvey) -> Option<IncompleteV1<'_>>| {
            tail.surveys.iter().filter_map(failure).collect()
        };
        let text = serde_json::to_string_pretty(&TailV1 {
            totals: tail.totals.into(),
            incomplete: incomplete(|survey| Some(IncompleteV1::new(&survey.place, survey.failure.as_ref()?))),
            not_found: tail.absent.iter().map(|it| it.text.as_str()).collect(),
            usage_unread: incomplete(|survey| {
                Some(IncompleteV1::new(&survey.place, survey.usage_unread.as_ref()?))
            }),
            instance_profiles_unread: incomplete(|survey| {
                Some(IncompleteV1::new(&survey.place, survey.profiles_unread.as_ref()?))
            }),
            launched_by_unread: incomplete(unread_launchers),
            exemptions: tail.exemptions.iter().map(Into::into).collect(),
            api_calls: tail.calls,
            journal: tail.journal.as_deref(),
            rollout: tail.rollout.as_ref(),
            inventory: tail.coverage.map(Into::into),
            exit_code: tail.exit.code(),
        });
        let text = text.map_err(io::Error::from)?;
        self.list.end(self.out)?;
        Ok(writeln!(self.out, ",\n{}", escaped_json(&text).trim_start_matches(['{', '\n']))?)
    }
}

/// The first reason for which the launchers of instances in one account and Region could not be read.
fn unread_launchers(survey: &LocationSurvey) -> Option<IncompleteV1<'_>> {
    let failure = survey.launchers.values().find_map(|launcher| match launcher {
        Launcher::Unread(failure) => Some(failure),
        _ => None,
    })?;
    Some(IncompleteV1::new(&survey.place, failure))
}

/// One finding a line.
pub(crate) struct Ndjson<'a> {
    pub(crate) out: &'a mut dyn Write,
}

impl Sink for Ndjson<'_> {
    fn finding(&mut self, item: &Item<'_>) -> Result<(), Stop> {
        Ok(documents::ndjson(self.out, std::iter::once(FindingV1::of(item)))?)
    }

    fn end(&mut self, _: &Tail<'_>) -> Result<(), Stop> {
        Ok(())
    }
}
