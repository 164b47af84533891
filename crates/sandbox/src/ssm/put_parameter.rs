//! <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html>

use serde_json::{Value, json};

use super::json::only;
use super::state::Parameter;
use crate::call::{Answer, Call};
use crate::error::AwsError;
use crate::trail::Trail;
use crate::world::World;

pub(super) fn answer(world: &mut World, call: &Call, trail: &mut Trail) -> Result<Answer, AwsError> {
    let document = call.json()?;
    only(document, &["Name", "Value", "Type", "Overwrite", "DataType", "Tier", "Description"])?;
    let text = |name: &str| document.get(name).and_then(Value::as_str);
    let overwrite = document.get("Overwrite").and_then(Value::as_bool).unwrap_or(false);
    trail.request(json!({
        "name": text("Name"), "type": text("Type"), "overwrite": overwrite,
        "value": "HIDDEN_DUE_TO_SECURITY_REASONS",
    }));
    let name = text("Name").filter(|name| !name.is_empty()).ok_or_else(|| missing("name"))?;
    let value = text("Value").filter(|value| !value.is_empty()).ok_or_else(|| missing("value"))?;
    let kind = text("Type");
    let tier = text("Tier").unwrap_or("Standard");
    let limit = if tier == "Standard" { 4096 } else { 8192 };
    if value.len() > limit {
        let message = format!(
            "{tier} tier parameters support a maximum parameter value of {limit} characters. To create a \
             larger parameter value, upgrade the parameter to use the advanced-parameter tier."
        );
        return Err(AwsError::client("ValidationException", message));
    }
    let now = world.now();
    let key = (call.place.clone(), name.to_owned());
    let version = match (world.ssm.parameters.get_mut(&key), kind) {
        (Some(_), _) if !overwrite => {
            let message = "The parameter already exists. To overwrite this value, set the overwrite option in the \
                           request to true.";
            return Err(AwsError::client("ParameterAlreadyExists", message));
        }
        (Some(parameter), kind) => {
            parameter.versions.push((value.to_owned(), now));
            if let Some(kind) = kind {
                kind.clone_into(&mut parameter.kind);
            }
            parameter.versions.len()
        }
        (None, None) => {
            let message = "A parameter type is required when you create a parameter.";
            return Err(AwsError::client("ValidationException", message));
        }
        (None, Some(kind)) => {
            let data_type = text("DataType").unwrap_or("text").to_owned();
            let versions = vec![(value.to_owned(), now)];
            world.ssm.parameters.insert(key, Parameter { kind: kind.to_owned(), data_type, versions });
            1
        }
    };
    let answer = json!({ "Version": version, "Tier": tier });
    trail.response(json!({ "version": version, "tier": tier }));
    Ok(Answer::Json(answer))
}

fn missing(name: &str) -> AwsError {
    let message = format!(
        "1 validation error detected: Value at '{name}' failed to satisfy constraint: Member must not be null"
    );
    AwsError::client("ValidationException", message)
}
