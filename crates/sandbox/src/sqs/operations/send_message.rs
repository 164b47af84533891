//! `SendMessage`.
//!
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html>

use serde_json::{Map, Value};

use super::input;
use crate::call::Call;
use crate::error::AwsError;
use crate::sqs::message::Message;
use crate::world::World;

pub(super) fn answer(world: &mut World, call: &Call, input: &Value) -> Result<Value, AwsError> {
    let name = input::queue_name(input, call)?;
    let now = world.now();
    let id = world.ids.uuid();
    let queue = input::queue(&mut world.sqs, &name)?;
    let draft = input::draft(input, call, queue.settings.max_size)?;
    let message = queue.send(id, draft, now);
    world.sqs.changed();
    Ok(Value::Object(receipt(&message)))
}

/// What the sender gets for one message, alone or in a batch.
pub(super) fn receipt(message: &Message) -> Map<String, Value> {
    let mut receipt = Map::new();
    receipt.insert("MessageId".to_owned(), message.id.as_str().into());
    receipt.insert("MD5OfMessageBody".to_owned(), message.md5.as_str().into());
    if let Some(md5) = message.attributes_md5() {
        receipt.insert("MD5OfMessageAttributes".to_owned(), md5.into());
    }
    receipt
}
