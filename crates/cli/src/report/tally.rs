//! The numbers of a run, counted while its findings are written.

use std::collections::BTreeMap;

use jiff::civil::Date;
use v2only_enforcer::exemptions::Met;
use v2only_policy::Place;

use crate::report::causes::Causes;
use crate::report::item::Item;
use crate::report::totals::Totals;

/// What is counted of each finding.
pub(crate) struct Tally {
    today: Date,
    pub(crate) totals: Totals,
    pub(crate) causes: Causes,
    /// The exemptions that were used.
    pub(crate) exemptions: Met,
    /// How many resources of each account and Region were found.
    pub(crate) found: BTreeMap<Place, usize>,
}

impl Tally {
    /// Nothing is counted yet.
    pub(crate) fn new(today: Date) -> Self {
        Self {
            today,
            totals: Totals::default(),
            causes: Causes::default(),
            exemptions: Met::default(),
            found: BTreeMap::new(),
        }
    }

    /// Counts one resource.
    pub(crate) fn add(&mut self, item: &Item<'_>) {
        let place = &item.record.place;
        self.totals.add(item.record);
        if let Some(cause) = item.cause {
            self.causes.add(place, cause, item.launcher);
        }
        if let Some(judged) = item.judged {
            self.exemptions.take(judged, place, self.today);
        }
        match self.found.get_mut(place) {
            Some(number) => *number += 1,
            None => {
                self.found.insert(place.clone(), 1);
            }
        }
    }
}
