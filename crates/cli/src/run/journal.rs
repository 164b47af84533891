//! The journal: the state before each change, on disk before the change is made.

pub(crate) mod read;
pub(crate) mod v1;

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use jiff::tz::Offset;
use v2only_enforcer::enforce::Journal;
use v2only_policy::{Judged, Place};

use crate::run::journal::v1::LineV1;
use crate::term::problem::Problem;

/// A journal in a file of its own.
pub(crate) struct FileJournal<'a> {
    path: PathBuf,
    file: Mutex<State>,
    now: &'a (dyn Fn() -> Timestamp + Send + Sync),
}

struct State {
    file: File,
    /// After an incomplete line nothing can be added: the next line would continue it.
    broken: bool,
}

/// Where the journal goes if the user does not say.
pub(crate) fn default_path(now: Timestamp) -> PathBuf {
    let utc = Offset::UTC.to_datetime(now);
    PathBuf::from(format!("v2only-journal-{}.ndjson", utc.strftime("%Y%m%dT%H%M%SZ")))
}

/// Fails if there is something at this path already.
pub(crate) fn must_not_exist(path: &Path) -> Result<(), Problem> {
    if path.symlink_metadata().is_ok() { Err(exists(path)) } else { Ok(()) }
}

fn exists(path: &Path) -> Problem {
    Problem::usage(
        format!("journal {} exists already; nothing was changed", path.display()),
        "name another file with `--journal FILE`: a journal is needed to undo its run, and is never written over",
    )
}

impl<'a> FileJournal<'a> {
    /// Creates the file, which must not exist.
    pub(crate) fn create(
        path: &Path,
        now: &'a (dyn Fn() -> Timestamp + Send + Sync),
    ) -> Result<Self, Problem> {
        let made = OpenOptions::new().write(true).create_new(true).open(path).and_then(|file| {
            sync_directory(path)?;
            Ok(file)
        });
        match made {
            Ok(file) => {
                let file = Mutex::new(State { file, broken: false });
                Ok(Self { path: path.to_owned(), file, now })
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(exists(path)),
            Err(error) => Err(Problem::usage(
                format!("cannot create journal {}: {error}; nothing was changed", path.display()),
                "name a file in a directory you may write to with `--journal FILE`",
            )),
        }
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

/// Makes the new name as durable as the lines will be.
fn sync_directory(path: &Path) -> io::Result<()> {
    let parent = path.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if cfg!(unix) { File::open(parent)?.sync_all() } else { Ok(()) }
}

impl Journal for FileJournal<'_> {
    /// One line of JSON, on disk when this returns.
    fn write(&self, place: &Place, judged: &Judged) -> io::Result<()> {
        let Some(line) = LineV1::new((self.now)(), place, judged) else { return Ok(()) };
        let mut line = serde_json::to_vec(&line)?;
        line.push(b'\n');
        let mut state = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        if state.broken {
            return Err(io::Error::other("an earlier line could not be written"));
        }
        state.broken = true;
        state.file.write_all(&line)?;
        state.file.sync_data()?;
        state.broken = false;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_journal_is_named_after_its_moment_in_utc() {
        let path = default_path("2026-11-20T10:15:00.5Z".parse().unwrap());
        assert_eq!(path, Path::new("v2only-journal-20261120T101500Z.ndjson"));
    }
}
