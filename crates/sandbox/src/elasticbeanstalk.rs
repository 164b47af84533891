//! Elastic Beanstalk: applications, environments and their option settings.
//!
//! Not simulated: the instances, groups and templates of an environment, versions, configuration
//! templates and platforms, which are kept as names.
//!
//! Where AWS's documentation is silent, the sandbox chooses: an environment is `Launching` or
//! `Updating` for a minute, and settings describe `DisableIMDSv1` with its default where
//! nobody set it.

mod changes;
mod environment;
mod input;
mod reads;
mod state;

use crate::call::{Answer, Call};
use crate::error::AwsError;
use crate::throttle::Limit;
use crate::trail::Trail;
use crate::world::World;

pub(crate) use state::State;

pub(crate) fn answer(world: &mut World, call: &Call, trail: &mut Trail) -> Result<Answer, AwsError> {
    let shape = match call.action.as_str() {
        "CreateApplication" => changes::create_application(world, call, trail),
        "CreateEnvironment" => changes::create_environment(world, call, trail),
        "UpdateEnvironment" => changes::update_environment(world, call, trail),
        "DescribeConfigurationSettings" => reads::settings(world, call),
        "DescribeEnvironments" => reads::environments(world, call),
        "ListTagsForResource" => reads::tags(world, call),
        other => Err(AwsError::not_simulated(format!("operation {other} of elasticbeanstalk"))),
    }?;
    Ok(Answer::Xml(shape))
}

/// AWS publishes no rates for Elastic Beanstalk; these are careful guesses.
pub(crate) fn limits(call: &Call) -> Vec<Limit> {
    match call.action.as_str() {
        "DescribeEnvironments" | "DescribeConfigurationSettings" | "ListTagsForResource" => {
            vec![Limit::requests("read", 20.0, 5.0)]
        }
        _ => vec![Limit::requests("change", 10.0, 2.0)],
    }
}
