//! <https://docs.aws.amazon.com/organizations/latest/APIReference/API_DescribeAccount.html>

use serde_json::{Value, json};

use super::input::{only, required};
use super::model::Organization;
use crate::error::AwsError;

pub(super) fn answer(organization: &Organization, document: &Value) -> Result<Value, AwsError> {
    only(document, &["AccountId"])?;
    let account = organization.account_by_id(required(document, "AccountId")?).ok_or_else(|| {
        AwsError::client("AccountNotFoundException", "You specified an account that doesn't exist.")
    })?;
    Ok(json!({ "Account": organization.describe_account(account) }))
}
