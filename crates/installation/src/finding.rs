//! Findings about an installation: one for each piece and problem.

use v2only_enforcer::{Failure, Kind};
use v2only_policy::Place;

use crate::command::Command;

/// The role of an account and Region in an installation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Site {
    /// The functions, for this account and Region alone.
    Alone,
    /// The functions, for an organization.
    Hub,
    /// Rules that forward to the central bus, and roles that let the functions in.
    Member {
        /// Where the functions are.
        hub: Place,
    },
}

/// The state of a piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// It differs from what is shipped, or is missing.
    Problem,
    /// It could not be read, or what was read does not tell.
    Unread,
    /// As it is shipped, and may not do what the policy document expects of it.
    Warning,
    /// As it should be.
    Ok,
}

impl State {
    /// A stable word.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Problem => "problem",
            Self::Unread => "could not be checked",
            Self::Warning => "warning",
            Self::Ok => "ok",
        }
    }
}

/// The state of one piece. A piece with several problems has several findings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DoctorFinding {
    /// Where it is.
    pub place: Place,
    /// What it is: `trail`, `rule`, `queue` and so on.
    pub piece: &'static str,
    /// Its name.
    pub name: String,
    /// Its state.
    pub state: State,
    /// Why, in a few words.
    pub why: String,
    /// The command that repairs it; `None` where nothing is wrong.
    pub command: Option<Command>,
}

/// What `doctor` does not check. Every run prints the list, so that nobody takes silence for health.
pub const NOT_CHECKED: [&str; 5] = [
    "the statements of the functions' roles: `tests/infra` holds what is shipped against `policies/iam`, and what an \
     account made of it since shows in the functions' log",
    "log groups, metric filters, alarms and the dashboard",
    "keys of KMS: whether their policies let EventBridge, SQS and Lambda use them",
    "targets beside our own on our rules, and rules that send elsewhere",
    "the StackSet: accounts and Regions that it has not reached show when they are named",
];

/// Collects the findings about one account and Region.
pub(crate) struct Report<'a> {
    pub place: &'a Place,
    pub findings: Vec<DoctorFinding>,
}

impl<'a> Report<'a> {
    pub const fn at(place: &'a Place) -> Self {
        Self { place, findings: Vec::new() }
    }

    pub fn say(
        &mut self,
        piece: &'static str,
        name: &str,
        state: State,
        why: impl Into<String>,
        command: Option<Command>,
    ) {
        let (place, name, why) = (self.place.clone(), name.to_owned(), why.into());
        self.findings.push(DoctorFinding { place, piece, name, state, why, command });
    }

    pub fn ok(&mut self, piece: &'static str, name: &str, why: impl Into<String>) {
        self.say(piece, name, State::Ok, why, None);
    }

    pub fn problem(&mut self, piece: &'static str, name: &str, why: impl Into<String>, fix: Command) {
        self.say(piece, name, State::Problem, why, Some(fix));
    }

    pub fn unread(&mut self, piece: &'static str, name: &str, failure: &Failure) {
        // One file has every permission that `doctor` needs; for other failures no permission would help.
        let command =
            (failure.kind == Kind::Denied).then(|| Command::ours(["policies", "show", "iam/role-doctor"]));
        self.say(piece, name, State::Unread, failure.to_string(), command);
    }

    /// Adds one finding for each problem, or one that nothing is wrong.
    pub fn piece(&mut self, piece: &'static str, name: &str, well: &str, problems: Vec<(String, Command)>) {
        if problems.is_empty() {
            self.ok(piece, name, well);
        }
        for (why, fix) in problems {
            self.problem(piece, name, why, fix);
        }
    }
}
