//! The entry point of the schedule: reads all resources in every account and Region, and fixes those that the
//! policy lets a function fix.
//!
//! One message of the queue is one piece of work: begin a sweep, list the Regions of an account, sweep one Region
//! of one account, review the exemptions. SQS keeps them and Lambda spreads them; nothing is kept in between but
//! what a message says. A piece that does not end before the function's time does is sent on with its page; a
//! function that is killed leaves its message in the queue, and doing it again is harmless.

mod place;
mod review;
pub mod task;

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use v2only_events::{Input, Malformed, Message};
use v2only_policy::{AccountId, Place, Policy};

use crate::counts::{Counts, SweepCounts};
use crate::failure::{Disposition, Failure, Kind};
use crate::invocation::{App, Failed, Invocation, InvocationError, policy_in_force};
use crate::log_entry::LogEntry;
use crate::ports::{ReadParameter, Sweeper};

use task::{PlaceTask, Stage, Task};

/// The time that a function reserves at its end, to finish calls under way and to send the message that hands
/// the work on.
const SHUTDOWN_MARGIN: SignedDuration = SignedDuration::from_secs(60);

/// How often a task may be handed on. The largest account that EC2's request rate lets one Region hold is done
/// long before. A task that reaches this limit ends in the dead-letter queue instead of repeating for ever.
const MOST_HAND_OVERS: u16 = 500;

/// After how long a sweep is left to a newer one.
const TOO_OLD: SignedDuration = SignedDuration::from_hours(24);

/// Handles one invocation of the sweeper: a task, a schedule's event, or a batch of tasks.
///
/// A batch is worked on one message after the other, and those for which no time is left go back to the queue.
///
/// # Errors
/// A single task that cannot be read, or must be tried again. A batch never errs: it names the messages to send
/// again.
pub async fn handle<P: Sweeper + ReadParameter + Sync>(
    payload: Value,
    app: &App<P>,
    invocation: Invocation<'_>,
) -> Result<(Value, Counts), Failed> {
    let counts = Counts { sweep: Some(SweepCounts::default()), ..Counts::default() };
    let input = v2only_events::input(payload)
        .map_err(|malformed| Failed::new(InvocationError::Malformed(malformed), counts))?;
    let began = (invocation.now)();
    // Half of the time where there is little of it, so that something is done in any case.
    let reserve = invocation.deadline.map(|at| SHUTDOWN_MARGIN.min(at.duration_since(began) / 2));
    let mut turn = Turn { app, invocation, counts, reserve: reserve.unwrap_or(SHUTDOWN_MARGIN) };
    match input {
        Input::Event(value) => {
            let done = turn.message(Ok(value)).await.map_err(|why| match why {
                Undone::Malformed(malformed) => InvocationError::Malformed(malformed),
                Undone::Again(failure) => InvocationError::Retry(failure.to_string()),
            });
            match done {
                Ok(()) => Ok((Value::Null, turn.counts)),
                Err(why) => Err(Failed::new(why, turn.counts)),
            }
        }
        Input::Batch(messages) => {
            let mut failures: Vec<Value> = Vec::new();
            for Message { id, body, .. } in messages {
                if turn.time_is_short() {
                    failures.push(json!({ "itemIdentifier": id }));
                    continue;
                }
                match turn.message(body).await {
                    Ok(()) => {}
                    // Sending it again would not make it readable, but the dead-letter queue keeps it.
                    Err(Undone::Malformed(_) | Undone::Again(_)) => {
                        failures.push(json!({ "itemIdentifier": id }));
                    }
                }
            }
            Ok((json!({ "batchItemFailures": failures }), turn.counts))
        }
    }
}

/// Why a message is not done with.
#[derive(Debug)]
enum Undone {
    /// It is no task.
    Malformed(Malformed),
    /// It has to be received again.
    Again(Failure),
}

impl From<Failure> for Undone {
    fn from(it: Failure) -> Self {
        Self::Again(it)
    }
}

/// One invocation.
struct Turn<'a, 'i, P> {
    app: &'a App<P>,
    invocation: Invocation<'i>,
    counts: Counts,
    reserve: SignedDuration,
}

