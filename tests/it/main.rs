//! Scenarios end to end: the built functions, hosted by an AWS on this machine, or the entry points of the library
//! with the real clients.
//!
//! | module | proves |
//! |---|---|
//! | [`launches`] | a launch is fixed by whichever way its event comes; what it costs; what is left alone |
//! | [`drift`] | version 1 turned back on is turned off again, until it is contested |
//! | [`notebooks`] | the whole walk of a notebook, and every way in which it ends elsewhere |
//! | [`accounts`] | which accounts are entered, how, and which are refused |
//! | [`fault_points`] | killed, or cut off, at each single call, the next delivery goes on where it stopped |
//! | [`error_codes`] | each error code of AWS at each call ends fixed, or reported, or in the dead letters |
//! | [`soak`] | under all of that at once, by seed, no invariant is broken and nothing is forgotten |
//! | [`campaign`] | beside people who act at random, no violation stays open longer than its bound, and nothing protected is touched |
//! | [`sweeps`] | the schedule finds what no event reported, in every account and Region, and goes on where it was killed |
//! | [`pacing`] | AWS's request rates are kept, not met |
//! | [`environment`] | settings, policy, network, credentials and permissions that are no good |
//! | [`lines`] | the shape of what is logged, and what is never in it |
//! | [`peers`] | what other tools for the same job got wrong; a table of where each is tested |
//! | [`automation`] | the runbooks of AWS are told to tighten, and their result is checked |
//! | [`locations`] | one execution of the central account is for all of a wave, or each place gets its own |
//! | [`trace`] | who on an instance calls version 1 is asked of Systems Manager and told |
//! | [`launched_by`] | who launched what is read as CloudTrail reports it, and nobody is guessed |
//! | [`template_editors`] | what somebody makes of a launch template meanwhile stays, and a pinned group is not called fixed |
//! | [`consumers`] | groups and fleets are judged by what they launch, and not called clean by the template that they do not follow |
//! | [`usage`] | who still uses version 1 is read as CloudWatch reports it, and decides what `enforce` changes |
//! | [`calls`] | every call is declared, with the permission it takes |
//! | [`surfaces`] | Lightsail, Image Builder, Elastic Beanstalk and EMR are read, and closed and restored where AWS lets us |
//! | [`throttled_changes`] | a change that waited because AWS throttled it rests on a new description |
//! | [`closing_first`] | tags and options beside the tokens that AWS refuses keep no instance open |
//!
//! All run the binaries, except where a module says that it calls the entry points of the library: the functions go by the
//! machine's clock, and what takes hours needs one that moves by hand.
//!
//! The soak makes 10 000 deliveries; `V2ONLY_SOAK=100000` makes more, `V2ONLY_SOAK_SEED` others.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what fails in here is a failed test"
)]

mod accounts;
mod automation;
mod calls;
mod campaign;
mod closing_first;
mod consumers;
mod drift;
mod environment;
mod error_codes;
mod fault_points;
mod large;
mod launched_by;
mod launches;
mod lines;
mod locations;
mod notebooks;
mod pacing;
mod pacing_cli;
mod peers;
mod postponed;

mod regions;
mod repointed_groups;
mod soak;
mod surfaces;
mod sweeps;
mod template_editors;
mod throttled_changes;
mod trace;
mod usage;
