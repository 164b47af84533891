//! Whether an installation is whole, and how it is taken out again.
//!
//! Read in this order: [`expected`] is what `infra/` ships; [`seen`] reads what is there; [`judge`] compares the two
//! and says with which command each difference is mended; [`removal`] puts what is there into the order in which it
//! can be removed. Everything but [`seen::read`] is pure.
//!
//! What could not be read is [`State::Unread`] and never [`State::Ok`].

pub mod expected;
pub mod seen;

pub mod command;
pub mod judge;
pub mod removal;

#[cfg(test)]
mod tests;

use v2only_policy::Place;

use crate::failure::{Failure, Kind};
use command::Command;

/// What a place is to an installation.
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

/// How a piece is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// It differs from what is shipped, or is missing.
    Problem,
    /// It could not be read, or what was read does not tell.
    Unread,
    /// As it should be.
    Ok,
}

impl State {
    /// A stable word.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Problem => "problem",
            Self::Unread => "could not be checked",
            Self::Ok => "ok",
        }
    }
}

/// What is said of one piece. A piece with several problems has several findings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Where it is.
    pub place: Place,
    /// What it is: `trail`, `rule`, `queue` and so on.
    pub piece: &'static str,
    /// Its name.
    pub name: String,
    /// How it is.
    pub state: State,
    /// Why, in a few words.
    pub why: String,
    /// What to type about it; nothing where all is well.
    pub command: Option<Command>,
}

/// What no finding is about. Said with every run, so that silence is not taken for health.
pub const NOT_LOOKED_AT: [&str; 5] = [
    "the statements of the functions' roles: `tests/infra` holds what is shipped against `policies/iam`, and what an \
     account made of it since shows in the functions' log",
    "log groups, metric filters, alarms and the dashboard",
    "keys of KMS: whether their policies let EventBridge, SQS and Lambda use them",
    "targets beside our own on our rules, and rules that send elsewhere",
    "the StackSet: accounts and Regions that it has not reached show when they are named",
];

/// Where findings about one place are put together.
struct Desk<'a> {
    place: &'a Place,
    findings: Vec<Finding>,
}

impl<'a> Desk<'a> {
    const fn at(place: &'a Place) -> Self {
        Self { place, findings: Vec::new() }
    }

    fn say(
        &mut self,
        piece: &'static str,
        name: &str,
        state: State,
        why: impl Into<String>,
        command: Option<Command>,
    ) {
        let (place, name, why) = (self.place.clone(), name.to_owned(), why.into());
        self.findings.push(Finding { place, piece, name, state, why, command });
    }

    fn ok(&mut self, piece: &'static str, name: &str, why: impl Into<String>) {
        self.say(piece, name, State::Ok, why, None);
    }

    fn problem(&mut self, piece: &'static str, name: &str, why: impl Into<String>, mend: Command) {
        self.say(piece, name, State::Problem, why, Some(mend));
    }

    fn unread(&mut self, piece: &'static str, name: &str, failure: &Failure) {
        // What it takes is in one file; other failures name no permission that would help.
        let command =
            (failure.kind == Kind::Denied).then(|| Command::ours(["policies", "show", "iam/role-doctor"]));
        self.say(piece, name, State::Unread, failure.to_string(), command);
    }

    /// One finding for each problem, or one that all is well.
    fn piece(&mut self, piece: &'static str, name: &str, well: &str, problems: Vec<(String, Command)>) {
        if problems.is_empty() {
            self.ok(piece, name, well);
        }
        for (why, mend) in problems {
            self.problem(piece, name, why, mend);
        }
    }
}
