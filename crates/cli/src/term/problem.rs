//! Why a run cannot go on, and what to type instead.

use std::io;
use std::path::Path;

use v2only_enforcer::Failure;

use crate::term::exit::Exit;

/// Why a run ends early.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// How the run ends.
    pub exit: Exit,
    /// One sentence, lower case, causes joined with colons.
    pub message: String,
    /// Lines that show where the problem is.
    pub details: Option<String>,
    /// What to type, or to do, instead.
    pub hint: Option<String>,
}

impl Problem {
    /// Something that was typed, or a file that was named, cannot be used.
    pub fn usage(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { exit: Exit::Usage, message: message.into(), details: None, hint: Some(hint.into()) }
    }

    /// A mistake of ours, or of the machine we run on.
    pub fn internal(message: impl Into<String>) -> Self {
        Self { exit: Exit::Internal, message: message.into(), details: None, hint: None }
    }

    /// A file that the user named cannot be read.
    pub(crate) fn unreadable(path: &Path, error: &io::Error, hint: impl Into<String>) -> Self {
        let name = if path == Path::new("-") { "standard input".into() } else { path.display().to_string() };
        let why = match error.kind() {
            io::ErrorKind::InvalidData => "it is not UTF-8 text".to_owned(),
            _ => error.to_string(),
        };
        Self::usage(format!("cannot read {name}: {why}"), hint)
    }
}

impl From<Failure> for Problem {
    /// Nothing could be read without this call.
    fn from(failure: Failure) -> Self {
        Self {
            exit: Exit::Incomplete,
            message: sentence(&failure),
            details: None,
            hint: failure.hint().map(str::to_owned),
        }
    }
}

/// A failure in one sentence; one that is not about a call has no action to name.
pub(crate) fn sentence(failure: &Failure) -> String {
    if failure.action.is_empty() { failure.message.clone() } else { failure.to_string() }
}

/// Why a command stopped.
#[derive(Debug)]
pub(crate) enum Stop {
    /// It cannot go on.
    Problem(Problem),
    /// Its output cannot be written.
    Output(io::Error),
}

impl From<Problem> for Stop {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}
