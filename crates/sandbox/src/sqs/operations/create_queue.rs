//! `CreateQueue`: also succeeds when the same queue exists with the same attributes.
//!
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html>

use serde_json::{Map, Value, json};

use super::input;
use crate::call::Call;
use crate::error::AwsError;
use crate::sqs::attributes::Settings;
use crate::sqs::errors;
use crate::sqs::name::QueueName;
use crate::sqs::queue::Queue;
use crate::world::World;

pub(super) fn answer(world: &mut World, call: &Call, input: &Value) -> Result<Value, AwsError> {
    let name = input::text(input, "QueueName")?;
    if name.ends_with(".fifo") {
        return Err(AwsError::not_simulated("FIFO queues"));
    }
    let legal = |it: char| it.is_ascii_alphanumeric() || it == '-' || it == '_';
    if name.is_empty() || name.len() > 80 || !name.chars().all(legal) {
        let message = "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length";
        return Err(errors::invalid_value(message));
    }
    let none = Map::new();
    let attributes = input.get("Attributes").and_then(Value::as_object).unwrap_or(&none);
    let settings = Settings::parse(attributes)?;
    let name = QueueName::new(call.place.account.as_str(), call.place.region.as_str(), name);
    let now = world.now();
    match world.sqs.queues.get(&name) {
        Some(queue) => differs(&queue.settings, &settings, attributes).map_or(Ok(()), Err)?,
        None => drop(world.sqs.queues.insert(name.clone(), Queue::new(settings, now))),
    }
    Ok(json!({"QueueUrl": input::queue_url(&name)}))
}

/// Only attributes the request names are compared.
fn differs(old: &Settings, new: &Settings, named: &Map<String, Value>) -> Option<AwsError> {
    let (old, new) = (old.describe(), new.describe());
    named.keys().find(|it| old.get(*it) != new.get(*it)).map(|it| errors::queue_exists(it))
}
