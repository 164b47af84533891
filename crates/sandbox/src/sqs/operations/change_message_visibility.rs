//! `ChangeMessageVisibility`: only of a message in flight; 0 gives it back at once.
//!
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ChangeMessageVisibility.html>

use serde_json::{Value, json};

use super::input;
use crate::call::Call;
use crate::error::AwsError;
use crate::sqs::errors;
use crate::world::World;

pub(super) fn answer(world: &mut World, call: &Call, input: &Value) -> Result<Value, AwsError> {
    let name = input::queue_name(input, call)?;
    let handle = input::text(input, "ReceiptHandle")?;
    let visibility = input::seconds(input, "VisibilityTimeout", 43_200)?
        .ok_or_else(|| errors::missing("VisibilityTimeout"))?;
    let now = world.now();
    input::queue(&mut world.sqs, &name)?
        .change_visibility(handle, visibility, now)
        .map_err(|it| errors::receipt(it, handle))?;
    world.sqs.changed();
    Ok(json!({}))
}
