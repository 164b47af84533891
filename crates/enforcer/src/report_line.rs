//! The published shapes of what the functions write: one JSON line per resource, one metrics line per
//! invocation. Fields are only ever added.

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use v2only_policy::review::Due;
use v2only_policy::{Hold, Plan, Verdict};

use crate::failure::Disposition;
use crate::invocation::Said;
use crate::record::{Outcome, Record};

/// The line for anything that is said during an invocation.
pub fn line(said: &Said<'_>, function: &str, now: Timestamp) -> Value {
    let short = |level: &str, what: &str, event_id: Option<&str>, why: &str| {
        let mut line = json!({
            "time": now.to_string(), "level": level, "function": function, "outcome": what, "why": why,
        });
        if let (Some(id), Some(object)) = (event_id, line.as_object_mut()) {
            object.insert("event_id".to_owned(), json!(id));
        }
        line
    };
    let sweep = |level: &str, what: &str, fields: &[(&str, Value)]| {
        let mut line = json!({
            "time": now.to_string(), "level": level, "function": function, "outcome": what,
        });
        if let Some(object) = line.as_object_mut() {
            let known = fields.iter().filter(|(_, value)| !value.is_null());
            object.extend(known.map(|(name, value)| ((*name).to_owned(), value.clone())));
        }
        line
    };
    match said {
        Said::Record(record) => log_line(record, function, now),
        Said::Ignored { event_id, why } => {
            let mut line = short("info", "ignored", *event_id, &why.to_string());
            if let Some(object) = line.as_object_mut() {
                object.insert("reason".to_owned(), json!(why.code()));
            }
            line
        }
        Said::Elsewhere { event_id, function: other } => {
            short("info", "ignored", Some(event_id), &format!("{other} handles this event"))
        }
        Said::Malformed(malformed) => short("error", "malformed", None, &malformed.to_string()),
        Said::StalePolicy(why) => short("error", "policy", None, why),
        Said::Notice(notice) => short("warn", "policy", None, notice),
        Said::SweepBegun { accounts } => sweep("info", "sweep-begun", &[("accounts", json!(accounts))]),
        Said::Swept { place, stage, so_far, passes } => sweep(
            "info",
            "swept",
            &[
                ("account", json!(place.account.as_str())),
                ("region", json!(place.region.as_str())),
                ("stage", json!(stage.code())),
                ("pages", json!(so_far.pages)),
                ("changed", json!(so_far.changed)),
                ("passes", json!(passes)),
            ],
        ),
        Said::Unswept { subject, failure } => {
            let level = if failure.disposition() == Disposition::Retry { "warn" } else { "error" };
            sweep(
                level,
                "unswept",
                &[
                    ("subject", json!(subject)),
                    ("error", json!(failure.kind.code())),
                    ("error_action", json!(failure.action)),
                    ("error_code", json!(failure.code)),
                    ("why", json!(failure.message)),
                ],
            )
        }
        Said::Exemption(it) => sweep(
            if matches!(it.due, Due::Expires { .. }) { "info" } else { "warn" },
            "exemption",
            &[
                ("state", json!(it.due.code())),
                ("exemption", json!(it.exemption)),
                ("account", json!(it.place.as_ref().map(|it| it.account.as_str()))),
                ("region", json!(it.place.as_ref().map(|it| it.region.as_str()))),
                ("until", json!(it.until.to_string())),
                ("owner", json!(it.owner)),
                ("reason", json!(it.reason)),
                ("why", json!(it.due.to_string())),
            ],
        ),
        Said::Reviewed { accounts, unread } => sweep(
            if *unread == 0 { "info" } else { "warn" },
            "exemptions-reviewed",
            &[("accounts", json!(accounts)), ("unread", json!(unread))],
        ),
    }
}

/// The line of a function that does not start, because its environment is not as it should be.
pub fn settings_line(why: &str, function: &str, now: Timestamp) -> Value {
    json!({
        "time": now.to_string(), "level": "error", "function": function, "outcome": "settings", "why": why,
    })
}

