//! `ReceiveMessage`: answers at once, whatever `WaitTimeSeconds` says; time may be standing still.
//!
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html>

use serde_json::{Map, Value, json};

use super::input;
use crate::call::Call;
use crate::error::AwsError;
use crate::sqs::errors;
use crate::sqs::message::Message;
use crate::world::World;

pub(super) fn answer(world: &mut World, call: &Call, input: &Value) -> Result<Value, AwsError> {
    let name = input::queue_name(input, call)?;
    let most = input::optional_number(input, "MaxNumberOfMessages", 1..=10)?.unwrap_or(1);
    let visibility = input::seconds(input, "VisibilityTimeout", 43_200)?;
    input::seconds(input, "WaitTimeSeconds", 20)?;
    let wanted = Wanted::read(input);
    let most = usize::try_from(most).unwrap_or(1);
    let now = world.now();
    let messages = world.sqs.receive(&name, most, visibility, now).ok_or_else(errors::no_such_queue)?;
    if messages.is_empty() {
        return Ok(json!({}));
    }
    Ok(json!({"Messages": messages.iter().map(|it| wanted.describe(it)).collect::<Vec<_>>()}))
}

/// Which attributes the caller asked for.
struct Wanted {
    system: Vec<String>,
    own: Vec<String>,
}

impl Wanted {
    fn read(input: &Value) -> Self {
        let list = |name: &str| -> Vec<String> {
            let names = input.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
            names.iter().filter_map(Value::as_str).map(str::to_owned).collect()
        };
        let mut system = list("AttributeNames"); // the older name of the next one
        system.extend(list("MessageSystemAttributeNames"));
        Self { system, own: list("MessageAttributeNames") }
    }

    fn describe(&self, message: &Message) -> Value {
        let mut answer = Map::new();
        let mut put = |name: &str, value: Value| drop(answer.insert(name.to_owned(), value));
        put("MessageId", message.id.as_str().into());
        put("ReceiptHandle", message.receipt_handle().into());
        put("MD5OfBody", message.md5.as_str().into());
        put("Body", message.body.as_str().into());
        let system = system_attributes(message);
        let system: Map<_, _> = system.into_iter().filter(|(name, _)| self.wants_system(name)).collect();
        if !system.is_empty() {
            put("Attributes", Value::Object(system));
        }
        let own: Map<_, _> =
            message.attributes.clone().into_iter().filter(|(name, _)| self.wants_own(name)).collect();
        if !own.is_empty() {
            let md5 = Message { attributes: own.clone(), ..message.clone() }.attributes_md5();
            put("MessageAttributes", Value::Object(own));
            put("MD5OfMessageAttributes", md5.into());
        }
        Value::Object(answer)
    }

    fn wants_system(&self, name: &str) -> bool {
        self.system.iter().any(|it| it == "All" || it == name)
    }

    /// By name, all, or all that begin with `prefix.*`.
    fn wants_own(&self, name: &str) -> bool {
        self.own.iter().any(|attribute| match attribute.strip_suffix(".*") {
            Some(prefix) => name.starts_with(prefix),
            None => attribute == "All" || attribute == name,
        })
    }
}

/// The attributes SQS keeps about a message; an event source mapping passes on the same.
pub(crate) fn system_attributes(message: &Message) -> Map<String, Value> {
    let mut all = Map::new();
    let mut put = |name: &str, value: String| drop(all.insert(name.to_owned(), Value::String(value)));
    put("SenderId", message.sender.clone());
    put("SentTimestamp", message.sent.as_millisecond().to_string());
    put("ApproximateReceiveCount", message.received.to_string());
    if let Some(first) = message.first_received {
        put("ApproximateFirstReceiveTimestamp", first.as_millisecond().to_string());
    }
    if let Some(group) = &message.group {
        put("MessageGroupId", group.clone());
    }
    if let Some(source) = &message.moved_from {
        put("DeadLetterQueueSourceArn", source.clone());
    }
    all
}
