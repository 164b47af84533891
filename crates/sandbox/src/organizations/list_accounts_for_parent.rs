//! <https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListAccountsForParent.html>

use serde_json::Value;

use super::input::{only, page};
use super::list_organizational_units_for_parent::parent;
use super::model::Organization;
use crate::error::AwsError;

pub(super) fn answer(organization: &Organization, document: &Value) -> Result<Value, AwsError> {
    only(document, &["ParentId", "NextToken", "MaxResults"])?;
    let parent = parent(organization, document)?;
    page(document, "Accounts", parent.accounts.iter().map(|it| organization.describe_account(it)).collect())
}
