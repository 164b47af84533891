//! Organizations: the tree of accounts, read only.
//!
//! The management account and delegated administrators may ask; other members may only call
//! `DescribeOrganization`, and an account outside receives `AWSOrganizationsNotInUseException`.

mod describe_account;
mod describe_organization;
mod handle;
mod input;
mod list_accounts;
mod list_accounts_for_parent;
mod list_organizational_units_for_parent;
mod list_parents;
mod list_roots;
mod model;

pub(crate) use model::State;
pub use model::{AccountState, MemberAccount, Organization, OrganizationalUnit};

use crate::call::{Answer, Call};
use crate::error::AwsError;
use crate::throttle::Limit;
use crate::world::World;

pub(crate) fn answer(world: &World, call: &Call) -> Result<Answer, AwsError> {
    let account = &call.place.account;
    let organization =
        world.organization.as_ref().filter(|it| it.account_by_id(account).is_some()).ok_or_else(|| {
            let message = "Your account is not a member of an organization.";
            AwsError::client("AWSOrganizationsNotInUseException", message)
        })?;
    if !organization.may_ask(account) && call.action != "DescribeOrganization" {
        let message = "You don't have permissions to access this resource.";
        return Err(AwsError::client("AccessDeniedException", message));
    }
    let document = call.json()?;
    let answer = match call.action.as_str() {
        "DescribeAccount" => describe_account::answer(organization, document),
        "DescribeOrganization" => describe_organization::answer(organization, document),
        "ListAccounts" => list_accounts::answer(organization, document),
        "ListAccountsForParent" => list_accounts_for_parent::answer(organization, document),
        "ListOrganizationalUnitsForParent" => {
            list_organizational_units_for_parent::answer(organization, document)
        }
        "ListParents" => list_parents::answer(organization, document),
        "ListRoots" => list_roots::answer(organization, document),
        other => Err(AwsError::not_simulated(format!("operation {other} of organizations"))),
    }?;
    Ok(Answer::Json(answer))
}

/// The token buckets a call draws from.
/// <https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html>
pub(crate) fn limits(call: &Call) -> Vec<Limit> {
    let limit = match call.action.as_str() {
        "ListAccounts" => Limit::requests("ListAccounts", 12.0, 8.0),
        "ListAccountsForParent" => Limit::requests("ListAccountsForParent", 8.0, 5.0),
        "ListOrganizationalUnitsForParent" => Limit::requests("ListOrganizationalUnitsForParent", 8.0, 5.0),
        "ListParents" => Limit::requests("ListParents", 8.0, 5.0),
        "ListRoots" => Limit::requests("ListRoots", 2.0, 1.0),
        "DescribeAccount" => Limit::requests("DescribeAccount", 30.0, 20.0),
        "DescribeOrganization" => Limit::requests("DescribeOrganization", 2.0, 1.0),
        _ => return Vec::new(),
    };
    vec![limit]
}
