//! <https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html>
//!
//! Management events of API calls, the newest first. Which resources an event names is read from
//! its parameters and its response: instances, images, launch templates, notebook instances.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::call::{Answer, Call};
use crate::error::AwsError;
use crate::world::World;

const KEPT: SignedDuration = SignedDuration::from_hours(90 * 24);
const API_CALL: &str = "AWS API Call via CloudTrail";

/// Fields that hold the name of a resource, in either of CloudTrail's spellings, and its type.
const RESOURCES: [(&str, &str); 4] = [
    ("instanceid", "AWS::EC2::Instance"),
    ("imageid", "AWS::EC2::Ami"),
    ("launchtemplateid", "AWS::EC2::LaunchTemplate"),
    ("notebookinstancename", "AWS::SageMaker::NotebookInstance"),
];

pub(super) fn answer(world: &World, call: &Call) -> Result<Answer, AwsError> {
    let document = call.json()?;
    only_known(document)?;
    let wanted = attribute(document)?;
    let (from, until) = range(world, document)?;
    let size = match document.get("MaxResults").map(Value::as_u64) {
        None => 50,
        Some(Some(size @ 1..=50)) => usize::try_from(size).unwrap_or(50),
        Some(_) => return Err(refusal("InvalidMaxResultsException", "MaxResults must be 1 to 50.")),
    };
    let after = match document.get("NextToken").and_then(Value::as_str) {
        None => 0,
        Some(token) => token
            .strip_prefix("v2o-trail-")
            .and_then(|it| it.parse().ok())
            .ok_or_else(|| refusal("InvalidNextTokenException", "The NextToken is not valid."))?,
    };
    // An event in which the value is nowhere need not be returned; types of resources are not in it as such.
    let text = wanted.as_ref().filter(|(key, _)| key != "ResourceType").map(|(_, value)| value.as_str());
    let found: Vec<Value> = world
        .bus
        .published_of(text)
        .into_iter()
        .rev()
        .filter(|event| at(event, "detail-type") == API_CALL && is_here(event, call))
        .filter(|event| time(event).is_some_and(|at| from <= at && at <= until))
        .map(|event| shown(&event))
        .filter(|event| wanted.as_ref().is_none_or(|(key, value)| has(event, key, value)))
        .skip(after)
        .take(size + 1)
        .collect();
    let more = found.len() > size;
    let events: Vec<Value> = found.into_iter().take(size).collect();
    Ok(Answer::Json(match more {
        true => json!({ "Events": events, "NextToken": format!("v2o-trail-{}", after + size) }),
        false => json!({ "Events": events }),
    }))
}

/// A member, or nothing.
fn at<'a>(value: &'a Value, name: &str) -> &'a Value {
    value.get(name).unwrap_or(&Value::Null)
}

fn refusal(code: &str, message: &str) -> AwsError {
    AwsError::client(code, message)
}

fn only_known(document: &Value) -> Result<(), AwsError> {
    const KNOWN: [&str; 5] = ["LookupAttributes", "StartTime", "EndTime", "MaxResults", "NextToken"];
    let unknown =
        document.as_object().into_iter().flatten().find(|(name, _)| !KNOWN.contains(&name.as_str()));
    match unknown {
        Some((name, _)) => Err(AwsError::not_simulated(format!("member {name} of LookupEvents"))),
        None => Ok(()),
    }
}

/// The one attribute that may be asked for.
fn attribute(document: &Value) -> Result<Option<(String, String)>, AwsError> {
    const KEYS: [&str; 8] = [
        "AccessKeyId",
        "EventId",
        "EventName",
        "EventSource",
        "ReadOnly",
        "ResourceName",
        "ResourceType",
        "Username",
    ];
    let attributes = document.get("LookupAttributes").and_then(Value::as_array);
    let [only] = attributes.map_or(&[][..], Vec::as_slice) else {
        return match attributes.map_or(0, Vec::len) {
            0 => Ok(None),
            _ => Err(refusal("InvalidLookupAttributesException", "You can use only one lookup attribute.")),
        };
    };
    let text = |name: &str| only.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (key, value) = (text("AttributeKey"), text("AttributeValue"));
    if !KEYS.contains(&key.as_str()) || value.is_empty() || value.len() > 2000 {
        return Err(refusal("InvalidLookupAttributesException", "The lookup attribute is not valid."));
    }
    Ok(Some((key, value)))
}

