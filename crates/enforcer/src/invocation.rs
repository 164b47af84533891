//! The door for events: what a Lambda invocation brings, from its payload to its reply.
//!
//! An event is a hint. What is judged is what AWS describes now, with one exception for the sake of cost: a
//! launch whose own record says it is compliant under every rule of the document is believed, because any
//! later loosening raises an event of its own.

mod ec2;
mod notebook;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use v2only_events::{Ignored, Input, Malformed, Message, Parsed, Trigger};
use v2only_policy::{OuId, Place, Policy};

use crate::counts::Counts;
use crate::failure::{Disposition, Failure, Kind};
use crate::log_entry::LogEntry;
use crate::policy_source::PolicySource;
use crate::ports::{Admission, OrganizationalUnits, ReadParameter};
use crate::recent::RecentLaunches;
use crate::record::{Cause, Outcome, Record};

pub use ec2::handle as handle_ec2;
pub use notebook::handle as handle_notebook;

/// How long after its event a resource that AWS does not show is looked for again, rather than taken for
/// gone. EC2 is eventually consistent: "up to a few minutes" (Amazon EC2 API, "Eventual consistency").
const NOT_VISIBLE_FOR: SignedDuration = SignedDuration::from_mins(5);

/// What is left undone when a function's time is nearly over, so that the answer still gets out.
const RESERVE: SignedDuration = SignedDuration::from_secs(3);

/// What a function keeps between invocations.
#[derive(Debug)]
pub struct App<P> {
    /// Where the policy comes from.
    pub policy: PolicySource,
    /// AWS.
    pub ports: P,
    /// Launches that were compliant by their own record.
    pub recent: RecentLaunches,
}

impl<P> App<P> {
    /// A function that has seen nothing yet.
    pub fn new(policy: PolicySource, ports: P) -> Self {
        Self { policy, ports, recent: RecentLaunches::default() }
    }
}

/// The clock, the deadline and the log of one invocation.
pub struct Invocation<'a> {
    /// The clock.
    pub now: &'a (dyn Fn() -> Timestamp + Send + Sync),
    /// When Lambda ends the function, if it does.
    pub deadline: Option<Timestamp>,
    /// Where log entries go.
    pub log: &'a mut (dyn FnMut(LogEntry<'_>) + Send),
}

/// An invocation that has to be repeated as a whole: Lambda sends a single event again only after an error.
#[derive(Debug, thiserror::Error)]
pub enum InvocationError {
    /// The payload is neither an event nor a batch.
    #[error("{0}")]
    Malformed(Malformed),
    /// Something of the single event must be tried again.
    #[error("to be tried again: {0}")]
    Retry(String),
}

/// The same, with what was counted until then.
#[derive(Debug, thiserror::Error)]
#[error("{why}")]
pub struct Failed {
    /// Why.
    pub why: InvocationError,
    /// What happened all the same.
    pub counts: Box<Counts>,
}

impl Failed {
    /// What is tried again counts once at least, and so does what cannot be read.
    pub(crate) fn new(why: InvocationError, counts: Counts) -> Self {
        let mut counts = Box::new(counts);
        match &why {
            InvocationError::Malformed(_) => counts.malformed = counts.malformed.max(1),
            InvocationError::Retry(_) => counts.retried = counts.retried.max(1),
        }
        Self { why, counts }
    }
}

impl From<InvocationError> for Failed {
    fn from(why: InvocationError) -> Self {
        Self::new(why, Counts::default())
    }
}

/// One event of the payload, and what became of it so far.
#[derive(Debug)]
struct Delivery {
    message_id: Option<String>,
    disposition: Disposition,
    retry_because: Option<String>,
}

/// The payload, parsed, with one disposition for each event in it.
struct Batch {
    deliveries: Vec<Delivery>,
    triggers: Vec<(usize, Trigger)>,
    counts: Counts,
}

