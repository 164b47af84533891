//! What a function has: its memory, the time it has left, and the errors it returns.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use v2only_events::Malformed;
use v2only_policy::Policy;

use crate::counts::Counts;
use crate::failure::{Failure, Kind};
use crate::log_entry::LogEntry;
use crate::policy_source::PolicySource;
use crate::ports::ReadParameter;
use crate::recent::RecentLaunches;

/// The time that is kept for the answer before Lambda ends the function.
const SHUTDOWN_MARGIN: SignedDuration = SignedDuration::from_secs(3);

/// What a function keeps between invocations.
#[derive(Debug)]
pub struct App<P> {
    /// The source of the policy document.
    pub policy: PolicySource,
    /// AWS.
    pub ports: P,
    /// Launches that were compliant by their own record.
    pub recent: RecentLaunches,
}

impl<P> App<P> {
    /// A function before its first event.
    pub fn new(policy: PolicySource, ports: P) -> Self {
        Self { policy, ports, recent: RecentLaunches::default() }
    }
}

/// The clock, the deadline and the log of one invocation.
pub struct Invocation<'a> {
    /// The clock.
    pub now: &'a (dyn Fn() -> Timestamp + Send + Sync),
    /// When Lambda ends the function, if it does.
    pub deadline: Option<Timestamp>,
    /// Where log entries go.
    pub log: &'a mut (dyn FnMut(LogEntry<'_>) + Send),
}

/// The policy in force, read at most a minute ago; what is wrong with its document is logged.
///
/// # Errors
/// There has never been a valid document.
pub(crate) async fn policy_in_force<P: ReadParameter>(
    app: &App<P>,
    invocation: &mut Invocation<'_>,
) -> Result<Arc<Policy>, Failure> {
    let read = app.policy.in_force(&app.ports, (invocation.now)()).await;
    let in_force = read.inspect_err(|it| (invocation.log)(LogEntry::StalePolicy(&it.to_string())))?;
    if let Some(why) = &in_force.stale {
        (invocation.log)(LogEntry::StalePolicy(why));
    }
    for notice in &in_force.notices {
        (invocation.log)(LogEntry::Notice(notice));
    }
    Ok(in_force.policy)
}

/// An invocation that has to be repeated as a whole: Lambda sends a single event again only after an error.
#[derive(Debug, thiserror::Error)]
pub enum InvocationError {
    /// The payload is neither an event nor a batch.
    #[error("{0}")]
    Malformed(Malformed),
    /// Something of the single event must be tried again.
    #[error("to be tried again: {0}")]
    Retry(String),
}

/// The same, with what was counted until then.
#[derive(Debug, thiserror::Error)]
#[error("{why}")]
pub struct Failed {
    /// Why.
    pub why: InvocationError,
    /// What happened all the same.
    pub counts: Box<Counts>,
}

impl Failed {
    /// What is tried again counts once at least, and so does what cannot be read.
    pub(crate) fn new(why: InvocationError, counts: Counts) -> Self {
        let mut counts = Box::new(counts);
        match &why {
            InvocationError::Malformed(_) => counts.malformed = counts.malformed.max(1),
            InvocationError::Retry(_) => counts.retried = counts.retried.max(1),
        }
        Self { why, counts }
    }
}

impl From<InvocationError> for Failed {
    fn from(why: InvocationError) -> Self {
        Self::new(why, Counts::default())
    }
}

/// The time that an invocation has left.
#[derive(Clone, Copy)]
pub(super) struct Clock<'a> {
    pub now: &'a (dyn Fn() -> Timestamp + Send + Sync),
    pub deadline: Option<Timestamp>,
}

impl Clock<'_> {
    /// Whether there is time for another resource.
    ///
    /// # Errors
    /// There is not; the message goes back to the queue.
    pub fn has_time(&self, action: &'static str) -> Result<(), Failure> {
        match self.deadline {
            Some(at) if at.duration_since((self.now)()) < SHUTDOWN_MARGIN => {
                let why = "the function's time is nearly over; the rest goes back to the queue";
                Err(Failure::new(Kind::Throttled, action, why))
            }
            Some(_) | None => Ok(()),
        }
    }
}
