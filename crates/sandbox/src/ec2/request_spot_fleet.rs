//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RequestSpotFleet.html>

use super::create_fleet::check;
use super::fleet::{Override, SpotFleet, TemplateConfig};
use super::tags;
use crate::call::Call;
use crate::error::AwsError;
use crate::shape::Shape;
use crate::trail::Trail;
use crate::world::World;

/// Members of the configuration are below it, so the one name stands for them all.
const NOT_SIMULATED: [&str; 1] = ["SpotFleetRequestConfig"];

pub(super) fn answer(world: &mut World, call: &Call, trail: &mut Trail) -> Result<Shape, AwsError> {
    let params = call.params()?;
    trail.nested_request(&call.action, params);
    let request = params.structure("SpotFleetRequestConfig");
    let request = request.ok_or_else(|| AwsError::missing("SpotFleetRequestConfig"))?;
    let role = request.required("IamFleetRole")?.to_owned();
    let capacity = request.int("TargetCapacity")?.ok_or_else(|| AwsError::missing("TargetCapacity"))?;
    let specifications: Vec<Override> =
        request.structures("LaunchSpecifications").into_iter().map(Override::read).collect();
    let configs = TemplateConfig::read_all(request)?;
    let tags = tags::read_specification(request, "spot-fleet-request", &[])?;
    let _type = request.one_of("Type", &["request", "maintain"])?;
    let dry_run = params.dry_run()?;
    params.finish(&call.action, &NOT_SIMULATED)?;
    if specifications.is_empty() == configs.is_empty() {
        let message = "Exactly one of LaunchSpecifications and LaunchTemplateConfigs must be specified.";
        return Err(AwsError::client("InvalidSpotFleetRequestConfig", message));
    }
    check(world, &call.place, &configs)?;
    if dry_run {
        return Err(AwsError::dry_run());
    }
    let id = format!("sfr-{}", world.ids.uuid());
    let created = world.now();
    let request = SpotFleet { id: id.clone(), created, role, capacity, specifications, configs, tags };
    world.ec2.at(&call.place).spot_fleets.push(request);
    let answer = Shape::map().with("spotFleetRequestId", id);
    trail.nested_response(call, &answer);
    Ok(answer)
}
