//! CloudTrail: the events of the last 90 days, of those that this AWS published.
//!
//! Not simulated: the minutes that an event takes to get there.

mod lookup_events;

use crate::call::{Answer, Call};
use crate::error::AwsError;
use crate::throttle::Limit;
use crate::world::World;

pub(crate) fn answer(world: &World, call: &Call) -> Result<Answer, AwsError> {
    match call.action.as_str() {
        "LookupEvents" => lookup_events::answer(world, call),
        other => Err(AwsError::not_simulated(format!("operation {other} of cloudtrail"))),
    }
}

/// Two requests a second; AWS documents no burst.
pub(crate) fn limits(call: &Call) -> Vec<Limit> {
    match call.action.as_str() {
        "LookupEvents" => vec![Limit::requests("LookupEvents", 2.0, 2.0)],
        _ => Vec::new(),
    }
}
