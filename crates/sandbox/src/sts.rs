//! STS: who am I, and becoming someone else.

mod assume_role;
mod get_caller_identity;

use crate::call::{Answer, Call};
use crate::error::AwsError;
use crate::world::World;

pub(crate) fn answer(world: &mut World, call: &Call) -> Result<Answer, AwsError> {
    match call.action.as_str() {
        "AssumeRole" => assume_role::answer(world, call),
        "GetCallerIdentity" => get_caller_identity::answer(call),
        other => Err(AwsError::not_simulated(format!("operation {other} of sts"))),
    }
}
