//! <https://docs.aws.amazon.com/lightsail/2016-11-28/api-reference/API_CreateInstances.html>
//!
//! The request has no metadata options: they are those of the blueprint until they are updated.

use serde_json::{Value, json};

use super::instance::{Instance, Options};
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
    input.only(&call.action, &["instanceNames", "availabilityZone", "blueprintId", "bundleId", "tags"])?;
    let names = input.texts("instanceNames")?;
    let zone = input.required("availabilityZone")?;
    let (blueprint, bundle) = (input.required("blueprintId")?, input.required("bundleId")?);
    let tags = input.tags("tags", "key", "value")?;
    if names.is_empty() {
        return Err(input.refusal("instanceNames must name at least one instance"));
    }
    if !zone.starts_with(&call.place.region) {
        return Err(input.refusal(format!("The availability zone is not in {}: {zone}", call.place.region)));
    }
    let known = world.lightsail.instances.get(&call.place);
    let taken = |name: &&String| known.is_some_and(|instances| instances.contains_key(*name));
    if let Some(taken) = names.iter().find(taken) {
        return Err(input.refusal(format!("Some names are already in use: {taken}")));
    }
    let mut operations = Vec::new();
    for name in names {
        let uuid = world.ids.uuid();
        let instance = Instance {
            name: name.clone(),
            arn: call.place.arn("lightsail", &format!("Instance/{uuid}")),
            support_code: format!("{}/{}", world.ids.hex(12), world.ids.resource("i")),
            zone: zone.to_owned(),
            blueprint: blueprint.to_owned(),
            bundle: bundle.to_owned(),
            created: world.now(),
            running: true,
            tags: tags.clone(),
            options: Options::of_blueprint(blueprint),
            applied_at: world.now(),
        };
        operations.push(succeeded(world, call, "CreateInstance", &instance));
        world.lightsail.instances.entry(call.place.clone()).or_default().insert(name, instance);
    }
    let answer = json!({ "operations": operations });
    trail.response(answer.clone());
    Ok(answer)
}
