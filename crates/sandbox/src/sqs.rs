//! SQS: standard queues over JSON 1.0, with redrive to dead-letter queues.
//!
//! Knows: queues, messages, visibility, receipts, on the sandbox's clock.
//! Must never know: who reads a queue, and what the messages mean.
//!
//! Left out: FIFO queues, long polling (a receive answers at once), policies, encryption, binary
//! message attributes, the limit of 120 000 messages in flight.

mod attributes;
mod errors;
mod md5;
mod message;
mod name;
mod operations;
mod queue;
mod service;
mod state;

pub use attributes::{RedrivePolicy, Settings};
pub use errors::ReceiptError;
pub use message::Message;
pub use name::QueueName;
pub(crate) use operations::{answer, system_attributes};
pub use queue::{Counts, Draft};
pub use service::Sqs;
pub(crate) use state::State;

#[cfg(test)]
mod tests;
