//! EMR: security configurations, and clusters as far as they name one.
//!
//! Not simulated: nodes. A cluster launches nothing here, and is `WAITING` at once.
//!
//! Where AWS's documentation is silent, the sandbox chooses: a page of
//! `ListSecurityConfigurations` holds 50, as `ListClusters` documents for clusters.

mod cluster;
mod clusters;
mod security_configurations;
mod state;

use crate::call::{Answer, Call};
use crate::error::AwsError;
use crate::members::Members;
use crate::throttle::Limit;
use crate::trail::Trail;
use crate::world::World;

pub(crate) use state::State;

pub(crate) fn answer(world: &mut World, call: &Call, trail: &mut Trail) -> Result<Answer, AwsError> {
    let input = Members::new(call.json()?, "InvalidRequestException")?;
    let answer = match call.action.as_str() {
        "CreateSecurityConfiguration" => security_configurations::create(world, call, &input, trail),
        "DescribeSecurityConfiguration" => security_configurations::describe(world, call, &input),
        "ListSecurityConfigurations" => security_configurations::list(world, call, &input),
        "RunJobFlow" => clusters::run(world, call, &input, trail),
        "TerminateJobFlows" => clusters::terminate(world, call, &input, trail),
        "DescribeCluster" => clusters::describe(world, call, &input),
        "ListClusters" => clusters::list(world, call, &input),
        other => Err(AwsError::not_simulated(format!("operation {other} of elasticmapreduce"))),
    }?;
    Ok(Answer::Json(answer))
}

/// AWS publishes rates of EMR as quotas that differ by Region; these are careful guesses.
pub(crate) fn limits(call: &Call) -> Vec<Limit> {
    match call.action.as_str() {
        "DescribeCluster"
        | "ListClusters"
        | "DescribeSecurityConfiguration"
        | "ListSecurityConfigurations" => {
            vec![Limit::requests("read", 10.0, 2.0)]
        }
        _ => vec![Limit::requests("change", 5.0, 1.0)],
    }
}
