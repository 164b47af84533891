//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteTags.html>

use super::create_tags::{of_resource, request};
use crate::call::Call;
use crate::error::AwsError;
use crate::params::Params;
use crate::shape::Shape;
use crate::trail::Trail;
use crate::world::World;

pub(super) fn answer(world: &mut World, call: &Call, trail: &mut Trail) -> Result<Shape, AwsError> {
    let params = call.params()?;
    let ids = params.texts("ResourceId");
    let doomed = read(params)?;
    let shown = doomed.iter().map(|(key, value)| (key.clone(), value.clone().unwrap_or_default())).collect();
    trail.request(request(&ids, Some(&shown)));
    let dry_run = params.dry_run()?;
    params.finish(&call.action, &[])?;
    if ids.is_empty() {
        return Err(AwsError::missing("ResourceId"));
    }
    for id in &ids {
        of_resource(world, &call.place, id)?;
    }
    if dry_run {
        return Err(AwsError::dry_run());
    }
    for id in &ids {
        of_resource(world, &call.place, id)?.retain(|key, value| {
            let named = |(wanted, only): &(String, Option<String>)| {
                wanted == key && only.as_ref().is_none_or(|only| only == value)
            };
            // Without any tags named, all go; those of AWS itself stay in any case.
            key.starts_with("aws:") || (!doomed.is_empty() && !doomed.iter().any(named))
        });
    }
    let answer = Shape::map().with("return", true);
    trail.flat_response(call, &answer);
    Ok(answer)
}

/// Keys, each with the value it must have to go, if one is given.
fn read(params: &Params) -> Result<Vec<(String, Option<String>)>, AwsError> {
    let mut tags = Vec::new();
    for item in params.structures("Tag") {
        tags.push((item.required("Key")?.to_owned(), item.text("Value").map(str::to_owned)));
    }
    Ok(tags)
}
