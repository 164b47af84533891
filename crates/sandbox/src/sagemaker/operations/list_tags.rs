//! `ListTags`, by ARN. A page holds at least 50 tags and a resource at most 50: there is one page.
//!
//! <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ListTags.html>

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::input::Input;
use crate::call::Call;
use crate::error::AwsError;
use crate::sagemaker::errors::validation;
use crate::trail::Trail;
use crate::world::World;

pub(super) fn answer(
    world: &mut World,
    call: &Call,
    input: &Input<'_>,
    _trail: &mut Trail,
) -> Result<Value, AwsError> {
    input.only(&["ResourceArn", "MaxResults", "NextToken"])?;
    input.number("MaxResults", 50..=u64::MAX)?;
    if input.text("NextToken")?.is_some() {
        return Err(validation("Invalid NextToken"));
    }
    let notebook = input.tagged(world, call)?;
    Ok(json!({"Tags": list(&notebook.tags)}))
}

pub(super) fn list(tags: &BTreeMap<String, String>) -> Value {
    tags.iter().map(|(key, value)| json!({"Key": key, "Value": value})).collect()
}

pub(super) fn trail_list(tags: &BTreeMap<String, String>) -> Value {
    tags.iter().map(|(key, value)| json!({"key": key, "value": value})).collect()
}
