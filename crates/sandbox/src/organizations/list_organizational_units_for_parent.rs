//! <https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListOrganizationalUnitsForParent.html>

use serde_json::Value;

use super::input::{only, page, required};
use super::model::Organization;
use super::model::OrganizationalUnit;
use crate::error::AwsError;

pub(super) fn answer(organization: &Organization, document: &Value) -> Result<Value, AwsError> {
    only(document, &["ParentId", "NextToken", "MaxResults"])?;
    let parent = parent(organization, document)?;
    let units = parent.units.iter().map(|it| organization.describe_unit(it)).collect();
    page(document, "OrganizationalUnits", units)
}

/// The unit that `ParentId` names.
pub(super) fn parent<'a>(
    organization: &'a Organization,
    document: &Value,
) -> Result<&'a OrganizationalUnit, AwsError> {
    organization.unit_by_id(required(document, "ParentId")?).ok_or_else(|| {
        let message = "You specified parent that doesn't exist.";
        AwsError::client("ParentNotFoundException", message)
    })
}
