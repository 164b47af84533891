//! Scenarios of the event doors, over an AWS in memory.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a failed unwrap is a failed test"
)]

mod estate;
mod fake;

mod automation;
mod instances;
mod meanwhile;
mod notebooks;
mod policy_source;
mod review;
mod stop;
mod sweep;
