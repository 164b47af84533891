//! One file, or folder, for each command.

pub mod check;
pub mod completions;
pub mod demo;
pub mod diff;
pub mod doctor;
pub mod enforce;
pub mod gate;
pub mod man;
pub mod plan;
pub mod policies;
pub mod readiness;
pub mod replay;
pub mod rollback;
pub mod sandbox;
pub mod scan;
pub mod uninstall_plan;
pub mod validate;

mod from_trail;
mod trace;
