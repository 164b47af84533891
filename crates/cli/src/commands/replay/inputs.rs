//! From the files that the user names to events.
//!
//! A file holds one event, or several: as lines (NDJSON), as a list, as an SQS batch, as a log file that
//! CloudTrail delivered, or as `aws cloudtrail lookup-events` printed them.

use std::path::{Path, PathBuf};

use serde_json::Value;
use v2only_events::{Input, Malformed};

use crate::run::policy_file::name;
use crate::term::problem::Problem;
use crate::world::World;

/// One event of a file.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Saved {
    /// The file, as messages call it.
    pub(crate) file: String,
    /// Which of its events, from 0, if there are several.
    pub(crate) index: Option<usize>,
    /// The event, or why there is none.
    pub(crate) body: Result<Value, Malformed>,
}

/// Reads everything before anything is handled. Each file gives at least one event.
pub(crate) fn read_all(paths: &[PathBuf], world: &impl World) -> Result<Vec<Saved>, Problem> {
    let mut saved = Vec::new();
    for path in paths {
        for file in files(path)? {
            let bytes = if file == Path::new("-") {
                world.read_stdin().map(String::into_bytes)
            } else {
                std::fs::read(&file)
            };
            let bytes = bytes.map_err(|it| Problem::unreadable(&file, &it, HINT))?;
            saved.extend(of_file(&name(&file), &bytes));
        }
    }
    Ok(saved)
}

const HINT: &str = "name files with EventBridge or CloudTrail events as JSON, a directory of them, or `-`";

fn files(path: &Path) -> Result<Vec<PathBuf>, Problem> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let unreadable = |it| Problem::unreadable(path, &it, HINT);
    let mut files = Vec::new();
    for entry in std::fs::read_dir(path).map_err(unreadable)? {
        let file = entry.map_err(unreadable)?.path();
        if file.extension().is_some_and(|it| it == "json") && !file.is_dir() {
            files.push(file);
        }
    }
    if files.is_empty() {
        return Err(Problem::usage(format!("directory {} has no *.json", path.display()), HINT));
    }
    files.sort();
    Ok(files)
}

fn of_file(file: &str, bytes: &[u8]) -> Vec<Saved> {
    let mut bodies: Vec<Result<Value, Malformed>> =
        values(bytes).into_iter().flat_map(|it| it.map_or_else(|it| vec![Err(it)], events)).collect();
    if bodies.is_empty() {
        bodies.push(Err(not_json("empty".to_owned())));
    }
    let several = bodies.len() > 1;
    let saved = |(index, body)| Saved { file: file.to_owned(), index: several.then_some(index), body };
    bodies.into_iter().enumerate().map(saved).collect()
}

fn not_json(found: String) -> Malformed {
    Malformed { field: "file".to_owned(), expected: "JSON".to_owned(), found }
}

/// The JSON values of a text: one, or one on each line.
fn values(bytes: &[u8]) -> Vec<Result<Value, Malformed>> {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return vec![Err(not_json("not text".to_owned()))];
    };
    let text = text.trim_start_matches('\u{feff}').trim();
    let first = text.lines().next().unwrap_or_default();
    let by_lines = first.len() < text.len() && serde_json::from_str::<Value>(first).is_ok();
    let parse = |text: &str| serde_json::from_str(text).map_err(|it| not_json(format!("not ({it})")));
    if by_lines {
        text.lines().filter(|it| !it.trim().is_empty()).map(parse).collect()
    } else if text.is_empty() {
        Vec::new()
    } else {
        vec![parse(text)]
    }
}

/// The events in one value.
fn events(value: Value) -> Vec<Result<Value, Malformed>> {
    match value {
        Value::Array(list) => list.into_iter().map(Ok).collect(),
        Value::Object(ref fields) => match (fields.get("Records"), fields.get("Events")) {
            (Some(Value::Array(records)), _) if records.iter().any(is_record) => {
                records.iter().cloned().map(Ok).collect()
            }
            (Some(_), _) => match v2only_events::input(value) {
                Ok(Input::Batch(messages)) => messages.into_iter().map(|it| it.body).collect(),
                Ok(Input::Event(event)) => vec![Ok(event)],
                Err(malformed) => vec![Err(malformed)],
            },
            (None, Some(Value::Array(looked_up))) if !looked_up.is_empty() => {
                looked_up.iter().enumerate().map(looked_up_event).collect()
            }
            _ => vec![Ok(value)],
        },
        other => vec![Ok(other)],
    }
}

/// Whether this is a CloudTrail record, in contrast to an SQS message.
fn is_record(value: &Value) -> bool {
    value.get("eventName").is_some() && value.get("messageId").is_none()
}

/// An entry of what `lookup-events` prints: the record is a text in it.
fn looked_up_event((index, entry): (usize, &Value)) -> Result<Value, Malformed> {
    let malformed = |found: String| Malformed {
        field: format!("Events[{index}].CloudTrailEvent"),
        expected: "a CloudTrail record as JSON text".to_owned(),
        found,
    };
    let text = entry.get("CloudTrailEvent").and_then(Value::as_str);
    let text = text.ok_or_else(|| malformed("missing".to_owned()))?;
    serde_json::from_str(text).map_err(|it| malformed(format!("not ({it})")))
}