impl Batch {
    fn read(payload: Value, invocation: &mut Invocation<'_>) -> Result<Self, InvocationError> {
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
        self.deliveries.push(Delivery { message_id, disposition: Disposition::Done, retry_because: None });
        let envelope = body.inspect_err(|it| self.malformed(it, invocation))?;
        match v2only_events::parse(&envelope).inspect_err(|it| self.malformed(it, invocation))? {
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

    fn elsewhere(&mut self, event_id: &str, function: &'static str, invocation: &mut Invocation<'_>) {
        self.counts.ignored += 1;
        (invocation.log)(LogEntry::Elsewhere { event_id, function });
    }

    /// Writes a record down and lets it weigh on the events that led to it.
    fn record(&mut self, record: &Record, deliveries: &[usize], invocation: &mut Invocation<'_>) {
        self.counts.add(record);
        (invocation.log)(LogEntry::Record(record));
        let disposition = record.outcome.disposition();
        for index in deliveries {
            if let Some(delivery) = self.deliveries.get_mut(*index)
                && delivery.disposition < disposition
            {
                delivery.disposition = disposition;
                if let Outcome::Failed(failure) = &record.outcome
                    && disposition == Disposition::Retry
                {
                    delivery.retry_because = Some(format!("{}: {failure}", record.resource));
                }
            }
        }
    }

    /// Sends everything back: nothing can be judged without a policy.
    fn all_again(&mut self, failure: &Failure) {
        for delivery in &mut self.deliveries {
            delivery.disposition = Disposition::Retry;
            delivery.retry_because = Some(failure.to_string());
        }
    }

    fn reply(self) -> Result<(Value, Counts), Failed> {
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

/// What a place must answer before anything is judged there: whether we may act, and which organizational
/// units are above it, if the policy asks.
async fn enter<P: Admission + OrganizationalUnits>(
    ports: &P,
    policy: &Policy,
    place: &Place,
) -> Result<Option<Vec<OuId>>, Failure> {
    ports.admit(place).await?;
    if policy.names_organizational_units() { ports.above(&place.account).await.map(Some) } else { Ok(None) }
}

/// The policy in force, or everything back to the queue.
async fn policy<P: ReadParameter>(
    app: &App<P>,
    batch: &mut Batch,
    invocation: &mut Invocation<'_>,
) -> Option<std::sync::Arc<Policy>> {
    match app.policy.in_force(&app.ports, (invocation.now)()).await {
        Ok(in_force) => {
            if let Some(why) = &in_force.stale {
                (invocation.log)(LogEntry::StalePolicy(why));
            }
            for notice in &in_force.notices {
                (invocation.log)(LogEntry::Notice(notice));
            }
            Some(in_force.policy)
        }
        Err(failure) => {
            (invocation.log)(LogEntry::StalePolicy(&failure.to_string()));
            batch.all_again(&failure);
            None
        }
    }
}

fn cause(trigger: &Trigger) -> Cause {
    Cause {
        event_id: trigger.event_id.clone(),
        event: trigger.event.as_str().to_owned(),
        actor: trigger.actor.as_ref().map(ToString::to_string),
    }
}

/// Whether an event is recent enough for its resource not to be visible yet. One without a readable time
/// counts as recent: the queue's redrive policy bounds that.
fn may_be_invisible(time: Option<Timestamp>, now: Timestamp) -> bool {
    time.is_none_or(|at| now.duration_since(at) < NOT_VISIBLE_FOR)
}

/// The failure of what there is no time left for.
fn out_of_time(action: &'static str) -> Failure {
    Failure::new(
        Kind::Throttled,
        action,
        "the function's time is nearly over; the rest goes back to the queue",
    )
}

fn time_is_up(now: Timestamp, deadline: Option<Timestamp>) -> bool {
    deadline.is_some_and(|at| at.duration_since(now) < RESERVE)
}

/// Work by place, in a stable order.
type ByPlace<T> = BTreeMap<Place, T>;
