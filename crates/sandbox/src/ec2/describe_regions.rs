//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeRegions.html>

use super::filters;
use crate::call::Call;
use crate::error::AwsError;
use crate::shape::Shape;
use crate::world::World;

pub(super) fn answer(world: &World, call: &Call) -> Result<Shape, AwsError> {
    let params = call.params()?;
    let names = params.texts("RegionName");
    let filters = filters::read(params, &["region-name", "endpoint", "opt-in-status"], &[])?;
    // Every Region of the sandbox is enabled.
    let _all = params.flag("AllRegions")?;
    let dry_run = params.dry_run()?;
    params.finish(&call.action, &[])?;
    if let Some(name) = names.iter().find(|name| !world.config.regions.contains(name)) {
        return Err(AwsError::invalid_value(format!("Region not found: {name}")));
    }
    if dry_run {
        return Err(AwsError::dry_run());
    }
    let suffix = if call.place.partition() == "aws-cn" { ".cn" } else { "" };
    let endpoint = |name: &str| format!("ec2.{name}.amazonaws.com{suffix}");
    let asked = |name: &&String| {
        (names.is_empty() || names.contains(name))
            && filters.iter().all(|filter| match filter.name.as_str() {
                "region-name" => filter.takes(name),
                "endpoint" => filter.takes(&endpoint(name)),
                _ => filter.takes("opt-in-not-required"),
            })
    };
    let shape = |name: &String| {
        Shape::map()
            .with("regionName", name)
            .with("regionEndpoint", endpoint(name))
            .with("optInStatus", "opt-in-not-required")
    };
    let regions = world.config.regions.iter().filter(asked).map(shape);
    Ok(Shape::map().with("regionInfo", Shape::list(regions)))
}
