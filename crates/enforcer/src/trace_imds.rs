//! Who on an instance calls version 1: a command of Systems Manager looks on for a while, and says.

mod at_boot;
mod heading;
mod report;

use std::time::Duration;

use v2only_policy::{InstanceId, Place};

use crate::failure::{Failure, Kind};
use crate::ports::{AtBoot, Invocation, Progress, RunTrace, TraceOrder, TraceStep};

pub use at_boot::{BootState, BootTrace};
pub use heading::Unreadable;
pub use report::{Caller, Report};

/// The action that a failure of the trace itself is laid to.
const ACTION: &str = "ssm:GetCommandInvocation";
/// How long the command may take to get to the instance and back, beside the trace itself: the agent has two
/// minutes to fetch it.
const ON_THE_WAY: Duration = Duration::from_secs(240);
/// Pauses between two calls that poll a command: longer and longer, up to the last.
const PAUSES: [u64; 5] = [1, 2, 3, 5, 10];

/// Why an instance was not traced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// Systems Manager does not manage it, or its agent is silent.
    NotManaged(Failure),
    /// The document is not in this account and Region.
    NoDocument(Failure),
    /// The document is there, of a release without traces at boot.
    OldDocument(Failure),
    /// The trace at boot has no result.
    NotFinished(BootTrace),
    /// A call failed.
    Failed(Failure),
    /// The command ended otherwise than it should have: AWS's word, and what the instance said.
    Ended {
        /// `DeliveryTimedOut`, `Failed`, ….
        how: String,
        /// The end of what it printed as errors.
        said: String,
    },
    /// What it printed cannot be read.
    Unreadable(Unreadable),
    /// It had not ended when there was nothing more to wait for.
    StillGoing {
        /// By which AWS tells the rest.
        command: String,
    },
}

impl Trouble {
    fn of_start(failure: Failure) -> Self {
        match failure.code.as_deref() {
            Some("InvalidInstanceId") => Self::NotManaged(failure),
            Some("InvalidDocument") => Self::NoDocument(failure),
            Some("InvalidParameters") => Self::OldDocument(failure),
            _ => Self::Failed(failure),
        }
    }

    /// A stable word.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotManaged(_) => "not-managed",
            Self::NoDocument(_) => "no-document",
            Self::OldDocument(_) => "old-document",
            Self::NotFinished(boot) => boot.state.code(),
            Self::Failed(failure) => failure.kind.code(),
            Self::Ended { .. } => "command-failed",
            Self::Unreadable(_) => "unreadable",
            Self::StillGoing { .. } => "still-going",
        }
    }
}

/// Traces one instance. Starting it twice is harmless: nothing is changed on the instance.
///
/// # Errors
/// It could not be traced, and why.
pub async fn trace_imds(
    ports: &impl RunTrace,
    place: &Place,
    id: &InstanceId,
    seconds: u16,
    wait: &impl AsyncFn(Duration),
) -> Result<Report, Trouble> {
    let order = TraceOrder { seconds, at_boot: None };
    ordered(ports, place, id, order, Report::read, wait).await
}

/// Reads the result of the trace at boot of one instance, and removes it there. A second call finds none: the result stays in
/// the history of Run Command for 30 days.
///
/// # Errors
/// There is no result, or it could not be read, and why.
pub async fn collect_at_boot(
    ports: &impl RunTrace,
    place: &Place,
    id: &InstanceId,
    wait: &impl AsyncFn(Duration),
) -> Result<Report, Trouble> {
    let order = TraceOrder { seconds: 1, at_boot: Some(AtBoot::Collect) };
    ordered(ports, place, id, order, Report::read_boot, wait).await?.map_err(Trouble::NotFinished)
}

/// Installs or removes the trace of the next boot of one instance. What is there already is not installed over.
///
/// # Errors
/// The state of the instance is not known, and why.
pub async fn change_at_boot(
    ports: &impl RunTrace,
    place: &Place,
    id: &InstanceId,
    order: TraceOrder,
    wait: &impl AsyncFn(Duration),
) -> Result<BootTrace, Trouble> {
    let read = |output: &str| BootTrace::read(output)?.ok_or(Unreadable::Nothing);
    ordered(ports, place, id, order, read, wait).await
}

