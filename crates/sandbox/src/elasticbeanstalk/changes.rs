//! <https://docs.aws.amazon.com/elasticbeanstalk/latest/api/API_CreateApplication.html>
//! <https://docs.aws.amazon.com/elasticbeanstalk/latest/api/API_CreateEnvironment.html>
//! <https://docs.aws.amazon.com/elasticbeanstalk/latest/api/API_UpdateEnvironment.html>

use std::collections::BTreeMap;
use std::time::Duration;

use super::environment::{Environment, Platform, Settings, Status};
use super::input::{invalid, members, missing, required};
use crate::call::Call;
use crate::error::AwsError;
use crate::identity::Place;
use crate::params::Params;
use crate::shape::Shape;
use crate::trail::Trail;
use crate::world::World;

/// How long an environment takes to deploy a configuration.
const DEPLOYMENT: Duration = Duration::from_secs(60);

pub(super) fn create_application(
    world: &mut World,
    call: &Call,
    trail: &mut Trail,
) -> Result<Shape, AwsError> {
    let params = call.params()?;
    trail.request(params.trail_members());
    let name = required(params, "ApplicationName")?;
    params.finish(&call.action, &["Description", "ResourceLifecycleConfig", "Tags"])?;
    if !world.elasticbeanstalk.applications.insert((call.place.clone(), name.to_owned())) {
        return Err(invalid(format!("Application {name} already exists.")));
    }
    let arn = call.place.arn("elasticbeanstalk", &format!("application/{name}"));
    let application = Shape::map()
        .with("ApplicationArn", arn)
        .with("ApplicationName", name)
        .with("DateCreated", call.at)
        .with("DateUpdated", call.at);
    let answer = Shape::map().with("Application", application);
    trail.response(answer.trail_nested());
    Ok(answer)
}

pub(super) fn create_environment(
    world: &mut World,
    call: &Call,
    trail: &mut Trail,
) -> Result<Shape, AwsError> {
    let params = call.params()?;
    trail.request(params.trail_members());
    let application = required(params, "ApplicationName")?.to_owned();
    let name = required(params, "EnvironmentName")?.to_owned();
    let platform = match (params.text("SolutionStackName"), params.text("PlatformArn")) {
        (Some(stack), None) => Platform::Stack(stack.to_owned()),
        (None, Some(arn)) => Platform::Arn(arn.to_owned()),
        _ => return Err(missing("SolutionStackName or PlatformArn")),
    };
    let settings = option_settings(params)?;
    let mut tags = BTreeMap::new();
    for tag in members(params, "Tags") {
        tags.insert(required(tag, "Key")?.to_owned(), tag.text("Value").unwrap_or_default().to_owned());
    }
    let real =
        ["CNAMEPrefix", "Description", "GroupName", "OperationsRole", "TemplateName", "Tier", "VersionLabel"];
    params.finish(&call.action, &real)?;
    if !world.elasticbeanstalk.applications.contains(&(call.place.clone(), application.clone())) {
        return Err(invalid(format!("No Application named '{application}' found.")));
    }
    if !(4..=40).contains(&name.len()) {
        return Err(invalid("EnvironmentName must have 4 to 40 characters."));
    }
    let id = format!("e-{}", world.ids.hex(10));
    let arn = call.place.arn("elasticbeanstalk", &format!("environment/{application}/{name}"));
    let known = world.elasticbeanstalk.environments.entry(call.place.clone()).or_default();
    if known.values().any(|environment| environment.name == name) {
        return Err(invalid(format!("Environment {name} already exists.")));
    }
    let environment = Environment {
        id: id.clone(),
        arn,
        name,
        application,
        platform,
        status: Status::Launching,
        created: call.at,
        updated: call.at,
        tags,
        settings,
        draft: None,
    };
    let answer = environment.shape();
    known.insert(id.clone(), environment);
    finish_later(world, call.place.clone(), id);
    trail.response(answer.trail_nested());
    Ok(answer)
}

pub(super) fn update_environment(
    world: &mut World,
    call: &Call,
    trail: &mut Trail,
) -> Result<Shape, AwsError> {
    let params = call.params()?;
    trail.request(params.trail_members());
    let (id, name) = (params.text("EnvironmentId"), params.text("EnvironmentName"));
    let _application = params.text("ApplicationName");
    let settings = option_settings(params)?;
    let real =
        ["Description", "GroupName", "OptionsToRemove", "PlatformArn", "SolutionStackName", "TemplateName"];
    params.finish(&call.action, &real)?;
    let known = world.elasticbeanstalk.environments.entry(call.place.clone()).or_default();
    let environment = known
        .values_mut()
        .find(|environment| Some(environment.id.as_str()) == id || Some(environment.name.as_str()) == name)
        .ok_or_else(|| invalid("No Environment found for the given name or id."))?;
    if environment.status != Status::Ready {
        let message = format!(
            "Environment named {} is in an invalid state for this operation. Must be Ready.",
            environment.name
        );
        return Err(invalid(message));
    }
    let mut draft = environment.settings.clone();
    draft.extend(settings);
    (environment.draft, environment.status, environment.updated) = (Some(draft), Status::Updating, call.at);
    let (answer, id) = (environment.shape(), environment.id.clone());
    finish_later(world, call.place.clone(), id);
    trail.response(answer.trail_nested());
    Ok(answer)
}

/// Ends the deployment that begins now.
fn finish_later(world: &mut World, place: Place, id: String) {
    world.after(DEPLOYMENT, move |world| {
        let known = world.elasticbeanstalk.environments.get_mut(&place);
        let Some(environment) = known.and_then(|known| known.get_mut(&id)) else { return };
        environment.status = Status::Ready;
        if let Some(draft) = environment.draft.take() {
            environment.settings = draft;
        }
    });
}

fn option_settings(params: &Params) -> Result<Settings, AwsError> {
    let mut settings = Settings::new();
    for item in members(params, "OptionSettings") {
        let key = (required(item, "Namespace")?.to_owned(), required(item, "OptionName")?.to_owned());
        let value = item.text("Value").unwrap_or_default().to_owned();
        if key.1 == "DisableIMDSv1" && !["true", "false"].contains(&value.as_str()) {
            return Err(AwsError::client(
                "ConfigurationValidationException",
                format!(
                    "Configuration validation exception: Invalid option value: '{value}' (Namespace: '{}', OptionName: '{}')",
                    key.0, key.1
                ),
            ));
        }
        settings.insert(key, value);
    }
    Ok(settings)
}