/// From when until when, within what is kept.
fn range(world: &World, document: &Value) -> Result<(Timestamp, Timestamp), AwsError> {
    let given = |name: &str| document.get(name).and_then(Value::as_f64).and_then(seconds);
    let kept = world.now().checked_sub(KEPT).unwrap_or(Timestamp::MIN);
    let (from, until) = (given("StartTime").unwrap_or(kept), given("EndTime").unwrap_or(Timestamp::MAX));
    if from > until {
        return Err(refusal("InvalidTimeRangeException", "StartTime is after EndTime."));
    }
    Ok((from.max(kept), until))
}

#[expect(clippy::cast_possible_truncation, reason = "seconds of this century, and any others saturate")]
fn seconds(number: f64) -> Option<Timestamp> {
    Timestamp::from_second(number as i64).ok()
}

fn is_here(event: &Value, call: &Call) -> bool {
    at(event, "account") == call.place.account.as_str() && at(event, "region") == call.place.region.as_str()
}

fn time(event: &Value) -> Option<Timestamp> {
    at(at(event, "detail"), "eventTime").as_str()?.parse().ok()
}

/// An event as the answer shows it.
fn shown(event: &Value) -> Value {
    let detail = at(event, "detail");
    let identity = at(detail, "userIdentity");
    let session = at(identity, "arn").as_str().and_then(|it| it.split_once(":assumed-role/"));
    let session = session.and_then(|(_, it)| it.rsplit('/').next());
    let mut resources = Vec::new();
    for part in ["requestParameters", "responseElements"] {
        collect(at(detail, part), &mut resources);
    }
    let mut shown = json!({
        "EventId": at(detail, "eventID"), "EventName": at(detail, "eventName"),
        "EventSource": at(detail, "eventSource"),
        "ReadOnly": at(detail, "readOnly").to_string(), "Resources": resources, "CloudTrailEvent": detail.to_string(),
        "EventTime": time(event).map(Timestamp::as_second),
    });
    let some = [
        ("Username", session.or_else(|| at(identity, "userName").as_str())),
        ("AccessKeyId", at(identity, "accessKeyId").as_str()),
    ];
    if let Some(members) = shown.as_object_mut() {
        let some = some.into_iter().filter_map(|(name, value)| Some((name.to_owned(), Value::from(value?))));
        members.extend(some);
    }
    shown
}

fn collect(value: &Value, found: &mut Vec<Value>) {
    match value {
        Value::Array(items) => items.iter().for_each(|it| collect(it, found)),
        Value::Object(members) => {
            for (key, value) in members {
                let kind = RESOURCES.iter().find(|(name, _)| key.to_ascii_lowercase() == *name);
                match (kind, value.as_str()) {
                    (Some((_, kind)), Some(name)) => {
                        let resource = json!({ "ResourceType": kind, "ResourceName": name });
                        if !found.contains(&resource) {
                            found.push(resource);
                        }
                    }
                    _ => collect(value, found),
                }
            }
        }
        _ => {}
    }
}

fn has(event: &Value, key: &str, value: &str) -> bool {
    let of_resources =
        |name: &str| at(event, "Resources").as_array().into_iter().flatten().any(|it| at(it, name) == value);
    match key {
        "ResourceName" => of_resources("ResourceName"),
        "ResourceType" => of_resources("ResourceType"),
        other => at(event, other) == value,
    }
}
