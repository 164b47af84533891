//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_GetInstanceMetadataDefaults.html>

use super::metadata::MetadataDefaults;
use crate::call::Call;
use crate::error::AwsError;
use crate::shape::Shape;
use crate::world::World;

pub(super) fn answer(world: &World, call: &Call) -> Result<Shape, AwsError> {
    let params = call.params()?;
    let dry_run = params.dry_run()?;
    params.finish(&call.action, &[])?;
    if dry_run {
        return Err(AwsError::dry_run());
    }
    let none = MetadataDefaults::default();
    let defaults = world.ec2.peek(&call.place).map_or(&none, |region| &region.defaults);
    Ok(Shape::map().with("accountLevel", defaults.shape()))
}
