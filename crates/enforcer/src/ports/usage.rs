//! Who still uses version 1, as CloudWatch counted it.

use std::collections::BTreeMap;
use std::future::Future;

use jiff::Timestamp;
use jiff::civil::Date;
use v2only_policy::usage::{Counted, Lately};
use v2only_policy::{InstanceId, Place};

use super::Answer;

/// A count that EC2 publishes for each instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Metric {
    /// Version-1 calls that were answered; only of instances that answer version 1.
    NoToken,
    /// Version-1 calls that were refused; only of instances that require tokens.
    NoTokenRejected,
}

impl Metric {
    /// Its name in CloudWatch.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoToken => "MetadataNoToken",
            Self::NoTokenRejected => "MetadataNoTokenRejected",
        }
    }
}

/// Recorded calls with credentials that the metadata service delivered to an IMDSv1 call, by instance and UTC day. A call
/// to another Region, or to a resource of another account, is a call of the instance too.
pub type DeliveredByV1 = BTreeMap<InstanceId, BTreeMap<Date, u64>>;

/// `cloudwatch:GetMetricData`. One call per 500 instances.
pub trait ReadUsage {
    /// The daily sums of a metric from the beginning of a UTC day until now. An instance without data is there
    /// all the same, without days.
    fn daily(
        &self,
        place: &Place,
        metric: Metric,
        ids: &[InstanceId],
        since: Date,
        now: Timestamp,
    ) -> impl Future<Output = Answer<BTreeMap<InstanceId, Counted>>> + Send;

    /// The calls that CloudTrail recorded with credentials which an instance got by IMDSv1, by UTC day. Empty where the caller has
    /// no records.
    fn delivered_by_v1(&self, _id: &InstanceId) -> BTreeMap<Date, u64> {
        BTreeMap::new()
    }

    /// What a metric comes to from a moment until now, as finely as CloudWatch has it. An instance without data is there
    /// all the same.
    fn lately(
        &self,
        place: &Place,
        metric: Metric,
        ids: &[InstanceId],
        since: Timestamp,
        now: Timestamp,
    ) -> impl Future<Output = Answer<BTreeMap<InstanceId, Lately>>> + Send;
}
