//! The published shape of the functions' log: one JSON object for each entry. Fields are only ever added.

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use v2only_enforcer::{Disposition, LogEntry, Outcome, Record};
use v2only_policy::review::Due;
use v2only_policy::{Hold, Plan, Verdict};

/// The line of one log entry.
pub fn line(entry: &LogEntry<'_>, function: &str, now: Timestamp) -> Value {
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
    match entry {
        LogEntry::Record(record) => record_line(record, function, now),
        LogEntry::Ignored { event_id, why } => {
            let mut line = short("info", "ignored", *event_id, &why.to_string());
            if let Some(object) = line.as_object_mut() {
                object.insert("reason".to_owned(), json!(why.code()));
            }
            line
        }
        LogEntry::Elsewhere { event_id, function: other } => {
            short("info", "ignored", Some(event_id), &format!("{other} handles this event"))
        }
        LogEntry::Malformed(malformed) => short("error", "malformed", None, &malformed.to_string()),
        LogEntry::StalePolicy(why) => short("error", "policy", None, why),
        LogEntry::Notice(notice) => short("warn", "policy", None, notice),
        LogEntry::NotPostponed { messages, failure } => sweep(
            "warn",
            "not-postponed",
            &[
                ("messages", json!(messages)),
                ("error", json!(failure.kind.code())),
                ("error_action", json!(failure.action)),
                ("error_code", json!(failure.code)),
                ("why", json!(failure.message)),
            ],
        ),
        LogEntry::SweepBegun { accounts } => sweep("info", "sweep-begun", &[("accounts", json!(accounts))]),
        LogEntry::Swept { place, stage, so_far, passes } => sweep(
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
        LogEntry::Unswept { subject, failure } => {
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
        LogEntry::Exemption(it) => sweep(
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
        LogEntry::Reviewed { accounts, unread } => sweep(
            if *unread == 0 { "info" } else { "warn" },
            "exemptions-reviewed",
            &[("accounts", json!(accounts)), ("unread", json!(unread))],
        ),
    }
}

/// The line of a function that does not start, because its environment is invalid.
pub fn settings_line(why: &str, function: &str, now: Timestamp) -> Value {
    json!({
        "time": now.to_string(), "level": "error", "function": function, "outcome": "settings", "why": why,
    })
}

/// Ids, codes and reasons; never an event body, a credential or an address.
fn record_line(record: &Record, function: &str, now: Timestamp) -> Value {
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
