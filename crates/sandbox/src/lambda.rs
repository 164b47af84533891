//! Lambda: runs the real function binaries as child processes behind a Runtime API server, and brings
//! them their events: rules, queues, retries.
//!
//! Knows: the Runtime API, execution environments, cold starts, time-outs, function errors, delivery.
//! Must never know: what an event means, and what a function should do with it.
//!
//! Left out: the Lambda API itself, CPU and memory limits, unzip time, freezing between invocations,
//! layers and extensions.

mod config;
mod delivery;
mod environment;
mod function;
mod host;
mod logs;
mod runtime_api;

use std::sync::Arc;

pub use config::FunctionConfig;
pub use delivery::{
    AsyncConfig, Attempt, EventSource, FailedEvent, Ledger, MappingError, Pattern, PatternError, Rule,
    Target, Unsettled, Wiring,
};
pub use function::Function;
pub use host::{FunctionHost, HostError, InvocationOutcome};
pub use logs::{LogLine, LogStream};

use crate::call::{Answer, Call};
use crate::core::Core;
use crate::error::AwsError;

/// The largest payload of a synchronous invocation.
pub const SYNC_PAYLOAD_LIMIT: usize = 6_291_456;

/// What Lambda knows: the functions that Rust code deployed.
#[derive(Debug, Default)]
pub(crate) struct State {
    functions: Vec<FunctionHost>,
}

pub(crate) async fn answer(_core: &Arc<Core>, call: &Call) -> Result<Answer, AwsError> {
    Err(AwsError::not_simulated(format!("operation {} of lambda", call.action)))
}

#[cfg(test)]
mod tests;
