//! The result of the waves of an `enforce`.

use v2only_enforcer::waves::{Stage, Stop, Watched};

/// What came of the waves, beside the records, which are kept elsewhere.
#[derive(Debug, Default)]
pub(crate) struct RolloutResult {
    /// Each wave that began.
    pub(crate) waves: Vec<WaveResult>,
    /// What is known at the end of the instances that lost version 1, if it was asked for.
    pub(crate) watched: Option<Watched>,
    /// Why the rest was left, if it was.
    pub(crate) stopped: Option<Stop>,
    /// Whether there were bounds.
    pub(crate) bounded: bool,
    /// Whether AWS refused one execution for several accounts and Regions.
    pub(crate) apart: bool,
    /// How many changes failed so far.
    pub(crate) failed: usize,
    /// The instances that lost version 1 so far, by number.
    pub(crate) lost: Vec<usize>,
    /// The changes that were not tried, by number.
    pub(crate) left: Vec<usize>,
}

/// A wave that began.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WaveResult {
    pub(crate) stage: Stage,
    pub(crate) changes: usize,
    pub(crate) failed: usize,
}
