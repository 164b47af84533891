//! `AddTags`, by ARN.
//!
//! <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_AddTags.html>

use serde_json::{Value, json};

use super::input::Input;
use super::list_tags::{list, trail_list};
use crate::call::Call;
use crate::error::AwsError;
use crate::sagemaker::errors::{missing, validation};
use crate::trail::Trail;
use crate::world::World;

/// The most tags a resource can have.
const TAG_LIMIT: usize = 50;

pub(super) fn answer(
    world: &mut World,
    call: &Call,
    input: &Input<'_>,
    trail: &mut Trail,
) -> Result<Value, AwsError> {
    trail.request(input.trail());
    input.only(&["ResourceArn", "Tags"])?;
    input.value("Tags").ok_or_else(|| missing("Tags"))?;
    let added = input.tags()?;
    let notebook = input.tagged(world, call)?;
    let mut tags = notebook.tags.clone();
    tags.extend(added);
    if tags.len() > TAG_LIMIT {
        return Err(validation(format!("The number of tags exceeds the limit of {TAG_LIMIT}")));
    }
    notebook.tags = tags;
    trail.response(json!({"tags": trail_list(&notebook.tags)}));
    Ok(json!({"Tags": list(&notebook.tags)}))
}
