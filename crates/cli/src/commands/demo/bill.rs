//! What it cost: calls as the embedded AWS counted them, invocations, messages.

use std::collections::BTreeMap;
use std::time::Duration;

use v2only_sandbox::CallRecord;
use v2only_sandbox::lambda::FunctionHost;

use super::stage::{Stage, is_ours};

/// Whether a call changes nothing. Whatever is not known to read counts as a change.
fn only_reads(name: &str) -> bool {
    let action = name.rsplit(':').next().unwrap_or(name);
    ["Describe", "List", "Get", "Lookup"].iter().any(|it| action.starts_with(it)) || action == "AssumeRole"
}

/// The calls of the functions, by action.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Calls(pub(super) BTreeMap<String, u64>);

impl Calls {
    /// Those of the functions among all calls; people's calls are not theirs.
    pub(super) fn of(records: &[CallRecord]) -> Self {
        let mut counts = BTreeMap::new();
        for record in records.iter().filter(|it| is_ours(&it.principal)) {
            *counts.entry(record.name()).or_default() += 1;
        }
        Self(counts)
    }

    pub(super) fn total(&self) -> u64 {
        self.0.values().sum()
    }

    /// How many of them changed something, or could have.
    pub(super) fn writes(&self) -> u64 {
        self.0.iter().filter(|(name, _)| !only_reads(name)).map(|(_, count)| count).sum()
    }

    /// The calls since an earlier count.
    pub(super) fn since(&self, earlier: &Self) -> Self {
        let before = |name| earlier.0.get(name).copied().unwrap_or_default();
        let later = self.0.iter().map(|(name, count)| (name.clone(), count - before(name)));
        Self(later.filter(|(_, count)| *count > 0).collect())
    }
}

/// Everything that is paid for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Bill {
    /// Of the first delivery of every event.
    pub(super) calls: Calls,
    /// Launches whose record said that they are compliant, and what they cost.
    pub(super) free_launches: u64,
    pub(super) free_launch_calls: u64,
    pub(super) messages: u64,
    pub(super) retried: u64,
    pub(super) dead_letters: usize,
    pub(super) invocations: u64,
    pub(super) cold_starts: Vec<Duration>,
}

impl Bill {
    /// What was spent until now. `free` was spent before anything violated the policy.
    pub(super) fn so_far(stage: &Stage, free_launches: u64, free: &Calls) -> Self {
        Self {
            calls: Calls::of(&stage.aws.calls()),
            free_launches,
            free_launch_calls: free.total(),
            messages: stage.handled(),
            retried: stage.retried(),
            dead_letters: stage.left_over().0,
            invocations: stage.hosts.iter().map(FunctionHost::invocations).sum(),
            cold_starts: stage.hosts.iter().flat_map(FunctionHost::init_durations).collect(),
        }
    }
}
