//! <https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListParents.html>

use serde_json::{Value, json};

use super::input::{only, page, required};
use super::model::Organization;
use crate::error::AwsError;

pub(super) fn answer(organization: &Organization, document: &Value) -> Result<Value, AwsError> {
    only(document, &["ChildId", "NextToken", "MaxResults"])?;
    let parent = organization.parent_of(required(document, "ChildId")?).ok_or_else(|| {
        let message = "You specified child that doesn't exist.";
        AwsError::client("ChildNotFoundException", message)
    })?;
    let kind = if parent.id == organization.root().id { "ROOT" } else { "ORGANIZATIONAL_UNIT" };
    page(document, "Parents", vec![json!({ "Id": parent.id, "Type": kind })])
}
