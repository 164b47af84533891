//! EC2 Image Builder: infrastructure configurations, over REST and JSON.
//!
//! Not simulated: pipelines and builds, checks of instance profiles, networks, topics and groups.
//!
//! Where AWS's documentation is silent, the sandbox chooses: the ARN holds the name in lower case
//! with hyphens in place of spaces and underscores, and dates have milliseconds.

mod changes;
mod configuration;
mod reads;
mod routes;
mod state;

use crate::call::{Answer, Call};
use crate::error::AwsError;
use crate::members::Members;
use crate::throttle::Limit;
use crate::trail::Trail;
use crate::world::World;

pub(crate) use routes::operation;
pub(crate) use state::State;

pub(crate) fn answer(world: &mut World, call: &Call, trail: &mut Trail) -> Result<Answer, AwsError> {
    let input = Members::new(call.json()?, "InvalidRequestException")?;
    let answer = match call.action.as_str() {
        "CreateInfrastructureConfiguration" => changes::create(world, call, &input, trail),
        "UpdateInfrastructureConfiguration" => changes::update(world, call, &input, trail),
        "GetInfrastructureConfiguration" => reads::get(world, call, &input),
        "ListInfrastructureConfigurations" => reads::list(world, call, &input),
        other => Err(AwsError::not_simulated(format!("operation {other} of imagebuilder"))),
    }?;
    Ok(Answer::Json(answer))
}

/// AWS publishes no rates for Image Builder; these are careful guesses.
pub(crate) fn limits(call: &Call) -> Vec<Limit> {
    match call.action.as_str() {
        "GetInfrastructureConfiguration" | "ListInfrastructureConfigurations" => {
            vec![Limit::requests("read", 20.0, 5.0)]
        }
        _ => vec![Limit::requests("change", 10.0, 2.0)],
    }
}
