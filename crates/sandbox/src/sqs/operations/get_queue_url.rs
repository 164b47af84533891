//! `GetQueueUrl`: by name, and by owner for a queue of another account.
//!
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_GetQueueUrl.html>

use serde_json::{Value, json};

use super::input;
use crate::call::Call;
use crate::error::AwsError;
use crate::sqs::name::QueueName;
use crate::world::World;

pub(super) fn answer(world: &mut World, call: &Call, input: &Value) -> Result<Value, AwsError> {
    let owner = input.get("QueueOwnerAWSAccountId").and_then(Value::as_str).unwrap_or(&call.place.account);
    let name = QueueName::new(owner, call.place.region.as_str(), input::text(input, "QueueName")?);
    input::queue(&mut world.sqs, &name)?;
    Ok(json!({"QueueUrl": input::queue_url(&name)}))
}
