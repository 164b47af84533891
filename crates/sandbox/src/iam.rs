//! Roles and sessions, and what instance profiles hand out. Permissions are not simulated: a caller who is let in may do
//! everything, and a role that a call creates cannot be assumed. The changes of IAM emit no events.

mod access;
mod changes;
mod details;
mod handle;
mod state;

use crate::call::{Answer, Call};
use crate::error::AwsError;
use crate::throttle::Limit;
use crate::world::World;

pub(crate) use state::{Session, State};

pub(crate) fn answer(world: &mut World, call: &Call) -> Result<Answer, AwsError> {
    let access = world.iam.access.entry(call.place.account.clone()).or_default();
    let ids = &mut world.ids;
    let shape = match call.action.as_str() {
        "AddRoleToInstanceProfile" => changes::add_role(access, call),
        "AttachRolePolicy" => changes::attach_role_policy(access, call),
        "CreateInstanceProfile" => changes::create_instance_profile(access, ids, call),
        "CreatePolicy" => changes::create_policy(access, ids, call),
        "CreateRole" => changes::create_role(access, ids, call),
        "PutRolePolicy" => changes::put_role_policy(access, call),
        "GetAccountAuthorizationDetails" => details::answer(access, call),
        other => Err(AwsError::not_simulated(format!("operation {other} of iam"))),
    }?;
    Ok(Answer::Xml(shape))
}

/// AWS publishes no rates for IAM; these are careful guesses.
pub(crate) fn limits(call: &Call) -> Vec<Limit> {
    match call.action.as_str() {
        "GetAccountAuthorizationDetails" => vec![Limit::requests("details", 10.0, 2.0)],
        _ => vec![Limit::requests("change", 20.0, 10.0)],
    }
}
