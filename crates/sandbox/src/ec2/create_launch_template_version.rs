//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateLaunchTemplateVersion.html>

use super::create_launch_template::{NOT_SIMULATED, read_data, read_description};
use super::template::{TemplateRef, Version, id_not_found};
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
    let data = read_data(params)?;
    let source = params.text("SourceVersion").map(str::to_owned);
    let description = read_description(params)?;
    let client_token = params.text("ClientToken").map(str::to_owned);
    let dry_run = params.dry_run()?;
    params.finish(&call.action, &[NOT_SIMULATED.as_slice(), &["ResolveAlias"]].concat())?;
    let id = id_of(&wanted, world, &call.place)?;
    let created = world.now();
    let region = world.ec2.at(&call.place);
    let template = region.templates.get_mut(&id).ok_or_else(|| id_not_found(&id))?;
    template.check_not_managed()?;
    let data = match source {
        None => data,
        Some(source) => data.inherit(&template.version(&source)?.data),
    };
    if dry_run {
        return Err(AwsError::dry_run());
    }
    let before =
        template.versions.values().find(|it| client_token.is_some() && it.client_token == client_token);
    if let Some(before) = before {
        return Ok(Shape::map().with("launchTemplateVersion", template.version_shape(before)));
    }
    let number = template.latest() + 1;
    let created_by = call.principal.arn().to_owned();
    let version = Version { number, description, created, created_by, client_token, data };
    let answer = Shape::map().with("launchTemplateVersion", template.version_shape(&version));
    template.versions.insert(number, version);
    trail.nested_response(call, &answer);
    Ok(answer)
}
