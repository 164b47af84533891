//! <https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListAccounts.html>

use serde_json::Value;

use super::input::{only, page};
use super::model::Organization;
use crate::error::AwsError;

pub(super) fn answer(organization: &Organization, document: &Value) -> Result<Value, AwsError> {
    only(document, &["NextToken", "MaxResults"])?;
    let accounts = organization.accounts();
    page(document, "Accounts", accounts.into_iter().map(|it| organization.describe_account(it)).collect())
}
