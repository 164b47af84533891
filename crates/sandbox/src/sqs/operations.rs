//! The API operations, one file each.

mod change_message_visibility;
mod change_message_visibility_batch;
mod create_queue;
mod delete_message;
mod delete_message_batch;
mod get_queue_attributes;
mod get_queue_url;
mod input;
mod receive_message;
mod send_message;
mod send_message_batch;

use serde_json::Value;

pub(crate) use receive_message::system_attributes;

use crate::call::{Answer, Call};
use crate::core::Core;
use crate::error::AwsError;
use crate::world::World;

type Operation = fn(&mut World, &Call, &Value) -> Result<Value, AwsError>;

/// Answers one call.
pub(crate) fn answer(core: &Core, call: &Call) -> Result<Answer, AwsError> {
    let input = call.json()?;
    let operation: Operation = match call.action.as_str() {
        "CreateQueue" => create_queue::answer,
        "GetQueueUrl" => get_queue_url::answer,
        "SendMessage" => send_message::answer,
        "SendMessageBatch" => send_message_batch::answer,
        "ReceiveMessage" => receive_message::answer,
        "DeleteMessage" => delete_message::answer,
        "DeleteMessageBatch" => delete_message_batch::answer,
        "ChangeMessageVisibility" => change_message_visibility::answer,
        "ChangeMessageVisibilityBatch" => change_message_visibility_batch::answer,
        "GetQueueAttributes" => get_queue_attributes::answer,
        other => return Err(AwsError::not_simulated(format!("operation {other} of sqs"))),
    };
    core.run(call, |world, _trail| operation(world, call, input).map(Answer::Json))
}
