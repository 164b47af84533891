//! The judge from outside: truth tables, the whole grid of notebooks, properties, and what peers got wrong.
//!
//! A row reads `check(what it shows, the resource, the policy, the moment, what is told)`, where the last is
//! the decision on one line, as [`words::told`] writes it.
#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod notebook_world;
mod words;

mod account_defaults;
mod changes;
mod consumers;
mod containers;
mod exemptions;
mod instance_options;
mod instances;
mod killed_runs;
mod messages;
mod overrides;
mod owners;
mod rollouts;
mod sources;
mod sources_walk;
mod stable;
mod subjects;
mod surfaces;
mod usage_gate;

mod causes;
mod drift;
mod notebook_cases;
mod notebook_endings;
mod notebook_grid;
mod notebook_marks;
mod notebook_repeats;
mod notebook_walk;
mod notebooks;
mod owner_stops;

mod peers;
mod properties;
