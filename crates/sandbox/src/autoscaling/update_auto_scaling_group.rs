//! <https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_UpdateAutoScalingGroup.html>
//!
//! Members that are not named stay. A group that is given another source has that source only, with the overrides and the
//! distribution of the request: AWS does not document which parts of a mixed instances policy stay if a request leaves them out.

use super::input::{members, source, validation};
use crate::call::Call;
use crate::error::AwsError;
use crate::shape::Shape;
use crate::trail::Trail;
use crate::world::World;

const NOT_SIMULATED: [&str; 21] = [
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
    "InstanceLifecyclePolicy",
    "InstanceMaintenancePolicy",
    "MaxInstanceLifetime",
    "MixedInstancesPolicy",
    "NewInstancesProtectedFromScaleIn",
    "PlacementGroup",
    "ServiceLinkedRoleARN",
    "SkipZonalShiftValidation",
    "TerminationPolicies",
    "VPCZoneIdentifier",
];

pub(super) fn answer(world: &mut World, call: &Call, trail: &mut Trail) -> Result<Shape, AwsError> {
    let params = call.params()?;
    trail.request(params.trail_members());
    let name = params.required("AutoScalingGroupName")?.to_owned();
    let source = source(world, &call.place, params)?;
    let (least, most) = (params.int("MinSize")?, params.int("MaxSize")?);
    let desired = params.int("DesiredCapacity")?.unwrap_or(0);
    let zones = members(params, "AvailabilityZones");
    params.finish(&call.action, &NOT_SIMULATED)?;
    let group = world.autoscaling.at(&call.place).groups.get_mut(&name);
    let group = group.ok_or_else(|| validation("AutoScalingGroup name not found - null"))?;
    let sizes = (least.unwrap_or(group.sizes.0), most.unwrap_or(group.sizes.1));
    if sizes.0 > sizes.1 {
        return Err(validation("Max bound, must be greater than or equal to min bound"));
    }
    if desired != 0 {
        return Err(AwsError::not_simulated("groups that launch: keep DesiredCapacity 0"));
    }
    group.sizes = sizes;
    group.source = source.unwrap_or_else(|| group.source.clone());
    if !zones.is_empty() {
        group.zones = zones;
    }
    Ok(Shape::map())
}
