//! Scenarios of the entry points for events, over an AWS in memory.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a failed unwrap is a failed test"
)]

mod estate;
mod fake;
mod writers;

mod automation;
mod closing_first;
mod drift;
mod enforced;
mod events;
mod instances;
mod launch_sources;
mod launchers;
mod meanwhile;
mod notebooks;
mod owner_stops;
mod policy_source;
mod readiness;
mod recorded_changes;
mod records;
mod refused_for_now;
mod repointed;
mod restored;
mod review;
mod rollback;
mod root_causes;
mod scans;
mod siblings;
mod source_changes;
mod source_scans;
mod stop;
mod sweep;
mod sweep_bounds;
mod sweep_failures;
mod sweep_history;
mod templates;
mod traces;