/// Starts the command, waits for the step of the platform of the instance, and reads what it printed.
async fn ordered<T>(
    ports: &impl RunTrace,
    place: &Place,
    id: &InstanceId,
    order: TraceOrder,
    read: impl Fn(&str) -> Result<T, Unreadable>,
    wait: &impl AsyncFn(Duration),
) -> Result<T, Trouble> {
    let command = ports.start_trace(place, id, order).await.map_err(Trouble::of_start)?;
    let looks_on = if order.at_boot.is_none() { u64::from(order.seconds) } else { 0 };
    let mut patience = Duration::from_secs(looks_on) + ON_THE_WAY;
    for step in [TraceStep::Linux, TraceStep::Windows] {
        let ended = follow(ports, place, &command, id, step, &mut patience, wait).await?;
        match read(&ended.output) {
            Ok(report) => return Ok(report),
            // The step of the other platform, which was skipped.
            Err(Unreadable::Nothing) => {}
            Err(why) => return Err(Trouble::Unreadable(why)),
        }
    }
    Err(Trouble::Unreadable(Unreadable::Nothing))
}

/// Waits for the end of a step.
async fn follow(
    ports: &impl RunTrace,
    place: &Place,
    command: &str,
    id: &InstanceId,
    step: TraceStep,
    patience: &mut Duration,
    wait: &impl AsyncFn(Duration),
) -> Result<Invocation, Trouble> {
    let last = PAUSES.last().copied().unwrap_or(1);
    for pause in PAUSES.into_iter().chain(std::iter::repeat(last)) {
        match ports.trace_step(place, command, id, step).await {
            Ok(Some(it)) => match it.progress {
                Progress::Going => {}
                Progress::Succeeded => return Ok(it),
                Progress::Ended(how) => return Err(Trouble::Ended { how, said: end_of(&it.errors) }),
            },
            Ok(None) => {}
            // The command goes on all the same.
            Err(failure) if matches!(failure.kind, Kind::Throttled | Kind::Unavailable) => {}
            Err(failure) => return Err(Trouble::Failed(failure)),
        }
        let pause = Duration::from_secs(pause);
        let Some(left) = patience.checked_sub(pause) else { break };
        *patience = left;
        wait(pause).await;
    }
    Err(Trouble::StillGoing { command: command.to_owned() })
}

/// The last line of what was printed as errors, shortened.
fn end_of(errors: &str) -> String {
    let line = errors.lines().rev().find(|it| !it.trim().is_empty()).unwrap_or_default();
    line.trim().chars().take(200).collect()
}

/// What a command could not be asked about says as well.
impl From<Trouble> for Failure {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::NotManaged(failure) => Self {
                message: "Systems Manager does not manage this instance, or has not heard of its agent"
                    .to_owned(),
                ..failure
            },
            Trouble::NoDocument(failure) => {
                Self { message: "the document v2only-TraceImdsV1 is not here".to_owned(), ..failure }
            }
            Trouble::OldDocument(failure) => Self {
                message: "the document v2only-TraceImdsV1 is of a release without traces at boot".to_owned(),
                ..failure
            },
            // No call failed, so that there is no action to name.
            Trouble::NotFinished(boot) => Self::new(Kind::Unknown, "", boot.words()),
            Trouble::Failed(failure) => failure,
            Trouble::Ended { how, said } if said.is_empty() => {
                Self::new(Kind::Unknown, ACTION, format!("the command ended as {how}"))
            }
            Trouble::Ended { how, said } => {
                Self::new(Kind::Unknown, ACTION, format!("the command ended as {how}: {said}"))
            }
            Trouble::Unreadable(why) => Self::new(Kind::Unknown, ACTION, why.to_string()),
            Trouble::StillGoing { command } => Self::new(
                Kind::Unavailable,
                ACTION,
                format!(
                    "the command {command} has not ended yet; `aws ssm get-command-invocation` tells how it does"
                ),
            ),
        }
    }
}
