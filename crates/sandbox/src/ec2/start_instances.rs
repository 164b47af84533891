//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_StartInstances.html>

use super::instance::InstanceStateName::{self, Pending, Running, Stopped};
use super::transitions;
use crate::call::Call;
use crate::error::AwsError;
use crate::shape::Shape;
use crate::trail::Trail;
use crate::world::World;

pub(super) fn answer(world: &mut World, call: &Call, trail: &mut Trail) -> Result<Shape, AwsError> {
    let ids = call.params()?.texts("InstanceId");
    trail.request(request(&ids));
    let change = Change {
        allowed: |state| matches!(state, Pending | Running | Stopped),
        needed: |state| state == Stopped,
        refusal: "is not in a state from which it can be started",
        step: |world, call, id| {
            let now = world.now();
            if let Some(instance) = world.ec2.at(&call.place).get_mut(id) {
                instance.launch_time = now;
            }
            transitions::starting(world, &call.place, id);
        },
    };
    let answer = change.run(world, call, &ids)?;
    trail.flat_response(call, &answer);
    Ok(answer)
}

/// `requestParameters` of start, stop and terminate.
pub(super) fn request(ids: &[String]) -> serde_json::Value {
    let items: Vec<_> = ids.iter().map(|id| serde_json::json!({ "instanceId": id })).collect();
    serde_json::json!({ "instancesSet": { "items": items } })
}

/// A change of state that is asked for: what start, stop and terminate have in common. Either all
/// the instances may change, or none does.
pub(super) struct Change {
    /// States in which the call is accepted.
    pub(super) allowed: fn(InstanceStateName) -> bool,
    /// States in which there is something to do.
    pub(super) needed: fn(InstanceStateName) -> bool,
    pub(super) refusal: &'static str,
    pub(super) step: fn(&mut World, &Call, &str),
}

impl Change {
    pub(super) fn run(&self, world: &mut World, call: &Call, ids: &[String]) -> Result<Shape, AwsError> {
        let params = call.params()?;
        let dry_run = params.dry_run()?;
        // Ways of stopping that make no difference to what is simulated.
        let _force = params.flag("Force")?;
        let _skip = params.flag("SkipOsShutdown")?;
        params.finish(&call.action, &["Hibernate", "AdditionalInfo"])?;
        if ids.is_empty() {
            return Err(AwsError::missing("InstanceId"));
        }
        let now = world.now();
        let region = world.ec2.at(&call.place);
        region.check_ids(ids, now)?;
        for instance in ids.iter().filter_map(|id| region.get(id)) {
            if let Some(operator) = &instance.operator {
                return Err(super::state::managed_refusal(&instance.id, operator));
            }
            if !(self.allowed)(instance.state) {
                let message = format!("The instance '{}' {}.", instance.id, self.refusal);
                return Err(AwsError::client("IncorrectInstanceState", message));
            }
        }
        if dry_run {
            return Err(AwsError::dry_run());
        }
        let mut changes = Vec::new();
        for id in ids {
            let Some(before) = world.ec2.at(&call.place).get(id).map(|it| it.state) else { continue };
            if (self.needed)(before) {
                (self.step)(world, call, id);
            }
            let after = world.ec2.at(&call.place).get(id).map_or(before, |it| it.state);
            let change = Shape::map()
                .with("instanceId", id)
                .with("currentState", after.shape())
                .with("previousState", before.shape());
            changes.push(change);
        }
        Ok(Shape::map().with("instancesSet", Shape::list(changes)))
    }
}
