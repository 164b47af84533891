//! <https://docs.aws.amazon.com/lightsail/2016-11-28/api-reference/API_TagResource.html>

use serde_json::{Value, json};

use super::operation::succeeded;
use crate::call::Call;
use crate::error::AwsError;
use crate::members::Members;
use crate::trail::Trail;
use crate::world::World;

pub(super) fn answer(
    world: &mut World,
    call: &Call,
    input: &Members<'_>,
    trail: &mut Trail,
) -> Result<Value, AwsError> {
    trail.request(call.json()?.clone());
    input.only(&call.action, &["resourceName", "tags"])?;
    let tags = input.tags("tags", "key", "value")?;
    let instance = world.lightsail.find(&call.place, input.required("resourceName")?)?;
    instance.tags.extend(tags);
    let instance = instance.clone();
    let answer = json!({ "operations": [succeeded(world, call, "TagResource", &instance)] });
    trail.response(answer.clone());
    Ok(answer)
}
