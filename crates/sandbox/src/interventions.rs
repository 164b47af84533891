//! Actions that wait for a call.

use std::fmt;

use crate::call::Call;
use crate::call_filter::CallFilter;

/// Runs once, immediately before the nth matching call takes effect.
pub(crate) struct Intervention {
    pub(crate) filter: CallFilter,
    /// Matching calls that pass first.
    pub(crate) skip: u64,
    pub(crate) act: Box<dyn FnOnce() + Send>,
}

impl fmt::Debug for Intervention {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Intervention")
            .field("filter", &self.filter)
            .field("skip", &self.skip)
            .finish_non_exhaustive()
    }
}

/// Takes the interventions that are due before this call out of the list.
pub(crate) fn due(all: &mut Vec<Intervention>, call: &Call) -> Vec<Box<dyn FnOnce() + Send>> {
    let mut due = Vec::new();
    for mut intervention in std::mem::take(all) {
        if !intervention.filter.matches(call) {
            all.push(intervention);
        } else if intervention.skip == 0 {
            due.push(intervention.act);
        } else {
            intervention.skip -= 1;
            all.push(intervention);
        }
    }
    due
}
