//! <https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DescribeLaunchConfigurations.html>
//!
//! A name that does not exist is left out. `MetadataOptions` is there only where it was given.

use super::input::{members, page, validation};
use super::state::Configuration;
use crate::call::Call;
use crate::error::AwsError;
use crate::shape::Shape;
use crate::world::World;

pub(super) fn answer(world: &World, call: &Call) -> Result<Shape, AwsError> {
    let params = call.params()?;
    let names = members(params, "LaunchConfigurationNames");
    let page = page(params)?;
    params.finish(&call.action, &[])?;
    if names.len() > 50 {
        return Err(validation("launchConfigurationNames must have length less than or equal to 50"));
    }
    let all = world.autoscaling.peek(&call.place).into_iter().flat_map(|it| it.configurations.values());
    let asked = all.filter(|it| names.is_empty() || names.contains(&it.name));
    let (found, next) = page.cut((1..).zip(asked));
    Ok(Shape::map()
        .with("LaunchConfigurations", Shape::list(found.into_iter().map(shape)))
        .with_some("NextToken", next))
}

fn shape(it: &Configuration) -> Shape {
    let says = it.tokens.is_some() || it.hop_limit.is_some() || it.endpoint.is_some();
    let options = Shape::map()
        .with_some("HttpTokens", it.tokens)
        .with_some("HttpPutResponseHopLimit", it.hop_limit)
        .with_some("HttpEndpoint", it.endpoint);
    Shape::map()
        .with("LaunchConfigurationName", &it.name)
        .with("LaunchConfigurationARN", &it.arn)
        .with("ImageId", &it.image)
        .with("InstanceType", &it.kind)
        .with("KeyName", "")
        .with("UserData", "")
        .with("KernelId", "")
        .with("RamdiskId", "")
        .with("SecurityGroups", Shape::list([]))
        .with("ClassicLinkVPCSecurityGroups", Shape::list([]))
        .with("BlockDeviceMappings", Shape::list([]))
        .with("InstanceMonitoring", Shape::map().with("Enabled", true))
        .with("EbsOptimized", false)
        .with("CreatedTime", it.created)
        .with_some("MetadataOptions", says.then_some(options))
}
