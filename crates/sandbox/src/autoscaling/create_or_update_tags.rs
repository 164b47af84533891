//! <https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_CreateOrUpdateTags.html>

use super::input::{tags, validation};
use crate::call::Call;
use crate::error::AwsError;
use crate::shape::Shape;
use crate::world::World;

/// The most tags of a group.
const TAG_LIMIT: usize = 50;

pub(super) fn answer(world: &mut World, call: &Call) -> Result<Shape, AwsError> {
    let params = call.params()?;
    let tags = tags(params, None)?;
    params.finish(&call.action, &[])?;
    let groups = &mut world.autoscaling.at(&call.place).groups;
    let mut changed = groups.clone();
    for tag in tags {
        let group = changed.get_mut(&tag.group).ok_or_else(|| {
            validation("Invalid AutoScalingGroup name: the resource of a tag does not exist")
        })?;
        group.tags.insert(tag.key.clone(), tag);
        if group.tags.len() > TAG_LIMIT {
            let message = format!("A group may have at most {TAG_LIMIT} tags");
            return Err(AwsError::client("LimitExceeded", message));
        }
    }
    *groups = changed;
    Ok(Shape::map())
}
