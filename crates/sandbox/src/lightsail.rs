//! Lightsail: instances, their metadata options and the metrics that the usage gate reads.
//!
//! Not simulated: disks, snapshots, networks, blueprints and bundles, which are kept as names.
//!
//! Where AWS's documentation is silent, the sandbox chooses: a page of `GetInstances` holds
//! 20 instances, options that were changed on a running instance are `pending` for as long as
//! EC2's, and the blueprint of Amazon Linux 2023 starts with tokens required.

mod create_instances;
mod get_instance_metric_data;
mod get_instances;
mod handle;
mod instance;
mod operation;
mod state;
mod tag_resource;
mod update_instance_metadata_options;

use crate::call::{Answer, Call};
use crate::error::AwsError;
use crate::members::Members;
use crate::throttle::Limit;
use crate::trail::Trail;
use crate::world::World;

pub use handle::LightsailInstance;
pub(crate) use handle::routes;
pub(crate) use state::State;

pub(crate) fn answer(world: &mut World, call: &Call, trail: &mut Trail) -> Result<Answer, AwsError> {
    let input = Members::new(call.json()?, "InvalidInputException")?;
    let answer = match call.action.as_str() {
        "CreateInstances" => create_instances::answer(world, call, &input, trail),
        "GetInstance" => get_instances::one(world, call, &input),
        "GetInstances" => get_instances::answer(world, call, &input),
        "GetInstanceMetricData" => get_instance_metric_data::answer(world, call, &input),
        "TagResource" => tag_resource::answer(world, call, &input, trail),
        "UpdateInstanceMetadataOptions" => {
            update_instance_metadata_options::answer(world, call, &input, trail)
        }
        other => Err(AwsError::not_simulated(format!("operation {other} of lightsail"))),
    }?;
    Ok(Answer::Json(answer))
}

/// AWS publishes no rates for Lightsail; these are careful guesses.
pub(crate) fn limits(call: &Call) -> Vec<Limit> {
    match call.action.as_str() {
        "GetInstance" | "GetInstances" => vec![Limit::requests("read", 20.0, 5.0)],
        "GetInstanceMetricData" => vec![Limit::requests("metrics", 20.0, 5.0)],
        _ => vec![Limit::requests("change", 10.0, 2.0)],
    }
}
