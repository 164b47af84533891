//! Security Hub: findings in AWS Security Finding Format, imported and read back, over REST and
//! JSON.
//!
//! Findings of AWS's own controls are put in by a test, see `control`. Left out: standards, insights,
//! aggregation of Regions, and whether an account is subscribed: every account is, in every Region.

mod batch_import_findings;
mod batch_update_findings;
mod control;
mod errors;
mod get_findings;
mod routes;
mod state;

pub(crate) use control::routes as control_routes;
pub(crate) use routes::operation;
pub(crate) use state::State;

use crate::call::{Answer, Call};
use crate::error::AwsError;
use crate::throttle::Limit;
use crate::world::World;

pub(crate) fn answer(world: &mut World, call: &Call) -> Result<Answer, AwsError> {
    match call.action.as_str() {
        "BatchImportFindings" => batch_import_findings::answer(world, call),
        "BatchUpdateFindings" => batch_update_findings::answer(world, call),
        "GetFindings" => get_findings::answer(world, call),
        other => Err(AwsError::not_simulated(format!("operation {other} of securityhub"))),
    }
}

/// <https://docs.aws.amazon.com/securityhub/1.0/APIReference/Welcome.html>
pub(crate) fn limits(call: &Call) -> Vec<Limit> {
    match call.action.as_str() {
        "BatchImportFindings" => vec![Limit::requests("import", 30.0, 10.0)],
        "BatchUpdateFindings" => vec![Limit::requests("update", 30.0, 10.0)],
        "GetFindings" => vec![Limit::requests("findings", 6.0, 3.0)],
        _ => Vec::new(),
    }
}
