//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateLaunchTemplate.html>

use std::collections::BTreeMap;

use super::tags;
use super::template::{Template, TemplateData, Version};
use crate::call::Call;
use crate::error::AwsError;
use crate::params::Params;
use crate::shape::Shape;
use crate::trail::Trail;
use crate::world::World;

/// Members of `LaunchTemplateData` are below it, so the one name stands for them all.
pub(super) const NOT_SIMULATED: [&str; 1] = ["LaunchTemplateData"];

pub(super) fn answer(world: &mut World, call: &Call, trail: &mut Trail) -> Result<Shape, AwsError> {
    let params = call.params()?;
    trail.nested_request(&call.action, params);
    let name = params.required("LaunchTemplateName")?.to_owned();
    let data = read_data(params)?;
    let description = read_description(params)?;
    let tags = tags::read_specification(params, "launch-template", &[])?;
    let operator = params.structure("Operator").and_then(|it| it.text("Principal")).map(str::to_owned);
    let client_token = params.text("ClientToken").map(str::to_owned);
    let dry_run = params.dry_run()?;
    params.finish(&call.action, &NOT_SIMULATED)?;
    let legal = |letter: char| letter.is_ascii_alphanumeric() || "().-/_".contains(letter);
    if !(3..=128).contains(&name.len()) || !name.chars().all(legal) {
        let message = "Launch template names must be between 3 and 128 characters long, and may only contain \
                       letters, numbers, and the following characters: - ( ) . / _";
        return Err(AwsError::client("InvalidLaunchTemplateName.MalformedException", message));
    }
    let existing = world.ec2.at(&call.place).templates.values().find(|it| it.name == name);
    if let Some(existing) = existing {
        if client_token.is_some() && existing.client_token == client_token {
            return Ok(Shape::map().with("launchTemplate", existing.shape()));
        }
        let message = "Launch template name already in use.";
        return Err(AwsError::client("InvalidLaunchTemplateName.AlreadyExistsException", message));
    }
    if dry_run {
        return Err(AwsError::dry_run());
    }
    let created = world.now();
    let created_by = call.principal.arn().to_owned();
    let first =
        Version { number: 1, description, created, created_by: created_by.clone(), client_token: None, data };
    let template = Template {
        id: world.ids.resource("lt"),
        name,
        created,
        created_by,
        default: 1,
        versions: BTreeMap::from([(1, first)]),
        tags,
        client_token,
        operator,
    };
    let answer = Shape::map().with("launchTemplate", template.shape());
    world.ec2.at(&call.place).templates.insert(template.id.clone(), template);
    trail.nested_response(call, &answer);
    Ok(answer)
}

/// Reads `VersionDescription`, of at most 255 characters.
pub(super) fn read_description(params: &Params) -> Result<Option<String>, AwsError> {
    let description = params.text("VersionDescription").map(str::to_owned);
    if description.as_ref().is_some_and(|it| it.chars().count() > 255) {
        return Err(AwsError::invalid_value("VersionDescription has at most 255 characters"));
    }
    Ok(description)
}

/// Reads `LaunchTemplateData`, which must be there.
pub(super) fn read_data(params: &Params) -> Result<TemplateData, AwsError> {
    let data =
        params.structure("LaunchTemplateData").ok_or_else(|| AwsError::missing("LaunchTemplateData"))?;
    TemplateData::read(data)
}