impl<P: Sweeper + ReadParameter + Sync> Turn<'_, '_, P> {
    async fn message(&mut self, body: Result<Value, Malformed>) -> Result<(), Undone> {
        let task = body.and_then(|text| {
            let task = Task::read(&text)?;
            Ok((task.account()?, task.place()?, task))
        });
        let (account, place, task) = task.map_err(|malformed| {
            self.counts.malformed += 1;
            (self.invocation.log)(LogEntry::Malformed(&malformed));
            Undone::Malformed(malformed)
        })?;
        let done = match (task, account, place) {
            (Task::Sweep { only }, ..) => self.begin(only).await,
            (Task::Account { began, only, .. }, Some(account), _) => {
                self.account(began, &account, only).await
            }
            (Task::Place(task), _, Some(place)) => self.place(task, &place).await,
            (Task::ReviewExemptions(task), after, _) => self.review(task, after).await,
            // Reading a task has found the ids it is about.
            (Task::Account { .. } | Task::Place(_), ..) => Ok(()),
        };
        done.map_err(|failure| {
            self.counts.retried += 1;
            self.unswept("the task", &failure);
            Undone::Again(failure)
        })
    }

    /// One message for each account.
    async fn begin(&mut self, only: Option<Stage>) -> Result<(), Failure> {
        let began = self.now();
        let accounts = self.app.ports.accounts().await?;
        let task = |it: &AccountId| Task::Account { began, account: it.as_str().to_owned(), only };
        self.send(accounts.iter().map(task), Duration::ZERO).await?;
        (self.invocation.log)(LogEntry::SweepBegun { accounts: accounts.len() });
        Ok(())
    }

    /// One message for each of its Regions.
    async fn account(
        &mut self,
        began: Timestamp,
        account: &AccountId,
        only: Option<Stage>,
    ) -> Result<(), Failure> {
        let subject = format!("account {account}");
        if self.is_too_old(began, &subject) {
            return Ok(());
        }
        let regions = match self.app.ports.regions(account).await {
            Ok(regions) => regions,
            Err(failure) => return self.left(&subject, failure),
        };
        let place = |region| Place { account: account.clone(), region };
        let tasks = regions.into_iter().map(|it| Task::Place(PlaceTask::begin(began, &place(it), only)));
        self.send(tasks, Duration::ZERO).await
    }

    async fn send(&self, tasks: impl Iterator<Item = Task>, delay: Duration) -> Result<(), Failure> {
        let texts: Vec<String> = tasks.map(|it| it.text()).collect();
        self.app.ports.send(&texts, delay).await
    }

    /// The policy in force, read at most a minute ago.
    async fn policy(&mut self) -> Result<Arc<Policy>, Failure> {
        policy_in_force(self.app, &mut self.invocation).await
    }

    /// What becomes of a task that met this failure: it is tried again, or reported and dropped.
    fn left(&mut self, subject: &str, failure: Failure) -> Result<(), Failure> {
        if failure.disposition() == Disposition::Retry {
            return Err(failure);
        }
        self.unswept(subject, &failure);
        self.counts.failed += 1;
        Ok(())
    }

    fn unswept(&mut self, subject: &str, failure: &Failure) {
        if let Some(counts) = &mut self.counts.sweep {
            counts.unswept += 1;
        }
        (self.invocation.log)(LogEntry::Unswept { subject, failure });
    }

    /// Whether a newer sweep has long begun; then this one is left to it, and said to be.
    fn is_too_old(&mut self, began: Timestamp, subject: &str) -> bool {
        let too_old = self.now().duration_since(began) > TOO_OLD;
        if too_old {
            let why = format!("the sweep of {began} is more than a day old; it is left to a newer one");
            self.unswept(subject, &Failure::new(Kind::Refused, "sqs:ReceiveMessage", why));
        }
        too_old
    }

    fn now(&self) -> Timestamp {
        (self.invocation.now)()
    }

    fn time_is_short(&self) -> bool {
        self.invocation.deadline.is_some_and(|at| at.duration_since(self.now()) < self.reserve)
    }
}

/// Fails once a task has been handed on too often.
fn check_hand_overs(handed_on: u16) -> Result<(), Failure> {
    if handed_on < MOST_HAND_OVERS {
        return Ok(());
    }
    let why = format!("handed on {handed_on} times without coming to an end");
    Err(Failure::new(Kind::Unknown, "sqs:SendMessage", why))
}
