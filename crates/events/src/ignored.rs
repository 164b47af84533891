//! Why an event is not acted on.

use std::fmt;

use v2only_policy::{InstanceId, NotebookName};

use crate::EventName;

/// Why there is nothing to do about an event. Reported like everything else, never passed over in silence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ignored {
    /// The call failed, so it changed nothing.
    Failed {
        /// Which call.
        event: EventName,
        /// Its `errorCode`.
        error_code: String,
    },
    /// The call only asked whether it would be allowed.
    DryRun {
        /// Which call.
        event: EventName,
    },
    /// An event this product does not act on.
    NotOurs {
        /// The `source` of the envelope.
        source: String,
        /// Its `detail-type`.
        detail_type: String,
        /// The action, for an API call.
        event_name: Option<String>,
    },
    /// Something an AWS service did by itself and recorded as a service event.
    ServiceEvent {
        /// What it is called.
        event_name: String,
    },
    /// A call that only reads.
    ReadOnly {
        /// The `source` of the envelope.
        source: String,
        /// The action.
        event_name: String,
    },
    /// A state of an instance in which there is nothing to do.
    InstanceState {
        /// Which instance.
        id: InstanceId,
        /// The state as AWS writes it.
        state: String,
    },
    /// A status of a notebook instance in which there is nothing to do.
    NotebookStatus {
        /// Which notebook instance.
        name: NotebookName,
        /// The status as AWS writes it.
        status: String,
    },
    /// A call whose effect shows in a state change, and is acted on then.
    StateChangeFollows {
        /// The action.
        event_name: String,
    },
}

impl Ignored {
    /// A stable label for logs and metrics.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Failed { .. } => "failed-call",
            Self::DryRun { .. } => "dry-run",
            Self::NotOurs { .. } => "not-ours",
            Self::ServiceEvent { .. } => "service-event",
            Self::ReadOnly { .. } => "read-only",
            Self::InstanceState { .. } => "instance-state",
            Self::NotebookStatus { .. } => "notebook-status",
            Self::StateChangeFollows { .. } => "state-change-follows",
        }
    }
}

impl fmt::Display for Ignored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed { event, error_code } => {
                write!(f, "`{event}` failed with `{error_code}`, so it changed nothing")
            }
            Self::DryRun { event } => write!(f, "`{event}` was a dry run, so it changed nothing"),
            Self::NotOurs { source, detail_type, event_name: Some(name) } => {
                write!(f, "`{name}` (`{detail_type}` from `{source}`) is not an event v2only acts on")
            }
            Self::NotOurs { source, detail_type, event_name: None } => {
                write!(f, "`{detail_type}` from `{source}` is not an event v2only acts on")
            }
            Self::ServiceEvent { event_name } => {
                write!(f, "`{event_name}` is a service event, which v2only does not act on")
            }
            Self::ReadOnly { source, event_name } => {
                write!(f, "`{event_name}` from `{source}` only reads, so it changed nothing")
            }
            Self::InstanceState { id, state } => match state.as_str() {
                "pending" => write!(f, "{id} is `pending`; v2only acts when it is `running`"),
                "stopping" => write!(f, "{id} is `stopping`; v2only acts when it is `stopped`"),
                "shutting-down" | "terminated" => {
                    write!(f, "{id} is `{state}`, so there is nothing left to protect")
                }
                _ => write!(f, "{id} is `{state}`; v2only acts on `running` and `stopped`"),
            },
            Self::NotebookStatus { name, status } => {
                write!(f, "notebook {name} is `{status}`, so there is nothing left to protect")
            }
            Self::StateChangeFollows { event_name } => {
                write!(f, "`{event_name}` shows in a state change, and v2only acts on that")
            }
        }
    }
}
