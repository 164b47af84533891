//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateTags.html>

use serde_json::{Value, json};

use super::side_options::check_tag_keys;
use super::tags::{self, Tags};
use crate::call::Call;
use crate::error::AwsError;
use crate::identity::Place;
use crate::shape::Shape;
use crate::trail::Trail;
use crate::world::World;

/// AWS's limit of tags on a resource, not counting those of AWS itself.
const LIMIT: usize = 50;

pub(super) fn answer(world: &mut World, call: &Call, trail: &mut Trail) -> Result<Shape, AwsError> {
    let params = call.params()?;
    let ids = params.texts("ResourceId");
    let tags = tags::read(params);
    trail.request(request(&ids, tags.as_ref().ok()));
    let tags = tags?;
    let dry_run = params.dry_run()?;
    params.finish(&call.action, &[])?;
    if ids.is_empty() {
        return Err(AwsError::missing("ResourceId"));
    }
    if tags.is_empty() {
        return Err(AwsError::missing("Tag"));
    }
    for id in &ids {
        let mut after = of_resource(world, &call.place, id)?.clone();
        after.extend(tags.clone());
        if after.keys().filter(|key| !key.starts_with("aws:")).count() > LIMIT {
            let message = format!("A resource may have at most {LIMIT} tags");
            return Err(AwsError::client("TagLimitExceeded", message));
        }
        if let Some(instance) = world.ec2.at(&call.place).get(id) {
            check_tag_keys(instance.metadata.instance_metadata_tags, &tags)?;
        }
    }
    if dry_run {
        return Err(AwsError::dry_run());
    }
    for id in &ids {
        of_resource(world, &call.place, id)?.extend(tags.clone());
    }
    let answer = Shape::map().with("return", true);
    trail.flat_response(call, &answer);
    Ok(answer)
}

pub(super) fn request(ids: &[String], tags: Option<&Tags>) -> Value {
    let resources: Vec<Value> = ids.iter().map(|id| json!({ "resourceId": id })).collect();
    let tags = tags.into_iter().flatten();
    let tags: Vec<Value> = tags.map(|(key, value)| json!({ "key": key, "value": value })).collect();
    json!({ "resourcesSet": { "items": resources }, "tagSet": { "items": tags } })
}

/// The tags of an instance, an image or a launch template.
pub(super) fn of_resource<'a>(
    world: &'a mut World,
    place: &Place,
    id: &str,
) -> Result<&'a mut Tags, AwsError> {
    let now = world.now();
    let region = world.ec2.at(place);
    match id.split_once('-').map_or("", |(kind, _)| kind) {
        "i" => {
            region.check_ids(&[id.to_owned()], now)?;
            region.get_mut(id).map(|it| &mut it.tags).ok_or_else(|| invalid(id))
        }
        "ami" => region.images.get_mut(id).map(|it| &mut it.tags).ok_or_else(|| super::image::not_found(id)),
        "lt" => {
            let template = region.templates.get_mut(id).map(|it| &mut it.tags);
            template.ok_or_else(|| super::template::id_not_found(id))
        }
        _ => Err(invalid(id)),
    }
}

fn invalid(id: &str) -> AwsError {
    AwsError::client("InvalidID", format!("The ID '{id}' is not valid"))
}
