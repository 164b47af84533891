//! The events of one payload, from its bytes to the reply of the function.

use serde_json::{Value, json};
use v2only_events::{Ignored, Input, Malformed, Message, Parsed, Trigger};
use v2only_policy::Policy;

use super::app::{App, Failed, Invocation, InvocationError, policy_in_force};
use super::work::Answer;
use crate::counts::Counts;
use crate::failure::{Disposition, Failure};
use crate::log_entry::LogEntry;
use crate::ports::ReadParameter;

/// One event of the payload with its result so far.
#[derive(Debug)]
struct Delivery {
    message_id: Option<String>,
    disposition: Disposition,
    retry_because: Option<String>,
}

/// The parsed payload, with one disposition for each event in it.
pub(super) struct Batch {
    deliveries: Vec<Delivery>,
    pub triggers: Vec<(usize, Trigger)>,
    counts: Counts,
}

impl Batch {
    pub fn read(payload: Value, invocation: &mut Invocation<'_>) -> Result<Self, InvocationError> {
        let mut batch = Self { deliveries: Vec::new(), triggers: Vec::new(), counts: Counts::default() };
        match v2only_events::input(payload).map_err(InvocationError::Malformed)? {
            Input::Event(envelope) => {
                // A single event that cannot be read is an error, so that Lambda keeps it.
                batch.take(None, Ok(envelope), invocation).map_err(InvocationError::Malformed)?;
            }
            Input::Batch(messages) => {
                for Message { id, body, .. } in messages {
                    // Sending it again would not make it readable: it is recorded, counted and done.
                    let _recorded = batch.take(Some(id), body, invocation);
                }
            }
        }
        Ok(batch)
    }

    fn take(
        &mut self,
        message_id: Option<String>,
        body: Result<Value, Malformed>,
        invocation: &mut Invocation<'_>,
    ) -> Result<(), Malformed> {
        let index = self.deliveries.len();
        // Only EventBridge sends to the queues, so a message that is a bare record is forged.
        let parse = if message_id.is_some() { v2only_events::parse_event } else { v2only_events::parse };
        self.deliveries.push(Delivery { message_id, disposition: Disposition::Done, retry_because: None });
        let envelope = body.inspect_err(|it| self.malformed(it, invocation))?;
        match parse(&envelope).inspect_err(|it| self.malformed(it, invocation))? {
            Parsed::Trigger(trigger) => self.triggers.push((index, trigger)),
            Parsed::Ignored(why) => {
                let event_id = envelope.get("id").and_then(Value::as_str);
                self.ignore(event_id, &why, invocation);
            }
        }
        Ok(())
    }

    fn malformed(&mut self, it: &Malformed, invocation: &mut Invocation<'_>) {
        self.counts.malformed += 1;
        (invocation.log)(LogEntry::Malformed(it));
    }

    fn ignore(&mut self, event_id: Option<&str>, why: &Ignored, invocation: &mut Invocation<'_>) {
        self.counts.ignored += 1;
        (invocation.log)(LogEntry::Ignored { event_id, why });
    }

    pub fn elsewhere(&mut self, event_id: &str, function: &'static str, invocation: &mut Invocation<'_>) {
        self.counts.ignored += 1;
        (invocation.log)(LogEntry::Elsewhere { event_id, function });
    }

    /// Writes every record down, and applies its outcome to the events that led to it.
    pub fn write(&mut self, answers: Vec<Answer>, invocation: &mut Invocation<'_>) {
        for Answer { record, deliveries } in answers {
            self.counts.add(&record);
            (invocation.log)(LogEntry::Record(&record));
            // The correction of a contested resource is the business of the event that the pause put off.
            let due_at = record.due_at();
            let disposition = if due_at.is_some() { Disposition::Retry } else { record.disposition() };
            for index in deliveries {
                let Some(delivery) = self.deliveries.get_mut(index) else { continue };
                if delivery.disposition >= disposition {
                    continue;
                }
                delivery.disposition = disposition;
                if let Some(failure) = record.retry_because() {
                    delivery.retry_because = Some(format!("{}: {failure}", record.resource));
                }
                if let Some(at) = due_at {
                    delivery.retry_because = Some(format!("{}: due at {at}", record.resource));
                }
            }
        }
    }

    /// The policy in force; without one, every message goes back to the queue.
    pub async fn policy<P: ReadParameter>(
        &mut self,
        app: &App<P>,
        invocation: &mut Invocation<'_>,
    ) -> Option<std::sync::Arc<Policy>> {
        policy_in_force(app, invocation).await.inspect_err(|failure| self.all_again(failure)).ok()
    }

    /// Sends everything back: nothing can be judged without a policy.
    fn all_again(&mut self, failure: &Failure) {
        for delivery in &mut self.deliveries {
            delivery.disposition = Disposition::Retry;
            delivery.retry_because = Some(failure.to_string());
        }
    }

    pub fn reply(self) -> Result<(Value, Counts), Failed> {
        let again = |it: &&Delivery| it.disposition == Disposition::Retry;
        if let Some(single) = self.deliveries.iter().filter(again).find(|it| it.message_id.is_none()) {
            let why = InvocationError::Retry(single.retry_because.clone().unwrap_or_default());
            return Err(Failed::new(why, self.counts));
        }
        let failures: Vec<Value> = self
            .deliveries
            .iter()
            .filter(again)
            .filter_map(|it| it.message_id.as_ref())
            .map(|id| json!({ "itemIdentifier": id }))
            .collect();
        Ok((json!({ "batchItemFailures": failures }), self.counts))
    }
}
