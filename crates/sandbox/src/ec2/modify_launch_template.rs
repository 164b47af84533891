//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyLaunchTemplate.html>

use super::template::{TemplateRef, id_not_found};
use super::templates::id_of;
use crate::call::Call;
use crate::error::AwsError;
use crate::shape::Shape;
use crate::trail::Trail;
use crate::world::World;

pub(super) fn answer(world: &mut World, call: &Call, trail: &mut Trail) -> Result<Shape, AwsError> {
    let params = call.params()?;
    trail.nested_request(&call.action, params);
    let wanted = TemplateRef::read(params)?;
    let default = params.required("SetDefaultVersion")?.to_owned();
    // Setting a default twice is the same as once.
    let _token = params.text("ClientToken");
    let dry_run = params.dry_run()?;
    params.finish(&call.action, &[])?;
    let id = id_of(&wanted, world, &call.place)?;
    let region = world.ec2.at(&call.place);
    let template = region.templates.get_mut(&id).ok_or_else(|| id_not_found(&id))?;
    template.check_not_managed()?;
    let number = template.version(&default)?.number;
    if dry_run {
        return Err(AwsError::dry_run());
    }
    template.default = number;
    let answer = Shape::map().with("launchTemplate", template.shape());
    trail.nested_response(call, &answer);
    Ok(answer)
}
