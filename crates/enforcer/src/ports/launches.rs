//! Who launched what, as CloudTrail recorded it.

use std::future::Future;

use jiff::Timestamp;
use serde_json::Value;
use v2only_policy::{InstanceId, Place};

use super::{Answer, Page};

/// `cloudtrail:LookupEvents`. One call per page of 50 events.
pub trait LookUpLaunches {
    /// The records of launches on one page of the events that name an instance, the newest first, of the last 90 days
    /// until then.
    fn launches(
        &self,
        place: &Place,
        id: &InstanceId,
        until: Option<Timestamp>,
        next: Option<String>,
    ) -> impl Future<Output = Answer<Page<Value>>> + Send;
}
