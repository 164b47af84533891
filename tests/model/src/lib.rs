//! Every interleaving of the use cases with faults, people and each other.
//!
//! The use cases of `v2only-enforcer` are asynchronous over ports. Here each call of a port waits until the explorer answers, so that an
//! interleaving is a sequence of choices: which actor gets its next answer, which call fails, who is killed, what a person does.
//! [`explore`] takes every choice in every state, and each state once.
//!
//! Read in this order: [`resources`] is what there is; [`call`] is what actors ask; [`world`] is what answers; [`line`] and [`ports`]
//! connect the real code; [`actor`] starts it; [`behaviour`] remembers what it does after which answers; [`state`] is one state, and
//! [`moves`] its steps; [`invariants`] is what must hold; [`calm`] follows each state to an end; [`explore`] does it for all; [`scenario`] is what is
//! explored, and [`mutation`] what the explorer has to find.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a failed unwrap is a failed exploration"
)]

pub mod call;
pub mod clock;
pub mod resources;
pub mod world;

pub mod line;
pub mod mutation;
pub mod ports;
pub mod template_ports;
pub mod words;

pub mod actor;
pub mod behaviour;

pub mod fingerprint;
pub mod invariants;
pub mod moves;
pub mod state;
pub mod step;

pub mod calm;
pub mod explore;
pub mod scenario;
