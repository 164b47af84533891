//! What instances do by themselves: starting, stopping, going away. Each step is an event.
//!
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-lifecycle.html>

use serde_json::json;

use super::instance::InstanceStateName::{
    self, Pending, Running, ShuttingDown, Stopped, Stopping, Terminated,
};
use crate::identity::Place;
use crate::world::World;

/// `pending`, and later `running`.
pub(super) fn starting(world: &mut World, place: &Place, id: &str) {
    through(world, place, id, Pending, Running);
}

/// `stopping`, and later `stopped`.
pub(super) fn stopping(world: &mut World, place: &Place, id: &str) {
    through(world, place, id, Stopping, Stopped);
}

/// `shutting-down`, later `terminated`, and at last forgotten.
pub(super) fn terminating(world: &mut World, place: &Place, id: &str) {
    through(world, place, id, ShuttingDown, Terminated);
}

fn through(world: &mut World, place: &Place, id: &str, first: InstanceStateName, then: InstanceStateName) {
    let Some(transition) = enter(world, place, id, first) else { return };
    let (place, id) = (place.clone(), id.to_owned());
    world.after(world.config.ec2.transition, move |world| {
        let region = world.ec2.at(&place);
        if region.get(&id).is_none_or(|it| it.transition != transition) {
            return; // Something else happened to the instance in the meantime.
        }
        enter(world, &place, &id, then);
        if then == Terminated {
            world.after(world.config.ec2.terminated_for, move |world| world.ec2.at(&place).forget(&id));
        }
    });
}

/// Puts the instance into a state and tells the event bus. Returns the number of the transition.
fn enter(world: &mut World, place: &Place, id: &str, state: InstanceStateName) -> Option<u64> {
    let instance = world.ec2.at(place).get_mut(id)?;
    instance.state = state;
    instance.transition += 1;
    let transition = instance.transition;
    let arn = place.arn("ec2", &format!("instance/{id}"));
    let detail = json!({ "instance-id": id, "state": state.as_str() });
    world.publish_notice(place, "aws.ec2", "EC2 Instance State-change Notification", &[arn], detail);
    Some(transition)
}
