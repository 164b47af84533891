//! <https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_CreateAutoScalingGroup.html>
//!
//! Names what is launched from: a launch configuration, a launch template, or a mixed instances
//! policy. Only groups of no instances can be made, because nothing is launched here.

use std::collections::BTreeMap;

use super::input::{members, source, tags, validation};
use super::state::Group;
use crate::call::Call;
use crate::error::AwsError;
use crate::shape::Shape;
use crate::world::World;

const NOT_SIMULATED: [&str; 24] = [
    "AvailabilityZoneDistribution",
    "AvailabilityZoneIds",
    "AvailabilityZoneImpairmentPolicy",
    "CapacityRebalance",
    "CapacityReservationSpecification",
    "Context",
    "DefaultCooldown",
    "DefaultInstanceWarmup",
    "DesiredCapacityType",
    "HealthCheckGracePeriod",
    "HealthCheckType",
    "InstanceId",
    "InstanceMaintenancePolicy",
    "LifecycleHookSpecificationList",
    "LoadBalancerNames",
    "MaxInstanceLifetime",
    "NewInstancesProtectedFromScaleIn",
    "PlacementGroup",
    "ServiceLinkedRoleARN",
    "SkipZonalShiftValidation",
    "TargetGroupARNs",
    "TerminationPolicies",
    "TrafficSources",
    "VPCZoneIdentifier",
];

pub(super) fn answer(world: &mut World, call: &Call) -> Result<Shape, AwsError> {
    let params = call.params()?;
    let name = params.required("AutoScalingGroupName")?.to_owned();
    let source = source(world, &call.place, params)?.ok_or_else(|| {
        validation(
            "Valid requests must contain either LaunchTemplate, LaunchConfigurationName, \
                                    InstanceId or MixedInstancesPolicy parameter.",
        )
    })?;
    let tags = tags(params, Some(&name))?;
    let size = |name: &str| params.int(name)?.ok_or_else(|| validation(&format!("{name} is required")));
    let sizes: (i64, i64) = (size("MinSize")?, size("MaxSize")?);
    let desired = params.int("DesiredCapacity")?.unwrap_or(sizes.0);
    let zones = members(params, "AvailabilityZones");
    params.finish(&call.action, &NOT_SIMULATED)?;
    if sizes.0 > sizes.1 {
        return Err(validation("Max bound, must be greater than or equal to min bound"));
    }
    if desired != 0 {
        return Err(AwsError::not_simulated(
            "groups that launch: create it with MinSize and DesiredCapacity 0",
        ));
    }
    let (created, uuid) = (world.now(), world.ids.uuid());
    let groups = &mut world.autoscaling.at(&call.place).groups;
    if groups.contains_key(&name) {
        let message = format!(
            "AutoScalingGroup by this name already exists - A group with the name {name} already exists"
        );
        return Err(AwsError::client("AlreadyExists", message));
    }
    let arn = call.place.arn("autoscaling", &format!("autoScalingGroup:{uuid}:autoScalingGroupName/{name}"));
    let mut group = Group { name: name.clone(), arn, source, sizes, zones, created, tags: BTreeMap::new() };
    for tag in tags {
        group.tags.insert(tag.key.clone(), tag);
    }
    groups.insert(name, group);
    Ok(Shape::map())
}
