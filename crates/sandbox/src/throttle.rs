//! Request token buckets, per account, Region and API.
//!
//! Sizes and rates of EC2:
//! <https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html>. Of Organizations:
//! <https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html>.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::call::Call;
use crate::clock::between;
use crate::error::AwsError;
use crate::identity::Place;

/// A bucket: how much it holds, how fast it fills, how much the call takes out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Limit {
    /// Calls with the same name share a bucket.
    pub(crate) bucket: &'static str,
    pub(crate) size: f64,
    pub(crate) per_second: f64,
    pub(crate) cost: f64,
}

impl Limit {
    pub(crate) const fn requests(bucket: &'static str, size: f64, per_second: f64) -> Self {
        Self { bucket, size, per_second, cost: 1.0 }
    }
}

/// The buckets that calls draw from.
#[derive(Debug)]
pub(crate) struct Throttle {
    pub(crate) enforced: bool,
    levels: BTreeMap<(Place, String, &'static str), Level>,
}

#[derive(Debug, Clone, Copy)]
struct Level {
    tokens: f64,
    at: Timestamp,
}

impl Throttle {
    pub(crate) const fn new(enforced: bool) -> Self {
        Self { enforced, levels: BTreeMap::new() }
    }

    /// Takes the call's tokens out of all its buckets, or none of them and refuses.
    pub(crate) fn charge(&mut self, call: &Call, limits: &[Limit]) -> Result<(), AwsError> {
        if !self.enforced {
            return Ok(());
        }
        let mut levels = Vec::new();
        for limit in limits {
            let key = (call.place.clone(), call.service.clone(), limit.bucket);
            let level = self.levels.get(&key).copied().unwrap_or(Level { tokens: limit.size, at: call.at });
            let gained = between(level.at, call.at).as_secs_f64() * limit.per_second;
            let tokens = (level.tokens + gained).min(limit.size);
            if tokens < limit.cost {
                return Err(refusal(&call.service));
            }
            levels.push((key, Level { tokens: tokens - limit.cost, at: call.at }));
        }
        self.levels.extend(levels);
        Ok(())
    }

    /// Full buckets again.
    pub(crate) fn refill(&mut self) {
        self.levels.clear();
    }
}

/// How each service says "too fast".
fn refusal(service: &str) -> AwsError {
    match service {
        "ec2" => AwsError::client("RequestLimitExceeded", "Request limit exceeded.").with_status(503),
        "imagebuilder" => {
            AwsError::client("CallRateLimitExceededException", "Rate exceeded").with_status(429)
        }
        "elasticbeanstalk" | "sts" => AwsError::client("Throttling", "Rate exceeded"),
        "organizations" => AwsError::client("TooManyRequestsException", "Rate exceeded"),
        _ => AwsError::client("ThrottlingException", "Rate exceeded"),
    }
}
