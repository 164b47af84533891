//! Reading requests and writing answers, the same for all operations.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::state::Parameter;
use crate::error::AwsError;
use crate::identity::Place;

/// Refuses members that AWS or the sandbox does not know.
pub(super) fn only(document: &Value, known: &[&str]) -> Result<(), AwsError> {
    let members = document.as_object().into_iter().flatten();
    match members.into_iter().find(|(name, _)| !known.contains(&name.as_str())) {
        Some((name, _)) => Err(AwsError::not_simulated(format!("member {name} of an ssm request"))),
        None => Ok(()),
    }
}

pub(super) fn describe(place: &Place, name: &str, parameter: &Parameter, version: usize) -> Option<Value> {
    let (value, changed) = parameter.versions.get(version.checked_sub(1)?)?;
    let path = name.strip_prefix('/').unwrap_or(name);
    Some(json!({
        "Name": name,
        "Type": parameter.kind,
        "Value": value,
        "Version": version,
        "LastModifiedDate": jiff_seconds(*changed),
        "ARN": place.arn("ssm", &format!("parameter/{path}")),
        "DataType": parameter.data_type,
    }))
}

/// JSON 1.1 writes times as seconds with a fraction.
#[expect(clippy::cast_precision_loss, reason = "milliseconds of this century fit an f64 exactly")]
pub(super) fn jiff_seconds(time: Timestamp) -> f64 {
    time.as_millisecond() as f64 / 1000.0
}