/// The log line of one record. Ids, words and reasons; never an event body, a credential or an address.
pub fn log_line(record: &Record, function: &str, now: Timestamp) -> Value {
    let level = match record.outcome.disposition() {
        Disposition::Done if matches!(record.outcome, Outcome::Held) => "warn",
        Disposition::Done => "info",
        Disposition::Retry => "warn",
        Disposition::Alarm => "error",
    };
    let mut line = Map::new();
    let mut put = |key: &str, value: Value| {
        let empty = value.is_null() || value.as_array().is_some_and(Vec::is_empty);
        if !empty {
            line.insert(key.to_owned(), value);
        }
    };
    put("time", json!(now.to_string()));
    put("level", json!(level));
    put("function", json!(function));
    put("account", json!(record.place.account.as_str()));
    put("region", json!(record.place.region.as_str()));
    put("kind", json!(record.resource.kind()));
    put("resource", json!(record.resource.to_string()));
    put("event_id", json!(record.cause.as_ref().map(|it| &it.event_id)));
    put("event", json!(record.cause.as_ref().map(|it| &it.event)));
    put("actor", json!(record.cause.as_ref().and_then(|it| it.actor.as_ref())));
    put("verdict", json!(record.verdict().map(Verdict::code)));
    put("rules", json!(record.rules()));
    put("reasons", json!(record.reasons()));
    put("notes", json!(record.notes()));
    put("plan", json!(record.plan().map(Plan::code)));
    put("hold", json!(record.hold().map(Hold::code)));
    put("step", json!(record.step().map(ToString::to_string)));
    put("before", json!(record.before.map(|it| it.to_string())));
    put("outcome", json!(record.outcome.code()));
    put("after", json!(record.after.map(|it| it.to_string())));
    put("request_id", json!(record.request_id));
    match &record.outcome {
        Outcome::Failed(failure) => {
            put("error", json!(failure.kind.code()));
            put("error_action", json!(failure.action));
            put("error_code", json!(failure.code));
            put("error_message", json!(failure.message));
        }
        Outcome::NotJudged(why) => put("why", json!(why)),
        _ => {}
    }
    Value::Object(line)
}

/// Counts of one invocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Resources judged.
    pub judged: u64,
    /// Resources made compliant.
    pub fixed: u64,
    /// Violations left for a reason.
    pub held: u64,
    /// Of these, contested.
    pub contested: u64,
    /// Failures that go back to the queue.
    pub retried: u64,
    /// Failures that do not.
    pub failed: u64,
    /// Events that could not be read.
    pub malformed: u64,
    /// Events of no concern.
    pub ignored: u64,
    /// What only the sweeper counts.
    pub sweep: Option<SweepCounts>,
}

/// What only the sweeper counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SweepCounts {
    /// Accounts, places or parts of them that were not swept.
    pub unswept: u64,
    /// Since when the oldest instance that violates the policy is there, in hours. Zero where none was seen.
    pub oldest_violation_hours: u64,
    /// Exemptions whose last day is over.
    pub expired: u64,
    /// Exemptions whose last day is near.
    pub expiring: u64,
    /// Exemptions that excuse nothing.
    pub stale: u64,
}

impl Counts {
    /// Adds one record.
    pub fn add(&mut self, record: &Record) {
        self.judged += u64::from(record.decision.is_some());
        self.contested += u64::from(matches!(record.hold(), Some(Hold::Contested { .. })));
        match &record.outcome {
            Outcome::Fixed => self.fixed += 1,
            Outcome::Held => self.held += 1,
            Outcome::Failed(failure) => match failure.disposition() {
                Disposition::Retry => self.retried += 1,
                Disposition::Alarm => self.failed += 1,
                Disposition::Done => {}
            },
            Outcome::Left | Outcome::Waiting | Outcome::Advanced | Outcome::NotJudged(_) => {}
        }
    }

    fn metrics(&self) -> Vec<(&'static str, u64)> {
        let mut metrics = vec![
            ("Judged", self.judged),
            ("Fixed", self.fixed),
            ("Held", self.held),
            ("Contested", self.contested),
            ("Retried", self.retried),
            ("Failed", self.failed),
            ("Malformed", self.malformed),
            ("Ignored", self.ignored),
        ];
        if let Some(it) = self.sweep {
            metrics.extend([
                ("Unswept", it.unswept),
                ("OldestViolationHours", it.oldest_violation_hours),
                ("ExemptionsExpired", it.expired),
                ("ExemptionsExpiring", it.expiring),
                ("ExemptionsStale", it.stale),
            ]);
        }
        metrics
    }
}

/// The metrics line, in CloudWatch's embedded metric format: CloudWatch makes metrics of it without a call.
///
/// Source: Amazon CloudWatch User Guide, "Specification: Embedded metric format".
pub fn metrics_line(counts: &Counts, function: &str, now: Timestamp) -> Value {
    let metrics = counts.metrics();
    let mut line = json!({
        "_aws": {
            "Timestamp": now.as_millisecond(),
            "CloudWatchMetrics": [{
                "Namespace": "v2only",
                "Dimensions": [["Function"]],
                "Metrics": metrics
                    .iter()
                    .map(|(name, _)| json!({"Name": name, "Unit": "Count"}))
                    .collect::<Vec<_>>(),
            }],
        },
        "Function": function,
    });
    if let Some(object) = line.as_object_mut() {
        object.extend(metrics.into_iter().map(|(name, count)| (name.to_owned(), json!(count))));
    }
    line
}
