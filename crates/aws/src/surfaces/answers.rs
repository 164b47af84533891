//! Answers and configurations, the same for all of these services.

use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_smithy_types::DateTime;
use jiff::Timestamp;
use v2only_enforcer::ports::Answer;
use v2only_enforcer::{Failure, Kind};
use v2only_policy::Place;

use crate::call::Call;
use crate::connect::Aws;

impl Aws {
    /// The configuration of a client. Where [`Aws::in_turn`] tries again by itself, the SDK does not: it would not wait for a
    /// turn.
    pub(super) async fn surface_config(&self, place: &Place) -> Answer<SdkConfig> {
        let config = self.config(place).await?;
        if !self.pace.is_patient() {
            return Ok(config);
        }
        Ok(config.to_builder().retry_config(RetryConfig::disabled()).build())
    }
}

/// An answer, or `None` where AWS says that what was asked for by name does not exist.
pub(super) fn unless_absent<T>(answer: Answer<T>) -> Answer<Option<T>> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(failure) if is_absent(&failure) => Ok(None),
        Err(failure) => Err(failure),
    }
}

/// EMR and Elastic Beanstalk tell a missing resource from a wrong request by the message alone.
fn is_absent(failure: &Failure) -> bool {
    match failure.code.as_deref() {
        Some("NotFoundException" | "ResourceNotFoundException") => true,
        Some("InvalidRequestException") => {
            let is_cluster = failure.message.starts_with("Cluster id ");
            failure.message.contains("does not exist")
                || is_cluster && failure.message.contains("is not valid")
        }
        Some("InvalidParameterValue") => failure.message.starts_with("No Environment found"),
        _ => false,
    }
}

/// The Regions with Lightsail, by botocore's endpoints of September 2026.
const LIGHTSAIL_REGIONS: [&str; 19] = [
    "ap-east-1",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-3",
    "ap-southeast-5",
    "ca-central-1",
    "eu-central-1",
    "eu-north-1",
    "eu-south-2",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-west-2",
];

/// Whether a listing failed because the Region has no Lightsail: its endpoint has no address there. A Region that this
/// release does not know is asked as well, so that a new one is not missed.
pub(super) fn is_without_lightsail(place: &Place, failure: &Failure) -> bool {
    failure.kind == Kind::Unreachable && !LIGHTSAIL_REGIONS.contains(&place.region.as_str())
}

/// The refusal of a page token that AWS repeats: the listing would not end.
pub(super) fn following(call: Call, asked: Option<&str>, next: Option<String>) -> Answer<Option<String>> {
    let next = next.filter(|token| !token.is_empty());
    if next.is_some() && next.as_deref() == asked {
        let why = "AWS answered with the same page token again";
        return Err(Failure::new(Kind::Unknown, call.iam_action(), why));
    }
    Ok(next)
}

/// The refusal of a resource that a listing describes without its id: it cannot be judged, and is not clean.
pub(super) fn without_id(call: Call) -> Failure {
    Failure::new(Kind::Unknown, call.iam_action(), "AWS listed a resource without its name or ARN")
}

/// What an answer is about. An answer without it does not say that the resource is gone.
pub(super) fn body<T>(call: Call, body: Option<T>) -> Answer<T> {
    body.ok_or_else(|| Failure::new(Kind::Unknown, call.iam_action(), "AWS answered without the resource"))
}

/// A time of the SDK, to the second.
pub(super) fn moment(time: Option<&DateTime>) -> Option<Timestamp> {
    time.and_then(|time| Timestamp::from_second(time.secs()).ok())
}
