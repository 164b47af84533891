//! The composition root of the three Lambda functions: settings, policy source, AWS, entry point and log.
//!
//! Read in this order: `function` connects an invocation of Lambda with an entry point of `v2only-enforcer`;
//! [`log_line`] and [`metrics`] are the published shapes of what the functions write.
//!
//! Knows: Lambda, the environment (through `v2only-aws`), stdout.
//! Must never know: verdicts, SDK types, flags.

pub mod log_line;
pub mod metrics;

#[cfg(feature = "runtime")]
mod function;

#[cfg(feature = "runtime")]
pub use function::{Error, Function, FunctionError, run};
