//! Scenarios of the entry points for events, over an AWS in memory.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a failed unwrap is a failed test"
)]

mod estate;
mod fake;

mod automation;
mod closing_first;
mod instances;
mod meanwhile;
mod notebooks;
mod owner_stops;
mod policy_source;
mod review;
mod siblings;
mod stop;
mod sweep;
mod templates;
