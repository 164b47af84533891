//! Reads a policy that somebody else wrote: what is wrong with it, and what it does to the requests that
//! matter here.
//!
//! Read in this order: [`read`](mod@read) turns text into a [`Policy`] that knows its lines; [`table`] is
//! what AWS documents of keys; `lints` holds one mistake a file; `evaluate` decides a request, and
//! [`effects`] are the requests it is asked about.

pub mod effects;
pub mod read;
mod table;

mod evaluate;
mod glob;
mod lints;
mod names;

use crate::{Mark, Settings};

pub use effects::{Case, Effects, Outcome};
pub use evaluate::Request;
pub use lints::CODES;
pub use read::{Invalid, Policy};

/// What a policy is attached as, which decides what an `Allow` means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attachment {
    /// A service control policy: filters what others grant.
    Scp,
    /// An identity policy, a boundary, or the policy of a role.
    Identity,
}

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Worth knowing.
    Note,
    /// Probably not what was meant.
    Warning,
    /// It does not do what it says, or does harm.
    Error,
}

/// Something wrong with a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What kind of mistake; one of [`CODES`].
    pub code: &'static str,
    /// How bad it is.
    pub level: Level,
    /// Where it stands.
    pub at: Mark,
    /// The statement: its `Sid`, or its number from 1; `None` if it is about the whole policy.
    pub statement: Option<String>,
    /// What is wrong, in one sentence.
    pub message: String,
    /// What to write, or do, instead.
    pub instead: String,
}

/// Everything said of a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// What is wrong, in the order of the text.
    pub findings: Vec<Finding>,
    /// What it does to the requests that matter here.
    pub effects: Effects,
}

/// What a policy is compared with.
#[derive(Debug, Clone, Copy)]
pub struct Against<'a> {
    /// The names of our roles, and who is exempt.
    pub settings: &'a Settings,
    /// Whether the settings are the user's own. If not, a role that they do not name is no finding.
    pub own: bool,
    /// What the policy is attached as.
    pub attachment: Attachment,
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
