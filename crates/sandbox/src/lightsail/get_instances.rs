//! <https://docs.aws.amazon.com/lightsail/2016-11-28/api-reference/API_GetInstances.html>
//! <https://docs.aws.amazon.com/lightsail/2016-11-28/api-reference/API_GetInstance.html>

use serde_json::{Map, Value, json};

use super::state::PAGE;
use crate::call::Call;
use crate::error::AwsError;
use crate::members::{Members, page};
use crate::world::World;

pub(super) fn answer(world: &World, call: &Call, input: &Members<'_>) -> Result<Value, AwsError> {
    input.only(&call.action, &["pageToken"])?;
    let all = world.lightsail.instances.get(&call.place).into_iter().flat_map(|names| names.values());
    let (page, next) = page(all, input.text("pageToken")?, PAGE)
        .ok_or_else(|| input.refusal("The page token is not valid"))?;
    let now = world.now();
    let mut answer = Map::new();
    let described = page.into_iter().map(|instance| instance.described(&call.place, now)).collect();
    answer.insert("instances".to_owned(), Value::Array(described));
    if let Some(next) = next {
        answer.insert("nextPageToken".to_owned(), next.into());
    }
    Ok(Value::Object(answer))
}

/// `GetInstance`.
pub(super) fn one(world: &mut World, call: &Call, input: &Members<'_>) -> Result<Value, AwsError> {
    input.only(&call.action, &["instanceName"])?;
    let now = world.now();
    let instance = world.lightsail.find(&call.place, input.required("instanceName")?)?;
    Ok(json!({ "instance": instance.described(&call.place, now) }))
}
