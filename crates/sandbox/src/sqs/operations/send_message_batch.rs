//! `SendMessageBatch`: up to ten messages, each accepted or refused on its own.
//!
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html>

use serde_json::{Value, json};

use super::{input, send_message};
use crate::call::Call;
use crate::error::AwsError;
use crate::sqs::errors;
use crate::world::World;

/// The limit of all bodies of a batch together.
const BATCH_LIMIT: usize = 1_048_576;

pub(super) fn answer(world: &mut World, call: &Call, input: &Value) -> Result<Value, AwsError> {
    let name = input::queue_name(input, call)?;
    let now = world.now();
    let (mut successful, mut failed) = (Vec::new(), Vec::new());
    let queue = input::queue(&mut world.sqs, &name)?;
    let entries = input::entries(input)?;
    let bodies = entries.iter().filter_map(|(_, it)| it.get("MessageBody")?.as_str());
    let size: usize = bodies.map(str::len).sum();
    if size > BATCH_LIMIT {
        let message =
            format!("Batch requests cannot be longer than {BATCH_LIMIT} bytes. You have sent {size} bytes.");
        return Err(errors::batch("BatchRequestTooLong", &message));
    }
    for (entry, content) in entries {
        match input::draft(content, call, queue.settings.max_size) {
            Ok(draft) => {
                let mut receipt = send_message::receipt(&queue.send(world.ids.uuid(), draft, now));
                receipt.insert("Id".to_owned(), entry.into());
                successful.push(Value::Object(receipt));
            }
            Err(error) => failed.push(input::refused(entry, &error)),
        }
    }
    world.sqs.changed();
    Ok(json!({"Successful": successful, "Failed": failed}))
}
