//! <https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListRoots.html>

use serde_json::Value;

use super::{Organization, only, page};
use crate::error::AwsError;

pub(super) fn answer(organization: &Organization, document: &Value) -> Result<Value, AwsError> {
    only(document, &["NextToken", "MaxResults"])?;
    page(document, "Roots", vec![organization.describe_root()])
}
