//! The order of steps: which resources, describe, judge, plan, apply, record.
//!
//! Read in this order: [`ports`] is all that AWS is asked for, one trait per permission; [`failure`] says
//! what each failure means for the caller; [`record`] is what is said of each resource; [`instances`] and
//! [`notebooks`] carry plans out, [`sources`] is what instances take their options from, [`surfaces`] is what else states metadata options, and [`history`] what
//! CloudTrail says of their earlier states. The entry points are [`invocation`] for events, [`sweep`] for the
//! schedule, and [`scan`], [`enforce`] with its [`waves`], [`rollback`] and [`gate`] for people. A [`second_look`]
//! precedes every change. [`automation`] has runbooks make the changes, [`launchers`] finds out who launched
//! what, and [`trace_imds`] finds the processes on an instance that call IMDSv1.
//!
//! Knows: ports, triggers, the order of steps, retry or not, records.
//! Must never know: SDK types, Lambda, flags, colours; and it never decides: that is `v2only-policy`.

pub mod existing;
pub mod failure;
pub mod kinds;
pub mod ports;
pub mod record;

mod counts;
mod log_entry;

pub mod history;
pub mod instances;
pub mod notebooks;
pub mod software;
pub mod sources;
pub mod surfaces;
pub mod usage;

pub mod invocation;
pub mod policy_source;
pub mod recent;

pub mod automation;
pub mod enforce;
pub mod exemptions;
pub mod gate;
pub mod inventory;
pub mod launchers;
pub mod readiness;
pub mod rollback;
pub mod scan;
pub mod second_look;
mod siblings;
pub mod sweep;
mod template_exemptions;
pub mod trace_imds;
pub mod waves;

pub use counts::{Counts, SweepCounts};
pub use failure::{Disposition, Failure, Kind};
pub use log_entry::LogEntry;
pub use record::{Outcome, Record, ResourceId};
