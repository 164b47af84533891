//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeFleets.html>

use super::filters;
use super::fleet::Fleet;
use super::paging::Page;
use crate::call::Call;
use crate::error::AwsError;
use crate::shape::Shape;
use crate::world::World;

const NOT_SIMULATED: [&str; 5] = [
    "activity-status",
    "excess-capacity-termination-policy",
    "fleet-state",
    "replace-unhealthy-instances",
    "type",
];

pub(super) fn answer(world: &World, call: &Call) -> Result<Shape, AwsError> {
    let params = call.params()?;
    let ids = params.texts("FleetId");
    filters::read(params, &[], &NOT_SIMULATED)?;
    let page = Page::read(params, 1..=1000)?;
    let dry_run = params.dry_run()?;
    params.finish(&call.action, &[])?;
    if dry_run {
        return Err(AwsError::dry_run());
    }
    let fleets = world.ec2.peek(&call.place).map(|region| region.fleets.as_slice()).unwrap_or_default();
    if let Some(id) = ids.iter().find(|id| !fleets.iter().any(|fleet| fleet.id == **id)) {
        return Err(AwsError::client(
            "InvalidFleetId.NotFound",
            format!("The fleet ID '{id}' does not exist"),
        ));
    }
    let asked = fleets.iter().filter(|fleet| ids.is_empty() || ids.contains(&fleet.id));
    let (found, next) = page.cut((1..).zip(asked));
    let shapes = found.into_iter().map(Fleet::shape);
    Ok(Shape::map().with("fleetSet", Shape::list(shapes)).with_some("nextToken", next))
}
