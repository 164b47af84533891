//! The events of one payload, from its bytes to the reply of the function.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};
use v2only_events::{Ignored, Input, Malformed, Message, Parsed, Receipt, Trigger};
use v2only_policy::Policy;

use super::app::{App, Failed, Invocation, InvocationError, policy_in_force};
use super::backoff;
use super::work::Answer;
use crate::counts::Counts;
use crate::failure::{Disposition, Failure};
use crate::log_entry::LogEntry;
use crate::ports::{PostponeMessages, Postponed, ReadParameter};

/// One event of the payload with its result so far.
#[derive(Debug)]
struct Delivery {
    message_id: Option<String>,
    receipt: Option<Receipt>,
    receive_count: Option<u32>,
    disposition: Disposition,
    retry_because: Option<String>,
    /// When its work is due, if all that is left of it waits for a moment.
    due_at: Option<Timestamp>,
}

impl Delivery {
    /// An event that came without a queue.
    const fn event() -> Self {
        Self {
            message_id: None,
            receipt: None,
            receive_count: None,
            disposition: Disposition::Done,
            retry_because: None,
            due_at: None,
        }
    }
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
                batch
                    .take(Delivery::event(), Ok(envelope), invocation)
                    .map_err(InvocationError::Malformed)?;
            }
            Input::Batch(messages) => {
                for Message { id, body, receive_count, receipt } in messages {
                    let delivery =
                        Delivery { message_id: Some(id), receipt, receive_count, ..Delivery::event() };
                    // Sending it again would not make it readable: it is recorded, counted and done.
                    let _recorded = batch.take(delivery, body, invocation);
                }
            }
        }
        Ok(batch)
    }

    fn take(
        &mut self,
        delivery: Delivery,
        body: Result<Value, Malformed>,
        invocation: &mut Invocation<'_>,
    ) -> Result<(), Malformed> {
        let index = self.deliveries.len();
        // Only EventBridge sends to the queues, so a message that is a bare record is forged.
        let parse =
            if delivery.message_id.is_some() { v2only_events::parse_event } else { v2only_events::parse };
        self.deliveries.push(delivery);
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
                if disposition == Disposition::Retry {
                    // What can be tried sooner decides.
                    delivery.due_at = match (delivery.disposition, delivery.due_at, due_at) {
                        (Disposition::Retry, Some(one), Some(other)) => Some(one.min(other)),
                        (Disposition::Retry, _, _) => None,
                        (_, _, due_at) => due_at,
                    };
                }
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

    /// Postpones the messages that are tried again: each until its work is due, or a little longer after each try. Costs no
    /// call where nothing is tried again. A message that cannot be postponed comes back when its queue says.
    pub async fn postpone(&self, ports: &impl PostponeMessages, invocation: &mut Invocation<'_>) {
        let now = (invocation.now)();
        let mut queues = BTreeMap::<&str, Vec<Postponed>>::new();
        for delivery in self.deliveries.iter().filter(|it| it.disposition == Disposition::Retry) {
            let Some(Receipt { queue, handle }) = &delivery.receipt else { continue };
            let rest = match delivery.due_at {
                Some(at) => backoff::until(at, now),
                None => backoff::after_try(delivery.receive_count),
            };
            queues.entry(queue).or_default().push(Postponed { receipt: handle.clone(), rest });
        }
        for (queue, messages) in queues {
            if let Err(failure) = ports.postpone(queue, &messages).await {
                let messages = messages.len();
                (invocation.log)(LogEntry::NotPostponed { messages, failure: &failure });
            }
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
