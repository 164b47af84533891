//! The numbers of a run, counted while its findings are written.

use jiff::civil::Date;
use v2only_enforcer::exemptions::Met;

use crate::report::item::Item;
use crate::report::totals::Totals;

/// What is counted of each finding.
pub(crate) struct Tally {
    today: Date,
    pub(crate) totals: Totals,
    /// The exemptions that were used.
    pub(crate) exemptions: Met,
}

impl Tally {
    /// Nothing is counted yet.
    pub(crate) fn new(today: Date) -> Self {
        Self { today, totals: Totals::default(), exemptions: Met::default() }
    }

    /// Counts one resource.
    pub(crate) fn add(&mut self, item: &Item<'_>) {
        self.totals.add(item.record);
        if let Some(judged) = item.judged {
            self.exemptions.take(judged, &item.record.place, self.today);
        }
    }
}
