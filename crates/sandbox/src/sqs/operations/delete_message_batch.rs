//! `DeleteMessageBatch`.
//!
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_DeleteMessageBatch.html>

use serde_json::{Value, json};

use super::input;
use crate::call::Call;
use crate::error::AwsError;
use crate::sqs::errors;
use crate::world::World;

pub(super) fn answer(world: &mut World, call: &Call, input: &Value) -> Result<Value, AwsError> {
    let name = input::queue_name(input, call)?;
    let (mut successful, mut failed) = (Vec::new(), Vec::new());
    let queue = input::queue(&mut world.sqs, &name)?;
    for (id, entry) in input::entries(input)? {
        let handle = input::text(entry, "ReceiptHandle")?;
        match queue.delete(handle) {
            Ok(_) => successful.push(json!({"Id": id})),
            Err(error) => failed.push(input::refused(id, &errors::receipt(error, handle))),
        }
    }
    world.sqs.changed();
    Ok(json!({"Successful": successful, "Failed": failed}))
}
