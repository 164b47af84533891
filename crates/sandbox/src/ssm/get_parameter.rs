//! <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameter.html>

use serde_json::{Value, json};

use super::json::{describe, only};
use crate::call::{Answer, Call};
use crate::error::AwsError;
use crate::world::World;

pub(super) fn answer(world: &World, call: &Call) -> Result<Answer, AwsError> {
    let document = call.json()?;
    only(document, &["Name", "WithDecryption"])?;
    let asked = document.get("Name").and_then(Value::as_str).unwrap_or_default();
    // A version follows the name after a colon; an ARN holds colons of its own.
    let plain = asked.rsplit_once(":parameter/").map_or(asked, |(_, path)| path);
    let (name, selector) = plain.split_once(':').map_or((plain, None), |(name, it)| (name, Some(it)));
    let found = [name.to_owned(), format!("/{name}")].into_iter().find_map(|name| {
        let key = (call.place.clone(), name);
        world.ssm.parameters.get_key_value(&key)
    });
    let Some(((_, name), parameter)) = found else {
        return Err(AwsError::client("ParameterNotFound", ""));
    };
    let version = match selector {
        None => parameter.versions.len(),
        Some(selector) => selector.parse().map_err(|_| AwsError::not_simulated("ssm parameter labels"))?,
    };
    let mut parameter = describe(&call.place, name, parameter, version)
        .ok_or_else(|| AwsError::client("ParameterVersionNotFound", ""))?;
    if let (Some(selector), Some(members)) = (selector, parameter.as_object_mut()) {
        members.insert("Selector".to_owned(), Value::from(format!(":{selector}")));
    }
    Ok(Answer::Json(json!({ "Parameter": parameter })))
}
