//! From the files that the user names to events.
//!
//! A file holds one event, or several: one after the other, as a list, as an SQS batch, as a log file that CloudTrail
//! delivered, or as `aws cloudtrail lookup-events`, `aws sqs receive-message` or `aws logs filter-log-events` printed them.
//! The envelopes of SNS and of Lambda's destinations are opened. Files whose name ends in `.gz` are unpacked. CloudTrail's
//! Insights and digests are not events of API calls, and are left out.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use serde_json::Value;
use v2only_events::{Malformed, saved_events};

use crate::run::event_files::{self, HINT};
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

/// The most that one file may hold once it is unpacked.
const LARGEST: u64 = 1 << 30;

/// Reads everything before anything is handled. A file without text gives one malformed event; an empty list gives none.
pub(crate) fn read_all(paths: &[PathBuf], world: &impl World) -> Result<Vec<Saved>, Problem> {
    let mut saved = Vec::new();
    read_each(paths, world, |it| saved.push(it))?;
    Ok(saved)
}

/// Hands on one event after another, and keeps those of one file only.
pub(crate) fn read_each(
    paths: &[PathBuf],
    world: &impl World,
    mut each: impl FnMut(Saved),
) -> Result<(), Problem> {
    for path in paths {
        for file in event_files::files(path)? {
            let bytes =
                if file == Path::new("-") { world.read_stdin().map(String::into_bytes) } else { read(&file) };
            let bytes = bytes.map_err(|it| Problem::unreadable(&file, &it, HINT))?;
            of_file(&name(&file), &bytes).into_iter().for_each(&mut each);
        }
    }
    Ok(())
}

/// The bytes of a file, unpacked.
fn read(file: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    event_files::open(file)?.take(LARGEST).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn of_file(file: &str, bytes: &[u8]) -> Vec<Saved> {
    let values = values(bytes);
    let is_empty = values.is_empty();
    let mut bodies: Vec<Result<Value, Malformed>> =
        values.into_iter().flat_map(|it| it.map_or_else(|it| vec![Err(it)], saved_events)).collect();
    if is_empty {
        bodies.push(Err(not_json("empty".to_owned())));
    }
    let several = bodies.len() > 1;
    let saved = |(index, body)| Saved { file: file.to_owned(), index: several.then_some(index), body };
    bodies.into_iter().enumerate().map(saved).collect()
}

fn not_json(found: String) -> Malformed {
    Malformed { field: "file".to_owned(), expected: "JSON".to_owned(), found }
}

/// The JSON values of a text: one on each line, or one after the other.
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
    } else {
        // A value that is not JSON ends the text: where the next one begins is not known.
        let mut values: Vec<Result<Value, Malformed>> = Vec::new();
        for value in serde_json::Deserializer::from_str(text).into_iter() {
            values.push(value.map_err(|it| not_json(format!("not ({it})"))));
        }
        values
    }
}
