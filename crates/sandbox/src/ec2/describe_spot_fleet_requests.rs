//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeSpotFleetRequests.html>

use super::fleet::SpotFleet;
use super::paging::Page;
use crate::call::Call;
use crate::error::AwsError;
use crate::shape::Shape;
use crate::world::World;

pub(super) fn answer(world: &World, call: &Call) -> Result<Shape, AwsError> {
    let params = call.params()?;
    let ids = params.texts("SpotFleetRequestId");
    let page = Page::read(params, 1..=1000)?;
    let dry_run = params.dry_run()?;
    params.finish(&call.action, &[])?;
    if dry_run {
        return Err(AwsError::dry_run());
    }
    let requests =
        world.ec2.peek(&call.place).map(|region| region.spot_fleets.as_slice()).unwrap_or_default();
    if let Some(id) = ids.iter().find(|id| !requests.iter().any(|request| request.id == **id)) {
        let message = format!("The spot fleet request ID '{id}' does not exist");
        return Err(AwsError::client("InvalidSpotFleetRequestId.NotFound", message));
    }
    let asked = requests.iter().filter(|request| ids.is_empty() || ids.contains(&request.id));
    let (found, next) = page.cut((1..).zip(asked));
    let shapes = found.into_iter().map(SpotFleet::shape);
    Ok(Shape::map().with("spotFleetRequestConfigSet", Shape::list(shapes)).with_some("nextToken", next))
}
