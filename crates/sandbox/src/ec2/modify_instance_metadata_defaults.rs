//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyInstanceMetadataDefaults.html>

use crate::call::Call;
use crate::error::AwsError;
use crate::shape::Shape;
use crate::trail::Trail;
use crate::world::World;

pub(super) fn answer(world: &mut World, call: &Call, trail: &mut Trail) -> Result<Shape, AwsError> {
    let params = call.params()?;
    trail.nested_request(&call.action, params);
    let mut defaults = world.ec2.at(&call.place).defaults.clone();
    defaults.change(params)?;
    let dry_run = params.dry_run()?;
    params.finish(&call.action, &[])?;
    if let Some(message) = &defaults.managed_by_policy {
        // AWS does not document the code of this refusal, only that the policy's message is in it.
        return Err(AwsError::client("OperationNotPermitted", message.clone()));
    }
    if dry_run {
        return Err(AwsError::dry_run());
    }
    world.ec2.at(&call.place).defaults = defaults;
    let answer = Shape::map().with("return", true);
    trail.nested_response(call, &answer);
    Ok(answer)
}
