//! Whether an installation of v2only is complete, and how it is removed.
//!
//! Read in this order: [`expected`] is what `infra/` ships; [`ports`] is how AWS is read, and [`snapshot`] holds what
//! AWS answered; [`judge`] compares the two and names the command that repairs each difference; [`removal`] puts the
//! existing pieces into the order in which they can be removed. Everything but [`snapshot::read`] is pure.
//!
//! What could not be read is [`State::Unread`] and never [`State::Ok`].
//!
//! Knows: the names and settings that `infra/` ships, commands of the AWS CLI.
//! Must never know: SDK types, flags, colours, the environment. It is never part of a released function.

pub mod expected;
pub mod ports;
pub mod snapshot;

mod finding;

pub mod command;
pub mod judge;
pub mod removal;

#[cfg(test)]
mod tests;

pub use finding::{DoctorFinding, NOT_CHECKED, Site, State};
