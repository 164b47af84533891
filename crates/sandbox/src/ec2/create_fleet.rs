//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateFleet.html>
//!
//! The template and the version of each configuration must exist. A fleet of type `instant`
//! launches at once and is not simulated: tests launch for it as [`crate::Actor::Fleet`].

use super::fleet::{Fleet, TemplateConfig};
use super::tags;
use super::template::TemplateVersion;
use super::templates::find_version;
use crate::call::Call;
use crate::error::AwsError;
use crate::identity::Place;
use crate::shape::Shape;
use crate::trail::Trail;
use crate::world::World;

const NOT_SIMULATED: [&str; 9] = [
    "Context",
    "ExcessCapacityTerminationPolicy",
    "LaunchTemplateConfigs",
    "OnDemandOptions",
    "ReplaceUnhealthyInstances",
    "SpotOptions",
    "TargetCapacitySpecification",
    "ValidFrom",
    "ValidUntil",
];

pub(super) fn answer(world: &mut World, call: &Call, trail: &mut Trail) -> Result<Shape, AwsError> {
    let params = call.params()?;
    trail.nested_request(&call.action, params);
    let configs = TemplateConfig::read_all(params)?;
    let kind = params.one_of("Type", &["request", "maintain", "instant"])?.unwrap_or("maintain");
    let capacity = params.structure("TargetCapacitySpecification");
    let capacity = capacity.map(|it| it.int("TotalTargetCapacity")).transpose()?.flatten();
    let capacity =
        capacity.ok_or_else(|| AwsError::missing("TargetCapacitySpecification.TotalTargetCapacity"))?;
    let tags = tags::read_specification(params, "fleet", &["instance"])?;
    let client_token = params.text("ClientToken").map(str::to_owned);
    let _with_expiration = params.flag("TerminateInstancesWithExpiration")?;
    let dry_run = params.dry_run()?;
    params.finish(&call.action, &NOT_SIMULATED)?;
    if kind == "instant" {
        return Err(AwsError::not_simulated("EC2 Fleets of type instant"));
    }
    if configs.is_empty() {
        return Err(AwsError::missing("LaunchTemplateConfigs"));
    }
    check(world, &call.place, &configs)?;
    if dry_run {
        return Err(AwsError::dry_run());
    }
    let id = format!("fleet-{}", world.ids.uuid());
    let fleet = Fleet { id: id.clone(), kind, created: world.now(), capacity, configs, tags, client_token };
    world.ec2.at(&call.place).fleets.push(fleet);
    let answer = Shape::map().with("fleetId", id);
    trail.nested_response(call, &answer);
    Ok(answer)
}

/// Whether the template and the version of each configuration exist.
pub(super) fn check(world: &World, place: &Place, configs: &[TemplateConfig]) -> Result<(), AwsError> {
    for config in configs {
        let (template, version) = (config.template.clone(), Some(config.version.clone()));
        find_version(world, place, &TemplateVersion { template, version })?;
    }
    Ok(())
}
