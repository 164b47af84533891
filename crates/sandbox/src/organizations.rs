//! Organizations: the tree of accounts, read only.
//!
//! The management account and delegated administrators may ask; other members may only call
//! `DescribeOrganization`, and an account outside is told that it is in no organization.

mod describe_account;
mod describe_organization;
mod list_accounts;
mod list_accounts_for_parent;
mod list_organizational_units_for_parent;
mod list_parents;
mod list_roots;
mod model;

use serde_json::{Map, Value};

pub use model::{AccountState, MemberAccount, Organization, OrganizationalUnit};

use crate::call::{Answer, Call};
use crate::error::AwsError;
use crate::sandbox::Sandbox;
use crate::throttle::Limit;
use crate::world::World;

/// The organization, if there is one.
pub(crate) type State = Option<Organization>;

/// Organizations gives at most this many entries at once.
const PAGE: usize = 20;

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

/// Cuts the page out of `items` that `document` asks for.
fn page(document: &Value, name: &str, items: Vec<Value>) -> Result<Value, AwsError> {
    let invalid = |what: &str| {
        AwsError::client(
            "InvalidInputException",
            format!("You provided a value that does not match the required pattern: {what}"),
        )
    };
    let size = match document.get("MaxResults") {
        None => PAGE,
        Some(size) => {
            let size = size.as_u64().and_then(|it| usize::try_from(it).ok());
            size.filter(|it| (1..=PAGE).contains(it)).ok_or_else(|| invalid("MaxResults"))?
        }
    };
    let start = match document.get("NextToken").and_then(Value::as_str) {
        None => 0,
        Some(token) => {
            let hex = token.strip_prefix("v2o-").unwrap_or_default();
            usize::from_str_radix(hex, 16).map_err(|_| invalid("NextToken"))?
        }
    };
    let more = start + size < items.len();
    let page: Vec<Value> = items.into_iter().skip(start).take(size).collect();
    let mut answer = Map::from_iter([(name.to_owned(), Value::from(page))]);
    if more {
        answer.insert("NextToken".to_owned(), Value::from(format!("v2o-{:08x}", start + size)));
    }
    Ok(Value::Object(answer))
}

/// Refuses members that AWS or the sandbox does not know.
fn only(document: &Value, known: &[&str]) -> Result<(), AwsError> {
    let mut names = document.as_object().into_iter().flatten().map(|(name, _)| name.as_str());
    match names.find(|name| !known.contains(name)) {
        Some(name) => Err(AwsError::not_simulated(format!("member {name} of an organizations request"))),
        None => Ok(()),
    }
}

/// A member that must be there.
fn required<'a>(document: &'a Value, name: &str) -> Result<&'a str, AwsError> {
    document.get(name).and_then(Value::as_str).ok_or_else(|| {
        let message = format!("You specified an invalid value for {name}: it must not be null");
        AwsError::client("InvalidInputException", message)
    })
}

impl Sandbox {
    /// Puts accounts into an organization; there is one at most.
    pub fn set_organization(&self, organization: Organization) {
        self.core().world().organization = Some(organization);
    }
}
