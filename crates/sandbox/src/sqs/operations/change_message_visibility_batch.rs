//! `ChangeMessageVisibilityBatch`: up to ten messages in flight, each changed or refused on its own.
//!
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ChangeMessageVisibilityBatch.html>

use serde_json::{Value, json};

use super::input;
use crate::call::Call;
use crate::error::AwsError;
use crate::sqs::errors;
use crate::world::World;

pub(super) fn answer(world: &mut World, call: &Call, input: &Value) -> Result<Value, AwsError> {
    let name = input::queue_name(input, call)?;
    let now = world.now();
    let (mut successful, mut failed) = (Vec::new(), Vec::new());
    let queue = input::queue(&mut world.sqs, &name)?;
    for (id, entry) in input::entries(input)? {
        let handle = input::text(entry, "ReceiptHandle")?;
        let visibility = input::seconds(entry, "VisibilityTimeout", 43_200)?
            .ok_or_else(|| errors::missing("VisibilityTimeout"))?;
        match queue.change_visibility(handle, visibility, now) {
            Ok(()) => successful.push(json!({"Id": id})),
            Err(error) => failed.push(input::refused(id, &errors::receipt(error, handle))),
        }
    }
    world.sqs.changed();
    Ok(json!({"Successful": successful, "Failed": failed}))
}
