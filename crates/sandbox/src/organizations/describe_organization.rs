//! <https://docs.aws.amazon.com/organizations/latest/APIReference/API_DescribeOrganization.html>

use serde_json::{Value, json};

use super::input::only;
use super::model::Organization;
use crate::error::AwsError;

pub(super) fn answer(organization: &Organization, document: &Value) -> Result<Value, AwsError> {
    only(document, &[])?;
    Ok(json!({ "Organization": organization.describe() }))
}
