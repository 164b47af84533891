//! The JSON of `gate`. Published: fields are only ever added.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use v2only_enforcer::gate::{GateAnswer, Reason};
use v2only_enforcer::readiness::Failing;
use v2only_policy::Place;

use crate::args::shared::Shared;
use crate::print::gate;
use crate::term::exit::Exit;

/// The answer for all accounts and Regions.
#[derive(Debug, Serialize)]
pub(crate) struct GateV1<'a> {
    schema: &'static str,
    time: String,
    exit_code: u8,
    /// `yes` if every place says `yes`, otherwise `no`.
    answer: &'static str,
    places: Vec<GateAnswerV1<'a>>,
    api_calls: &'a BTreeMap<&'static str, u64>,
}

/// The answer for one account and Region.
#[derive(Debug, Serialize)]
struct GateAnswerV1<'a> {
    account: &'a str,
    region: &'a str,
    answer: &'static str,
    /// Whether `HttpTokensEnforced` is on already; null where the account defaults could not be read.
    enforced: Option<bool>,
    reasons: Vec<ReasonV1<'a>>,
}

/// One reason against the switch.
#[derive(Debug, Serialize)]
struct ReasonV1<'a> {
    code: &'static str,
    kind: &'static str,
    id: Option<&'a str>,
    why: String,
    next: String,
}

impl<'a> GateV1<'a> {
    pub(crate) fn new(
        now: Timestamp,
        exit: Exit,
        answers: &'a [GateAnswer],
        shared: &Shared,
        calls: &'a BTreeMap<&'static str, u64>,
    ) -> Self {
        Self {
            schema: "v2only.gate.v1",
            time: now.to_string(),
            exit_code: exit.code(),
            answer: word(answers.iter().all(GateAnswer::is_yes)),
            places: answers.iter().map(|it| answer(it, shared)).collect(),
            api_calls: calls,
        }
    }
}

const fn word(yes: bool) -> &'static str {
    if yes { "yes" } else { "no" }
}

fn answer<'a>(it: &'a GateAnswer, shared: &Shared) -> GateAnswerV1<'a> {
    GateAnswerV1 {
        account: it.place.account.as_str(),
        region: it.place.region.as_str(),
        answer: word(it.is_yes()),
        enforced: it.enforced,
        reasons: it.reasons.iter().map(|reason| reason_v1(reason, &it.place, shared)).collect(),
    }
}

fn reason_v1<'a>(it: &'a Reason, place: &Place, shared: &Shared) -> ReasonV1<'a> {
    let (kind, id) = match it {
        Reason::NotRead(_) => ("place", None),
        Reason::Owner(_) => ("account-default", None),
        Reason::Source(source) => match &**source {
            Failing::Defaults(_) => ("account-default", None),
            Failing::Version(template, _) => ("launch-template", Some(template.id.as_str())),
            Failing::Configuration(it) => ("launch-configuration", Some(it.name.as_str())),
            Failing::NotDescribed(consumer, _) => (consumer.kind.code(), Some(consumer.id.as_str())),
        },
        Reason::Instance(it) => ("instance", Some(it.instance.id.as_str())),
        Reason::Recorded(it) => ("principal", Some(it.principal.as_str())),
    };
    ReasonV1 { code: it.code(), kind, id, why: gate::why(it), next: gate::next(it, place, shared) }
}
