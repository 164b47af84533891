//! The journal: the state before each change, on disk before the change is made.

pub(crate) mod read;
pub(crate) mod v1;

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::{iter, thread};

use jiff::Timestamp;
use jiff::tz::Offset;
use tokio::sync::oneshot;
use v2only_enforcer::enforce::Journal;
use v2only_policy::{Judged, Place};

use crate::run::journal::v1::LineV1;
use crate::term::problem::Problem;

/// A journal in a file of its own. Lines that arrive while the disk is busy are synced to it together.
pub(crate) struct FileJournal<'a> {
    path: PathBuf,
    to_write: mpsc::Sender<Lines>,
    now: &'a (dyn Fn() -> Timestamp + Send + Sync),
}

/// Lines that are written together or not at all.
struct Lines {
    text: Vec<u8>,
    written: oneshot::Sender<io::Result<()>>,
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
        let made = OpenOptions::new().write(true).create_new(true).open(path).and_then(|mut file| {
            sync_directory(path)?;
            let (to_write, lines) = mpsc::channel();
            let append = move |text: &[u8]| file.write_all(text).and_then(|()| file.sync_data());
            thread::Builder::new().name("journal".to_owned()).spawn(move || write_all(&lines, append))?;
            Ok(to_write)
        });
        match made {
            Ok(to_write) => Ok(Self { path: path.to_owned(), to_write, now }),
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

/// Appends lines to a file until no more can come. After an incomplete line nothing can be added: the next line would
/// continue it.
fn write_all(lines: &mpsc::Receiver<Lines>, mut append: impl FnMut(&[u8]) -> io::Result<()>) {
    let mut broken = false;
    while let Ok(first) = lines.recv() {
        let together: Vec<Lines> = iter::once(first).chain(lines.try_iter()).collect();
        let result = if broken {
            Err(io::Error::other("an earlier line could not be written"))
        } else {
            append(&together.iter().flat_map(|it| &it.text).copied().collect::<Vec<u8>>())
        };
        broken = result.is_err();
        for lines in together {
            let answer = result.as_ref().copied().map_err(|why| io::Error::new(why.kind(), why.to_string()));
            // A change whose caller no longer waits for the answer is not made.
            let _no_longer_waiting = lines.written.send(answer);
        }
    }
}

impl Journal for FileJournal<'_> {
    /// One line of JSON for each change, on disk when this returns.
    async fn write(&self, place: &Place, judged: &[Judged]) -> io::Result<()> {
        let mut text = Vec::new();
        for it in judged {
            if let Some(line) = LineV1::new((self.now)(), place, it) {
                serde_json::to_writer(&mut text, &line)?;
                text.push(b'\n');
            }
        }
        if text.is_empty() {
            return Ok(());
        }
        let ended = || io::Error::other("the thread that writes the journal has ended");
        let (written, answer) = oneshot::channel();
        self.to_write.send(Lines { text, written }).map_err(|_| ended())?;
        answer.await.map_err(|_| ended())?
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

    /// The texts of the appends to a disk that is full after `full` of them, and the answer for each line.
    fn written(lines: &[&str], full: usize) -> (Vec<String>, Vec<io::Result<()>>) {
        let (to_write, received) = mpsc::channel();
        let mut answers = Vec::new();
        for text in lines {
            let (line, answer) = line(text);
            to_write.send(line).unwrap();
            answers.push(answer);
        }
        drop(to_write);
        let mut appended = Vec::new();
        write_all(&received, |text| {
            if appended.len() == full {
                return Err(ErrorKind::StorageFull.into());
            }
            appended.push(String::from_utf8(text.to_vec()).unwrap());
            Ok(())
        });
        (appended, answers.into_iter().map(|answer| answer.blocking_recv().unwrap()).collect())
    }

    fn line(text: &str) -> (Lines, oneshot::Receiver<io::Result<()>>) {
        let (written, answer) = oneshot::channel();
        (Lines { text: text.into(), written }, answer)
    }

    #[test]
    fn lines_that_wait_together_are_synced_together() {
        let (appended, told) = written(&["one\n", "two\n", "three\n"], 1);
        assert_eq!(appended, ["one\ntwo\nthree\n"]);
        assert!(told.iter().all(Result::is_ok));
    }

    #[test]
    fn where_the_disk_is_full_none_of_the_lines_that_wait_together_counts_as_written() {
        let (appended, told) = written(&["one\n", "two\n"], 0);
        assert!(appended.is_empty());
        assert!(told.iter().all(|it| it.as_ref().unwrap_err().kind() == ErrorKind::StorageFull), "{told:?}");
    }

    #[test]
    fn after_an_incomplete_line_nothing_is_added() {
        let (to_write, received) = mpsc::channel();
        let ((one, first), (two, second)) = (line("one\n"), line("two\n"));
        to_write.send(one).unwrap();
        let mut later = Some((to_write, two));
        write_all(&received, |_| {
            let (to_write, two) = later.take().expect("nothing is appended after a failure");
            to_write.send(two).unwrap();
            Err(ErrorKind::StorageFull.into())
        });
        assert!(first.blocking_recv().unwrap().is_err());
        let why = second.blocking_recv().unwrap().unwrap_err().to_string();
        assert_eq!(why, "an earlier line could not be written");
    }
}
