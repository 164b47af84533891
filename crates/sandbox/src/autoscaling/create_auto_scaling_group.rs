//! <https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_CreateAutoScalingGroup.html>
//!
//! Names what is launched from: a launch configuration, a launch template, or a mixed instances policy. Only
//! groups of no instances can be made, because nothing is launched here.

use super::input::{members, specification, validation};
use super::state::{Group, Source};
use crate::call::Call;
use crate::error::AwsError;
use crate::params::Params;
use crate::shape::Shape;
use crate::world::World;

const NOT_SIMULATED: [&str; 26] = [
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
    "MixedInstancesPolicy",
    "NewInstancesProtectedFromScaleIn",
    "PlacementGroup",
    "ServiceLinkedRoleARN",
    "SkipZonalShiftValidation",
    "Tags",
    "TargetGroupARNs",
    "TerminationPolicies",
    "TrafficSources",
    "VPCZoneIdentifier",
];

pub(super) fn answer(world: &mut World, call: &Call) -> Result<Shape, AwsError> {
    let params = call.params()?;
    let name = params.required("AutoScalingGroupName")?.to_owned();
    let configuration = params.text("LaunchConfigurationName").map(str::to_owned);
    let template = params.structure("LaunchTemplate");
    let mixed = params.structure("MixedInstancesPolicy").and_then(|it| it.structure("LaunchTemplate"));
    let sources = [configuration.is_some(), template.is_some(), mixed.is_some()];
    if sources.into_iter().filter(|it| *it).count() != 1 {
        let message = "Valid requests must contain either LaunchTemplate, LaunchConfigurationName, InstanceId or \
                       MixedInstancesPolicy parameter.";
        return Err(validation(message));
    }
    let source = match (configuration, template, mixed) {
        (Some(name), ..) => {
            let known =
                world.autoscaling.peek(&call.place).is_some_and(|it| it.configurations.contains_key(&name));
            if !known {
                return Err(validation("Launch configuration name not found - null"));
            }
            Source::Configuration(name)
        }
        (_, Some(template), _) => Source::Template(specification(world, &call.place, template)?),
        (_, _, Some(mixed)) => read_mixed(world, call, mixed)?,
        (None, None, None) => return Err(validation("nothing to launch from")),
    };
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
    groups.insert(name.clone(), Group { name, arn, source, sizes, zones, created });
    Ok(Shape::map())
}

fn read_mixed(world: &World, call: &Call, params: &Params) -> Result<Source, AwsError> {
    let first = params
        .structure("LaunchTemplateSpecification")
        .ok_or_else(|| validation("LaunchTemplateSpecification is required in a mixed instances policy"))?;
    let first = specification(world, &call.place, first)?;
    let mut overrides = Vec::new();
    for item in params.structure("Overrides").map(|it| it.structures("member")).unwrap_or_default() {
        let own = item
            .structure("LaunchTemplateSpecification")
            .map(|it| specification(world, &call.place, it))
            .transpose()?;
        overrides.push((item.required("InstanceType")?.to_owned(), own));
    }
    Ok(Source::Mixed(first, overrides))
}
