//! The result of the demo.

use std::time::Duration;

use super::bill::Bill;
use super::checks::Check;
use super::story::Row;
use crate::term::exit::Exit;

/// What the demo reports at its end.
#[derive(Debug)]
pub(super) struct Ending {
    pub(super) rows: Vec<Row>,
    pub(super) aside: Aside,
    pub(super) bill: Bill,
    pub(super) checks: Vec<Check>,
    pub(super) took: Duration,
}

/// What happened beside the resources.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Aside {
    /// Calls that failed or were dry runs, in the functions' words.
    pub(super) ignored: Vec<String>,
    /// Messages that are no events, in the functions' words.
    pub(super) malformed: Vec<String>,
    /// Events that were delivered twice.
    pub(super) duplicates: usize,
}

impl Ending {
    /// The exit code: clean if every check holds.
    pub(super) fn exit(&self) -> Exit {
        if self.checks.iter().all(|check| check.holds) { Exit::Clean } else { Exit::Internal }
    }
}
