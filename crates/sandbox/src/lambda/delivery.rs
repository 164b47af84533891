//! From an event on the bus to a function, with everything AWS does in between.
//!
//! ```text
//! EventBus ─► Rule ─► queue ─► event source mapping ─► Function ─► done
//!               │                      └─► back to the queue ─► dead-letter queue
//!               └──► Function (asynchronous) ─► retry, retry ─► failure record
//! ```

mod asynchronous;
mod batch;
mod inner;
mod ledger;
mod mapping;
mod pattern;
mod rule;
mod settle;
mod wiring;

pub use ledger::{Attempt, FailedEvent, Ledger};
pub use mapping::{EventSource, MappingError};
pub use pattern::{Pattern, PatternError};
pub use rule::{AsyncConfig, Rule, Target};
pub use settle::Unsettled;
pub use wiring::Wiring;

#[cfg(test)]
mod tests;
