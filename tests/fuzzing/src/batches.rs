//! Batches of SQS messages.

use serde_json::{Value, json};
use v2only_events::{Input, input, parse_event};

use crate::corpus;
use crate::marks::harmless;

/// Batches, and bodies of messages.
pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = corpus::files(&["crates/events/fixtures"], &["sqs-batch.json"]);
    let events = corpus::files(&["crates/events/fixtures"], &["state-running.json", "start-instances.json"]);
    seeds.extend(events.iter().map(|event| {
        let body = String::from_utf8_lossy(event);
        let message = |id: &str| json!({ "messageId": id, "eventSource": "aws:sqs", "body": body });
        json!({ "Records": [message("one"), message("two"), message("one")] }).to_string().into_bytes()
    }));
    let spellings = json!({ "meSsageId": "one", "messageId": "two", "eventSource": "aws:sqs", "body": "{}" });
    seeds.push(json!({ "Records": [spellings] }).to_string().into_bytes());
    seeds
}

/// Each message of a batch is there once, in its order and under its id, so that each can fail alone.
pub(crate) fn run(bytes: &[u8]) {
    let Ok(payload) = serde_json::from_slice::<Value>(bytes) else { return };
    let records = payload.get("Records").cloned();
    match input(payload.clone()) {
        Ok(Input::Event(event)) => assert_eq!((event, records), (payload, None)),
        Ok(Input::Batch(messages)) => {
            let records = records.as_ref().and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
            assert_eq!(messages.len(), records.len());
            for (message, record) in messages.iter().zip(records) {
                assert!(!message.id.is_empty());
                let mut ids = ["messageId", "MessageId"].into_iter().filter_map(|key| record.get(key));
                let id = ids.find(|id| !id.is_null());
                let is_named = |id: &Value| match id.as_str() {
                    Some(text) => text == message.id,
                    None => id.to_string().contains(message.id.as_str()),
                };
                assert!(id.is_some_and(is_named), "{}", message.id);
                match &message.body {
                    // A bare record in a queue is forged: EventBridge writes an envelope.
                    Ok(body) => assert!(
                        body.get("eventName").is_none() || is_event(body) || parse_event(body).is_err()
                    ),
                    Err(error) => harmless(&error.to_string()),
                }
            }
        }
        Err(error) => harmless(&error.to_string()),
    }
}

/// Whether a body says that it is an event of EventBridge, in whatever case.
fn is_event(body: &Value) -> bool {
    let fields = body.as_object().into_iter().flatten();
    fields.map(|(key, _)| key).any(|key| key.eq_ignore_ascii_case("detail-type"))
}
