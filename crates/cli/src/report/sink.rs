//! The one way out for the findings of `scan` and `enforce`, whatever the format.

use std::collections::BTreeMap;
use std::io;

use jiff::Timestamp;
use v2only_policy::{Place, Policy};

use crate::report::headline::Scope;
use crate::report::item::Item;
use crate::report::rollout_v1::RolloutV1;
use crate::report::totals::Totals;
use crate::run::absent::Absent;
use crate::run::accounts::AccountNames;
use crate::run::exemptions::ExemptionReport;
use crate::run::inventory::Coverage;
use crate::run::survey::LocationSurvey;
use crate::term::exit::Exit;
use crate::term::problem::Stop;

/// Writes the findings of one run in one format.
pub(crate) trait Sink {
    /// Writes what comes before the findings.
    ///
    /// # Errors
    /// The output cannot be written.
    fn begin(&mut self) -> io::Result<()> {
        Ok(())
    }

    /// Takes one resource.
    ///
    /// # Errors
    /// The output, or a temporary file, cannot be written.
    fn finding(&mut self, item: &Item<'_>) -> Result<(), Stop>;

    /// Writes what comes after the findings.
    ///
    /// # Errors
    /// The output cannot be written, or a temporary file cannot be read again.
    fn end(&mut self, tail: &Tail<'_>) -> Result<(), Stop>;
}

/// What is known of a run before its first finding.
#[derive(Clone, Copy)]
pub(crate) struct Head<'a> {
    pub(crate) command: &'static str,
    pub(crate) now: Timestamp,
    pub(crate) places: &'a [&'a Place],
    pub(crate) policy: &'a Policy,
    pub(crate) scope: Scope,
    pub(crate) accounts: &'a AccountNames,
}

/// What is known of a run after its last finding.
pub(crate) struct Tail<'a> {
    pub(crate) exit: Exit,
    pub(crate) totals: &'a Totals,
    pub(crate) surveys: &'a [LocationSurvey],
    pub(crate) exemptions: &'a [ExemptionReport],
    pub(crate) calls: &'a BTreeMap<&'static str, u64>,
    pub(crate) journal: Option<String>,
    pub(crate) rollout: Option<RolloutV1>,
    pub(crate) coverage: Option<&'a Coverage>,
    /// The resources of `--only` that none of the accounts and Regions has.
    pub(crate) absent: &'a [Absent],
}

/// Prints nothing.
pub(crate) struct Nothing;

impl Sink for Nothing {
    fn finding(&mut self, _: &Item<'_>) -> Result<(), Stop> {
        Ok(())
    }

    fn end(&mut self, _: &Tail<'_>) -> Result<(), Stop> {
        Ok(())
    }
}
