//! <https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DescribeAutoScalingGroups.html>
//!
//! A name that does not exist is left out.

use super::input::{members, page};
use super::state::{Group, GroupTag, Source, Specification};
use crate::call::Call;
use crate::error::AwsError;
use crate::shape::Shape;
use crate::world::World;

pub(super) fn answer(world: &World, call: &Call) -> Result<Shape, AwsError> {
    let params = call.params()?;
    let names = members(params, "AutoScalingGroupNames");
    let page = page(params)?;
    let _instances = params.flag("IncludeInstances")?;
    params.finish(&call.action, &["Filters"])?;
    let all = world.autoscaling.peek(&call.place).into_iter().flat_map(|it| it.groups.values());
    let asked = all.filter(|it| names.is_empty() || names.contains(&it.name));
    let (found, next) = page.cut((1..).zip(asked));
    Ok(Shape::map()
        .with("AutoScalingGroups", Shape::list(found.into_iter().map(shape)))
        .with_some("NextToken", next))
}

fn shape(group: &Group) -> Shape {
    let start =
        Shape::map().with("AutoScalingGroupName", &group.name).with("AutoScalingGroupARN", &group.arn);
    let described = match &group.source {
        Source::Configuration(name) => start.with("LaunchConfigurationName", name),
        Source::Template(template) => start.with("LaunchTemplate", template.shape()),
        Source::Mixed(first, overrides) => {
            let overrides = overrides.iter().map(|(kind, own)| {
                Shape::map()
                    .with("InstanceType", kind)
                    .with_some("LaunchTemplateSpecification", own.as_ref().map(Specification::shape))
            });
            let template = Shape::map()
                .with("LaunchTemplateSpecification", first.shape())
                .with("Overrides", Shape::list(overrides));
            start.with("MixedInstancesPolicy", Shape::map().with("LaunchTemplate", template))
        }
    };
    described
        .with("MinSize", group.sizes.0)
        .with("MaxSize", group.sizes.1)
        .with("DesiredCapacity", 0)
        .with("DefaultCooldown", 300)
        .with("AvailabilityZones", Shape::list(group.zones.iter().map(Shape::from)))
        .with("LoadBalancerNames", Shape::list([]))
        .with("TargetGroupARNs", Shape::list([]))
        .with("HealthCheckType", "EC2")
        .with("HealthCheckGracePeriod", 0)
        .with("Instances", Shape::list([]))
        .with("CreatedTime", group.created)
        .with("SuspendedProcesses", Shape::list([]))
        .with("EnabledMetrics", Shape::list([]))
        .with("Tags", Shape::list(group.tags.values().map(GroupTag::shape)))
        .with("TerminationPolicies", Shape::list([Shape::from("Default")]))
        .with("NewInstancesProtectedFromScaleIn", false)
}
