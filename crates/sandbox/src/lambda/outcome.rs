//! How invocations end.

use std::fmt;

use std::path::PathBuf;

use serde_json::Value;

/// The largest payload of a synchronous invocation.
pub const SYNC_PAYLOAD_LIMIT: usize = 6_291_456;

/// How one invocation ended.
#[derive(Debug, Clone, PartialEq)]
pub enum InvocationOutcome {
    /// The function answered; a body that is no JSON arrives as one string.
    Response(Value),
    /// The function reported an error, while starting or while working.
    FunctionError(Value),
    /// No answer in time; the process is gone.
    TimedOut,
    /// The process ended without an answer.
    Died {
        /// How it ended.
        reason: String,
    },
}

impl InvocationOutcome {
    /// The answer, if there was one.
    pub fn response(&self) -> Option<&Value> {
        match self {
            Self::Response(value) => Some(value),
            Self::FunctionError(_) | Self::TimedOut | Self::Died { .. } => None,
        }
    }
}

impl fmt::Display for InvocationOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Response(_) => f.write_str("the function answered"),
            Self::FunctionError(error) => {
                let text = |field: &str| error.get(field).and_then(Value::as_str);
                match (text("errorType"), text("errorMessage")) {
                    (Some(kind), Some(message)) => write!(f, "the function reported {kind}: {message}"),
                    (Some(only), None) | (None, Some(only)) => write!(f, "the function reported {only}"),
                    (None, None) => f.write_str("the function reported an error"),
                }
            }
            Self::TimedOut => f.write_str("the function did not answer in time"),
            Self::Died { reason } => write!(f, "the function ended without an answer: {reason}"),
        }
    }
}

/// Why an invocation could not even begin.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// The executable cannot be started.
    #[error("cannot start `{}`: {source}", binary.display())]
    Spawn {
        /// The executable.
        binary: PathBuf,
        /// What the operating system says.
        source: std::io::Error,
    },
    /// No loopback port for the Runtime API.
    #[error("cannot open the Runtime API: {0}")]
    Listen(std::io::Error),
    /// The event is larger than Lambda takes.
    #[error("the event has {bytes} bytes, Lambda takes {SYNC_PAYLOAD_LIMIT}")]
    PayloadTooLarge {
        /// Its size.
        bytes: usize,
    },
    /// The host was closed.
    #[error("the function was removed")]
    Closed,
}
