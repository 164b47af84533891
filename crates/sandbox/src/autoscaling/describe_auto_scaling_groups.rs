//! <https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DescribeAutoScalingGroups.html>
//!
//! A name that does not exist is left out.

use super::input::{members, page};
use super::state::{Group, GroupTag, MixedInstances, Source, Specification};
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
    let described = |group: &Group| shape(group, crate::ec2::instances_of(world, &call.place, &group.name));
    Ok(Shape::map()
        .with("AutoScalingGroups", Shape::list(found.into_iter().map(described)))
        .with_some("NextToken", next))
}

/// One of the instances that tests launched for the group.
fn member(id: &str, group: &Group) -> Shape {
    let zone = group.zones.first().map_or("", String::as_str);
    Shape::map()
        .with("InstanceId", id)
        .with("AvailabilityZone", zone)
        .with("LifecycleState", "InService")
        .with("HealthStatus", "Healthy")
        .with("ProtectedFromScaleIn", false)
}

fn shape(group: &Group, instances: Vec<&str>) -> Shape {
    let start =
        Shape::map().with("AutoScalingGroupName", &group.name).with("AutoScalingGroupARN", &group.arn);
    let from = match &group.source {
        Source::Configuration(name) => start.with("LaunchConfigurationName", name),
        Source::Template(template) => start.with("LaunchTemplate", template.shape()),
        Source::Mixed(MixedInstances { base, overrides, distribution }) => {
            let overrides = overrides.iter().map(|choice| {
                Shape::map()
                    .with("InstanceType", &choice.kind)
                    .with_some("WeightedCapacity", choice.weight.as_deref())
                    .with_some("ImageId", choice.image.as_deref())
                    .with_some(
                        "LaunchTemplateSpecification",
                        choice.template.as_ref().map(Specification::shape),
                    )
            });
            let template = Shape::map()
                .with("LaunchTemplateSpecification", base.shape())
                .with("Overrides", Shape::list(overrides));
            let distribution =
                distribution.iter().fold(Shape::map(), |shape, (name, value)| shape.with(name, value));
            let policy = Shape::map().with("LaunchTemplate", template);
            start.with("MixedInstancesPolicy", policy.with("InstancesDistribution", distribution))
        }
    };
    from.with("MinSize", group.sizes.0)
        .with("MaxSize", group.sizes.1)
        .with("DesiredCapacity", 0)
        .with("DefaultCooldown", 300)
        .with("AvailabilityZones", Shape::list(group.zones.iter().map(Shape::from)))
        .with("LoadBalancerNames", Shape::list([]))
        .with("TargetGroupARNs", Shape::list([]))
        .with("HealthCheckType", "EC2")
        .with("HealthCheckGracePeriod", 0)
        .with("Instances", Shape::list(instances.into_iter().map(|id| member(id, group))))
        .with("CreatedTime", group.created)
        .with("SuspendedProcesses", Shape::list([]))
        .with("EnabledMetrics", Shape::list([]))
        .with("Tags", Shape::list(group.tags.values().map(GroupTag::shape)))
        .with("TerminationPolicies", Shape::list([Shape::from("Default")]))
        .with("NewInstancesProtectedFromScaleIn", false)
}
