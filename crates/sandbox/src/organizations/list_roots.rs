//! <https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListRoots.html>

use serde_json::Value;

use super::input::{only, page};
use super::model::Organization;
use crate::error::AwsError;

pub(super) fn answer(organization: &Organization, document: &Value) -> Result<Value, AwsError> {
    only(document, &["NextToken", "MaxResults"])?;
    page(document, "Roots", vec![organization.describe_root()])
}
