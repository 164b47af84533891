//! Callers whose credentials the metadata service delivered to an IMDSv1 call.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::Offset;
use v2only_events::{RecordedCall, RoleDelivery};
use v2only_policy::{InstanceId, Place};

/// A role on an instance.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeliveryKey {
    /// The account and Region of the calls.
    pub place: Place,
    /// The ARN of the role, or the name where the record has no ARN.
    pub role: String,
    /// The instance: EC2 names the session after it.
    pub instance: Option<InstanceId>,
}

/// The calls of a role on an instance.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Deliveries {
    /// Calls with credentials that were delivered to an IMDSv1 call. Copies of a record count again.
    pub v1_calls: u64,
    /// These calls by UTC day, as far as their records have a time.
    pub v1_days: BTreeMap<Date, u64>,
    /// The last of these calls.
    pub last_v1: Option<Timestamp>,
    /// The service and action of the last of these calls, for example `s3.amazonaws.com ListBuckets`.
    pub last_call: String,
    /// The user agent of the last of these calls, which often names the SDK and its version.
    pub user_agent: Option<String>,
    /// The last call with credentials that were delivered to an IMDSv2 call.
    pub last_v2: Option<Timestamp>,
}

impl Deliveries {
    /// Whether the last call used credentials that were delivered to an IMDSv2 call. Credentials of IMDSv1 last up to six
    /// hours, and software of both kinds may share an instance.
    pub fn is_fixed(&self) -> bool {
        self.last_v2 > self.last_v1
    }
}

/// Counts a call, if an instance got its credentials from the metadata service.
pub(crate) fn add(all: &mut BTreeMap<DeliveryKey, Deliveries>, call: &RecordedCall) {
    let Some(delivery) = call.caller.role_delivery else { return };
    let actor = call.caller.actor.as_ref();
    let session = actor.and_then(|it| it.session_name());
    let role = call.caller.issuer.clone().or_else(|| actor.and_then(|it| it.name.clone()));
    let key = DeliveryKey {
        place: call.place.clone(),
        role: role.unwrap_or_else(|| "unknown".to_owned()),
        instance: session.and_then(|it| InstanceId::parse(it).ok()),
    };
    match delivery {
        // A word that this release does not know counts as IMDSv1: it is not known to be safe.
        RoleDelivery::V1 | RoleDelivery::Unknown => {
            let counted = all.entry(key).or_default();
            counted.v1_calls += 1;
            if let Some(at) = call.time {
                *counted.v1_days.entry(Offset::UTC.to_datetime(at).date()).or_default() += 1;
            }
            if counted.last_v1 <= call.time {
                counted.last_v1 = call.time;
                counted.last_call = format!("{} {}", call.service, call.action);
                counted.user_agent.clone_from(&call.caller.user_agent);
            }
        }
        RoleDelivery::V2 => {
            let counted = all.entry(key).or_default();
            counted.last_v2 = counted.last_v2.max(call.time);
        }
    }
}
