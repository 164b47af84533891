//! The inventory of managed instances, set from outside.
//!
//! <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_ListInventoryEntries.html>

use serde_json::{Value, json};

use super::json::only;
use crate::call::{Answer, Call};
use crate::error::AwsError;
use crate::world::World;

/// The only type of inventory that is simulated.
const APPLICATIONS: &str = "AWS:Application";
/// The largest page, and that of a request without `MaxResults`.
const PAGE: usize = 50;

pub(super) fn entries(world: &World, call: &Call) -> Result<Answer, AwsError> {
    let request = call.json()?;
    only(request, &["InstanceId", "TypeName", "MaxResults", "NextToken"])?;
    let text = |name: &str| request.get(name).and_then(Value::as_str).unwrap_or_default();
    let (instance, kind) = (text("InstanceId"), text("TypeName"));
    if instance.is_empty() {
        return Err(AwsError::client("ValidationException", "InstanceId is required"));
    }
    if kind != APPLICATIONS {
        return Err(AwsError::not_simulated(format!("inventory type {kind}")));
    }
    let size = match request.get("MaxResults").map(Value::as_u64) {
        None => PAGE,
        Some(Some(size @ 1..=50)) => usize::try_from(size).unwrap_or(PAGE),
        Some(_) => return Err(AwsError::client("ValidationException", "MaxResults is 1 to 50")),
    };
    let start = match text("NextToken") {
        "" => 0,
        token => token
            .parse()
            .map_err(|_| AwsError::client("InvalidNextToken", "The specified token is not valid."))?,
    };
    let key = (call.place.clone(), instance.to_owned());
    let all = world.ssm.managed.get(&key).map_or(&[][..], |it| it.applications.as_slice());
    let page = all.iter().skip(start).take(size);
    let entries: Vec<Value> = page
        .map(|(name, version)| json!({ "Name": name, "Version": version, "ApplicationType": "Application" }))
        .collect();
    let end = start + entries.len();
    let mut answer = json!({
        "TypeName": kind, "InstanceId": instance, "SchemaVersion": "1.1", "Entries": entries,
        "CaptureTime": world.now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
    });
    if end < all.len()
        && let Some(fields) = answer.as_object_mut()
    {
        fields.insert("NextToken".to_owned(), end.to_string().into());
    }
    Ok(Answer::Json(answer))
}
