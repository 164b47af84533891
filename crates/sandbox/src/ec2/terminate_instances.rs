//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_TerminateInstances.html>

use super::instance::InstanceStateName::{ShuttingDown, Terminated};
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
        allowed: |_| true,
        needed: |state| !matches!(state, ShuttingDown | Terminated),
        refusal: "can't be terminated",
        step: |world, call, id| transitions::terminating(world, &call.place, id),
    };
    let answer = change.run(world, call, &ids)?;
    trail.flat_response(call, &answer);
    Ok(answer)
}
