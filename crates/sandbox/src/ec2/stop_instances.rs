//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_StopInstances.html>

use super::instance::InstanceStateName::{Running, Stopped, Stopping};
use super::start_instances::{Change, request};
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
        allowed: |state| matches!(state, Running | Stopping | Stopped),
        needed: |state| state == Running,
        refusal: "is not in a state from which it can be stopped",
        step: |world, call, id| transitions::stopping(world, &call.place, id),
    };
    let answer = change.run(world, call, &ids)?;
    trail.flat_response(call, &answer);
    Ok(answer)
}
