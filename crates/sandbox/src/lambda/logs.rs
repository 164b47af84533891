//! What the function process wrote: its standard output and standard error, line by line.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};

/// How many lines are kept; older ones are forgotten, so that a long run stays flat in memory.
const KEPT_LINES: usize = 10_000;

/// Where a line was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogStream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// One line the function wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// Where it was written.
    pub stream: LogStream,
    /// The line without its line end.
    pub text: String,
}

/// The lines of every process of one function, in the order they were read.
#[derive(Debug, Clone, Default)]
pub(super) struct Logs(Arc<Mutex<VecDeque<LogLine>>>);

impl Logs {
    pub(super) fn snapshot(&self) -> Vec<LogLine> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    pub(super) fn take(&self) -> Vec<LogLine> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).drain(..).collect()
    }

    fn push(&self, line: LogLine) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() == KEPT_LINES {
            lines.pop_front();
        }
        lines.push_back(line);
    }

    /// Reads one stream of a process until it closes.
    pub(super) async fn follow(self, stream: LogStream, source: impl AsyncRead + Unpin) {
        let mut reader = BufReader::new(source);
        let mut raw = Vec::new();
        while reader.read_until(b'\n', &mut raw).await.is_ok_and(|read| read > 0) {
            let text = String::from_utf8_lossy(&raw).trim_end_matches(['\r', '\n']).to_owned();
            self.push(LogLine { stream, text });
            raw.clear();
        }
    }
}
