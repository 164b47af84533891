//! Whether the next wave may begin.

use std::collections::BTreeMap;
use std::fmt;

use v2only_policy::instance::HttpTokens;
use v2only_policy::usage::{Calls, Lately};
use v2only_policy::{InstanceId, Place};

use super::{Portion, Rollout};
use crate::record::{Posture, Record, ResourceId};

/// Instances that lost version 1 in this run, by whether they still ask for it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Watched {
    /// Those whose calls were refused, and how many calls.
    pub rejecting: BTreeMap<(Place, InstanceId), u64>,
    /// Those without such calls, in what data there is.
    pub quiet: usize,
    /// Those without data, or with only a part of it.
    pub unknown: usize,
}

/// What CloudWatch said of an instance, if it was asked.
pub type Refusals = BTreeMap<(Place, InstanceId), Lately>;

impl Watched {
    /// Sorts instances by what is known of them. One that was not answered for is unknown.
    pub fn of(instances: &[(Place, InstanceId)], refusals: &Refusals) -> Self {
        let mut watched = Self::default();
        for it in instances {
            match refusals.get(it).map_or(Calls::Unknown, Lately::calls) {
                Calls::Some(calls) => drop(watched.rejecting.insert(it.clone(), calls)),
                Calls::None => watched.quiet += 1,
                Calls::Unknown => watched.unknown += 1,
            }
        }
        watched
    }

    /// Adds what is known of others.
    pub fn add(&mut self, others: Self) {
        self.rejecting.extend(others.rejecting);
        self.quiet += others.quiet;
        self.unknown += others.unknown;
    }

    /// All of them.
    pub fn len(&self) -> usize {
        self.rejecting.len() + self.quiet + self.unknown
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// The instances that lost version 1: only of these does CloudWatch count refusals that came of it.
pub fn watched(records: &[Record]) -> Vec<(Place, InstanceId)> {
    let lost = |record: &&Record| {
        let closed = |posture| matches!(posture, Some(Posture::Options(record)) if record.http_tokens == HttpTokens::Required);
        !closed(record.before) && closed(record.after)
    };
    let id = |record: &Record| match &record.resource {
        ResourceId::Instance(id) => Some((record.place.clone(), id.clone())),
        _ => None,
    };
    records.iter().filter(lost).filter_map(id).collect()
}

/// Why no further wave begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stop {
    /// More changes failed than may.
    Errors {
        /// Those that failed.
        failed: usize,
        /// All that there are.
        of: usize,
        /// What may fail.
        tolerated: Portion,
    },
    /// More instances than may still call IMDSv1.
    Rejecting {
        /// Those that do.
        instances: usize,
        /// Those that lost version 1 in this run.
        of: usize,
        /// What may.
        tolerated: Portion,
    },
    /// Whether they do could not be read.
    Unread(String),
    /// A person interrupted the run.
    Interrupted,
}

impl Stop {
    /// A stable word.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Errors { .. } => "errors",
            Self::Rejecting { .. } => "rejecting",
            Self::Unread(_) => "unread",
            Self::Interrupted => "interrupted",
        }
    }
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Errors { failed, of, tolerated } => {
                write!(f, "{failed} of {of} changes failed, more than `--max-errors {tolerated}`")
            }
            Self::Rejecting { instances, of, tolerated } => write!(
                f,
                "{instances} of {of} instances that lost IMDSv1 still ask for it, more than `--max-rejecting {tolerated}`"
            ),
            Self::Interrupted => f.write_str("the run was interrupted"),
            Self::Unread(why) => {
                write!(f, "whether instances that lost IMDSv1 still ask for it could not be read: {why}")
            }
        }
    }
}

/// Whether the next wave may begin.
///
/// What is unknown does not end a run: instances that are stopped, or young, or monitored coarsely never have data in
/// time. The caller says how many they are.
///
/// # Errors
/// Why not.
pub fn go_on(rollout: &Rollout, failed: usize, of: usize, watched: &Watched) -> Result<(), Stop> {
    if failed > rollout.max_errors.of(of) {
        return Err(Stop::Errors { failed, of, tolerated: rollout.max_errors });
    }
    let (instances, all) = (watched.rejecting.len(), watched.len());
    if instances > rollout.max_rejecting.of(all) {
        return Err(Stop::Rejecting { instances, of: all, tolerated: rollout.max_rejecting });
    }
    Ok(())
}
