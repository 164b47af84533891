//! Lambda: runs the real function binaries as child processes behind a Runtime API server, and
//! brings them their events: rules, queues, retries.
//!
//! Knows: the Runtime API, execution environments, cold starts, time-outs, function errors,
//! delivery. Must never know: the meaning of an event, and what a function should do with it.
//!
//! Left out: the Lambda API itself, CPU and memory limits, unzip time, freezing between
//! invocations, layers and extensions.

mod config;
mod delivery;
mod deploy;
mod environment;
mod function;
mod host;
mod logs;
mod outcome;
mod runtime_api;
mod state;

pub use config::FunctionConfig;
pub use delivery::{
    AsyncConfig, Attempt, EventSource, FailedEvent, Ledger, MappingError, Pattern, PatternError, Rule,
    Target, Unsettled, Wiring,
};
pub use function::Function;
pub use host::FunctionHost;
pub use logs::{LogLine, LogStream};
pub use outcome::{HostError, InvocationOutcome, SYNC_PAYLOAD_LIMIT};
pub(crate) use state::State;

use crate::call::{Answer, Call};
use crate::error::AwsError;

pub(crate) fn answer(call: &Call) -> Result<Answer, AwsError> {
    Err(AwsError::not_simulated(format!("operation {} of lambda", call.action)))
}

#[cfg(test)]
mod tests;
