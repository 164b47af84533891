//! The waves of an `enforce`. Published: fields are only ever added.

use serde::Serialize;
use v2only_enforcer::waves::Watched;

use crate::run::rollout::{RolloutResult, WaveResult};

/// The waves that began, what is known of the instances that lost version 1, and why the rest was left.
#[derive(Debug, Serialize)]
pub(crate) struct RolloutV1 {
    waves: Vec<WaveV1>,
    /// `null` where it was not asked.
    watched: Option<WatchedV1>,
    stopped: Option<StoppedV1>,
}

#[derive(Debug, Serialize)]
struct WaveV1 {
    stage: &'static str,
    changes: usize,
    failed: usize,
}

/// Instances that lost version 1. `unknown` counts those without data, which is not zero.
#[derive(Debug, Serialize)]
struct WatchedV1 {
    rejecting: Vec<RejectingV1>,
    quiet: usize,
    unknown: usize,
}

#[derive(Debug, Serialize)]
struct RejectingV1 {
    account: String,
    region: String,
    id: String,
    metadata_no_token_rejected: u64,
}

#[derive(Debug, Serialize)]
struct StoppedV1 {
    because: &'static str,
    words: String,
}

impl RolloutV1 {
    /// Nothing where there were no bounds.
    pub(crate) fn of(it: &RolloutResult) -> Option<Self> {
        if !it.bounded {
            return None;
        }
        let wave =
            |it: &WaveResult| WaveV1 { stage: it.stage.code(), changes: it.changes, failed: it.failed };
        let stopped = it.stopped.as_ref().map(|it| StoppedV1 { because: it.code(), words: it.to_string() });
        Some(Self {
            waves: it.waves.iter().map(wave).collect(),
            watched: it.watched.as_ref().map(Into::into),
            stopped,
        })
    }
}

impl From<&Watched> for WatchedV1 {
    fn from(it: &Watched) -> Self {
        let rejecting = it.rejecting.iter().map(|((place, id), calls)| RejectingV1 {
            account: place.account.to_string(),
            region: place.region.to_string(),
            id: id.to_string(),
            metadata_no_token_rejected: *calls,
        });
        Self { rejecting: rejecting.collect(), quiet: it.quiet, unknown: it.unknown }
    }
}
