//! The command from outside: what is typed goes in, and what a person sees comes out, with the exit code.
//!
//! AWS is a fake that arrives as an argument; the compiled code is the tested code. Only `process`, `demo` and
//! `sandbox` start the binary.
#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
#![expect(clippy::indexing_slicing, reason = "a wrong index is a failed test")]

mod exposure;
mod fake_aws;
mod fake_deployment;
mod fake_world;
mod guard_rules;

mod account_defaults;
mod automation;
mod endings;
mod enforce;
mod evidence;
mod exemptions;
mod from_trail;
mod gate;
mod html_report;
mod import;
mod inventory;
mod launched;
mod outputs;
mod plan;
mod replay;
mod replay_inputs;
mod rollback;
mod scan;
mod selection;
mod sources;
mod surfaces;
mod tables;
mod trace;
mod trace_at_boot;
mod uninstall_plan;
mod usage;
mod validate;
mod waves;

mod accounts;
mod bad_input;
mod check;
mod check_options;
mod check_outputs;
mod demo;
mod doctor;
mod policies;
mod process;
mod sandbox;
