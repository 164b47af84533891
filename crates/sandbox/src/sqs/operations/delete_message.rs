//! `DeleteMessage`.
//!
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_DeleteMessage.html>

use serde_json::{Value, json};

use super::input;
use crate::call::Call;
use crate::error::AwsError;
use crate::sqs::errors;
use crate::world::World;

pub(super) fn answer(world: &mut World, call: &Call, input: &Value) -> Result<Value, AwsError> {
    let name = input::queue_name(input, call)?;
    let handle = input::text(input, "ReceiptHandle")?;
    input::queue(&mut world.sqs, &name)?.delete(handle).map_err(|it| errors::receipt(it, handle))?;
    world.sqs.changed();
    Ok(json!({}))
}
