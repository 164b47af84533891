//! Launches whose own record already said they are compliant, remembered for a quarter of an hour.
//!
//! Every launch is followed by a state-change notification, which is the back-stop for launches whose
//! record was lost or cut short. Without this memory each compliant launch would cost a description only to
//! learn what its record said. It is a saving and nothing more: it lives in the process, it may be empty at
//! any time, and a later loosening raises an event of its own, which never asks here.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use v2only_policy::{InstanceId, Place};

const KEPT_FOR: SignedDuration = SignedDuration::from_mins(15);
const AT_MOST: usize = 10_000;

/// Instances launched compliant a short while ago.
#[derive(Debug, Default)]
pub struct RecentLaunches(Mutex<HashMap<(Place, InstanceId), Timestamp>>);

impl RecentLaunches {
    /// Remembers an instance whose launch record said it is compliant.
    pub fn remember(&self, place: &Place, id: &InstanceId, now: Timestamp) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= AT_MOST {
            known.retain(|_, at| now.duration_since(*at) < KEPT_FOR);
        }
        if known.len() < AT_MOST {
            known.insert((place.clone(), id.clone()), now);
        }
    }

    /// Forgets an instance: something has been asked of its options since.
    pub fn forget(&self, place: &Place, id: &InstanceId) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.remove(&(place.clone(), id.clone()));
    }

    /// Whether its launch record said it is compliant, a short while ago.
    pub fn knows(&self, place: &Place, id: &InstanceId, now: Timestamp) -> bool {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(&(place.clone(), id.clone())).is_some_and(|at| now.duration_since(*at) < KEPT_FOR)
    }
}
