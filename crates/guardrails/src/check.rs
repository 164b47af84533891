//! Reads a policy that somebody else wrote: what is wrong with it, and what it does to the requests that
//! matter here.
//!
//! Read in this order: [`read`](mod@read) turns text into a [`Policy`] that knows its lines; [`table`] is
//! what AWS documents of keys; `lints` holds one mistake a file; `evaluate` decides a request, and
//! [`effects`] are the requests it is asked about. [`recorded`] turns calls that really happened into requests, and
//! [`impact`] sums up what the policy does to them. [`administrator`] asks whether a role's policies give away the account.

pub mod administrator;
pub mod effects;
pub mod impact;
pub mod read;
pub mod recorded;
mod table;

mod evaluate;
mod finding;
mod glob;
mod lints;
mod names;
mod wanted;

use crate::Settings;

pub use effects::{Case, Effects, Outcome};
pub use evaluate::Request;
pub use finding::{Against, Attachment, Finding, Level};
pub use lints::CODES;
pub use read::{Invalid, Policy};
pub use wanted::{WantedCalls, wanted_calls};

/// Everything said of a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// What is wrong, in the order of the text.
    pub findings: Vec<Finding>,
    /// What it does to the requests that matter here.
    pub effects: Effects,
}

/// Checks a policy.
///
/// # Errors
/// The text is no JSON, or no policy.
pub fn check(text: &str, against: Against<'_>) -> Result<Report, Invalid> {
    let policy = read::read(text)?;
    // Without settings of the user's own, the partition is the one that the policy names.
    let named = (!against.own).then(|| lints::partition(&policy)).flatten();
    let settings = named.map(|partition| Settings { partition, ..against.settings.clone() });
    let against = Against { settings: settings.as_ref().unwrap_or(against.settings), ..against };
    let mut findings = lints::run(&policy, text, against);
    findings.sort_by(|one, other| (one.at, one.code).cmp(&(other.at, other.code)));
    let effects = effects::of(&policy, against);
    Ok(Report { findings, effects })
}
