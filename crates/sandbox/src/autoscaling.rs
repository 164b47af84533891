//! Auto Scaling: groups and launch configurations, as far as they say what instances are launched
//! from.
//!
//! Not simulated: scaling. A group launches nothing here; tests launch for it by
//! [`crate::Actor::AutoScaling`].

mod create_auto_scaling_group;
mod create_launch_configuration;
mod create_or_update_tags;
mod describe_auto_scaling_groups;
mod describe_launch_configurations;
mod input;
mod state;
mod update_auto_scaling_group;

pub(crate) use state::State;

use crate::call::{Answer, Call};
use crate::error::AwsError;
use crate::throttle::Limit;
use crate::trail::Trail;
use crate::world::World;

pub(crate) fn answer(world: &mut World, call: &Call, trail: &mut Trail) -> Result<Answer, AwsError> {
    let shape = match call.action.as_str() {
        "CreateAutoScalingGroup" => create_auto_scaling_group::answer(world, call),
        "CreateLaunchConfiguration" => create_launch_configuration::answer(world, call),
        "CreateOrUpdateTags" => create_or_update_tags::answer(world, call),
        "UpdateAutoScalingGroup" => update_auto_scaling_group::answer(world, call, trail),
        "DescribeAutoScalingGroups" => describe_auto_scaling_groups::answer(world, call),
        "DescribeLaunchConfigurations" => describe_launch_configurations::answer(world, call),
        other => Err(AwsError::not_simulated(format!("operation {other} of autoscaling"))),
    }?;
    Ok(Answer::Xml(shape))
}

/// AWS publishes no rates for Auto Scaling; these are the sandbox's own.
pub(crate) fn limits(call: &Call) -> Vec<Limit> {
    match call.action.as_str() {
        "DescribeAutoScalingGroups" => vec![Limit::requests("DescribeAutoScalingGroups", 100.0, 20.0)],
        "DescribeLaunchConfigurations" => vec![Limit::requests("DescribeLaunchConfigurations", 100.0, 20.0)],
        _ => vec![Limit::requests("autoscaling mutating", 50.0, 5.0)],
    }
}
