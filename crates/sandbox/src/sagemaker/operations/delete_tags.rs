//! `DeleteTags`, by ARN; a key that is not there is no error.
//!
//! <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DeleteTags.html>

use serde_json::{Value, json};

use super::input::Input;
use crate::call::Call;
use crate::error::AwsError;
use crate::sagemaker::errors::missing;
use crate::trail::Trail;
use crate::world::World;

pub(super) fn answer(
    world: &mut World,
    call: &Call,
    input: &Input<'_>,
    trail: &mut Trail,
) -> Result<Value, AwsError> {
    trail.request(input.trail());
    input.only(&["ResourceArn", "TagKeys"])?;
    let keys = input.texts("TagKeys")?.filter(|it| !it.is_empty()).ok_or_else(|| missing("TagKeys"))?;
    let notebook = input.tagged(world, call)?;
    for key in keys {
        notebook.tags.remove(&key);
    }
    Ok(json!({}))
}
