//! What the scenarios share.
//!
//! Read in this order: [`stage`] starts an AWS on this machine with the built functions in it; [`people`] act
//! there, and may loosen; [`said`] is what the functions logged; [`audit`] holds every run against the
//! invariants; [`in_process`] hosts the functions in the process of the test, on a clock that moves by hand; [`alone`]
//! runs a scenario through the entry points of the library, on that clock; [`wire`] carries and records the requests of a run
//! that repeats itself; [`dice`] are the seeded choices of a soak.
//!
//! Everything listens on and talks to loopback only, and the environment of the functions holds nothing of
//! the developer's own.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what fails in here is a failed test"
)]

pub mod alone;
pub mod audit;
pub mod binaries;
pub mod dice;
pub mod in_process;
pub mod people;
mod rules;
pub mod said;
pub mod stage;
pub mod wire;

use std::time::Duration;

pub use dice::Dice;
pub use people::People;
pub use said::Line;
pub use stage::{Hosting, Route, Setup, Stage};
pub use wire::Wire;

/// The account of the functions.
pub const HOME: &str = "111122223333";
/// Another account of the organization, with a role for the functions.
pub const MEMBER: &str = "222233334444";
/// The Region of the functions.
pub const REGION: &str = "eu-central-1";
/// The policy document that sets only its mode.
pub const ENFORCE: &str = "version: 1\nmode: enforce\n";

/// The last day of an exemption by tag: 300 days from today, because a tag exempts for 365 days at most.
pub fn exemption_day() -> String {
    let today = jiff::tz::Offset::UTC.to_datetime(jiff::Timestamp::now()).date();
    today.checked_add(jiff::SignedDuration::from_hours(24 * 300)).unwrap().to_string()
}

/// A second, of whichever clock is asked.
pub const SECOND: Duration = Duration::from_secs(1);
/// Nothing here takes as long in real time; only a test that hangs meets it.
pub const PATIENCE: Duration = Duration::from_secs(90);
