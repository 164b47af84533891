//! What a check of a policy reports, and what it compares the policy with.

use super::read::Statement;
use crate::{Mark, Settings};

/// What a policy is attached as, which decides what an `Allow` means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attachment {
    /// A service control policy: filters what others grant.
    Scp,
    /// A resource control policy: what resources refuse, whoever asks.
    Rcp,
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
    /// What kind of mistake; one of `CODES`.
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

/// A finding about a statement.
pub fn about(
    code: &'static str,
    level: Level,
    statement: &Statement,
    at: Mark,
    message: impl Into<String>,
    instead: impl Into<String>,
) -> Finding {
    Finding {
        code,
        level,
        at,
        statement: Some(statement.name.clone()),
        message: message.into(),
        instead: instead.into(),
    }
}
