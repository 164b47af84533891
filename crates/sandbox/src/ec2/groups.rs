//! What other services know of instances.

use super::instance::InstanceStateName;
use super::metadata::MetadataOptions;
use crate::identity::Place;
use crate::world::World;

/// The instances that carry the tag of this Auto Scaling group, unless they are terminated.
pub(crate) fn instances_of<'a>(world: &'a World, place: &Place, group: &str) -> Vec<&'a str> {
    let instances = world.ec2.peek(place).into_iter().flat_map(|it| it.instances.values());
    let alive = instances.filter(|it| it.state != InstanceStateName::Terminated);
    let of_group = alive.filter(|it| it.tags.get("aws:autoscaling:groupName").is_some_and(|it| it == group));
    of_group.map(|it| it.id.as_str()).collect()
}

/// What AWS Config records: the instances that are not terminated, and their options.
pub(crate) fn recorded(world: &World, place: &Place) -> Vec<(String, MetadataOptions)> {
    let instances = world.ec2.peek(place).into_iter().flat_map(|it| it.instances.values());
    let alive = instances.filter(|it| it.state != InstanceStateName::Terminated);
    alive.map(|it| (it.id.clone(), it.metadata)).collect()
}
