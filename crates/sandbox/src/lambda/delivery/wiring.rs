//! Rules and mappings at work.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, AtomicUsize};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;
use tokio::runtime::Handle;
use tokio::task::{AbortHandle, JoinSet};

use super::asynchronous::deliver;
use super::inner::Inner;
use super::ledger::Ledger;
use super::mapping::{EventSource, Mapping, MappingError, poll};
use super::rule::{Rule, Target};
use crate::lambda::Function;
use crate::sandbox::Sandbox;
use crate::sqs::{Draft, QueueName};

/// The rules and mappings of a sandbox. Clones are handles on the same; dropping the last one stops
/// all deliveries.
#[derive(Clone)]
pub struct Wiring {
    pub(super) inner: Arc<Inner>,
    tasks: Arc<Tasks>,
}

struct Tasks {
    runtime: Handle,
    running: Mutex<Vec<AbortHandle>>,
}

impl Sandbox {
    /// Wires functions to this AWS: events published from now on are matched against the rules.
    pub fn wiring(&self) -> Wiring {
        let inner = Arc::new(Inner {
            core: Arc::clone(self.core()),
            sqs: self.sqs(),
            rules: Mutex::new(Vec::new()),
            queues: Mutex::new(Vec::new()),
            events: Mutex::new(self.subscribe()),
            ledger: Mutex::new(Ledger::default()),
            at_work: AtomicUsize::new(0),
            steps: AtomicU64::new(0),
            retries: Mutex::new(BTreeMap::new()),
        });
        let tasks = Tasks { runtime: self.runtime().clone(), running: Mutex::new(Vec::new()) };
        tasks.spawn(route(Arc::clone(&inner)));
        Wiring { inner, tasks: Arc::new(tasks) }
    }
}

impl Wiring {
    /// Adds a rule.
    pub fn add_rule(&self, rule: Rule) {
        self.inner.rules.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::new(rule));
    }

    /// Removes the rules of that name.
    pub fn remove_rule(&self, name: &str) {
        self.inner.rules.lock().unwrap_or_else(PoisonError::into_inner).retain(|it| it.name != name);
    }

    /// Maps a queue to a function.
    pub fn map(
        &self,
        queue: &QueueName,
        function: Function,
        source: EventSource,
    ) -> Result<(), MappingError> {
        let mapping = Mapping { queue: queue.clone(), function, source };
        mapping.check(self.inner.sqs.visibility(queue))?;
        self.inner.queues.lock().unwrap_or_else(PoisonError::into_inner).push(queue.clone());
        self.tasks.spawn(poll(Arc::clone(&self.inner), Arc::new(mapping)));
        Ok(())
    }

    /// Waits for a future outside of any runtime.
    pub(super) fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        self.tasks.runtime.block_on(future)
    }

    /// What was delivered so far.
    pub fn ledger(&self) -> Ledger {
        self.inner.ledger().clone()
    }
}

impl fmt::Debug for Wiring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wiring").field("at_work", &self.inner.at_work).finish_non_exhaustive()
    }
}

impl Tasks {
    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let handle = self.runtime.spawn(task).abort_handle();
        self.running.lock().unwrap_or_else(PoisonError::into_inner).push(handle);
    }
}

impl Drop for Tasks {
    fn drop(&mut self) {
        for task in self.running.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            task.abort();
        }
    }
}

/// Takes events off the bus until it is aborted.
async fn route(inner: Arc<Inner>) {
    let mut running = JoinSet::new();
    loop {
        tokio::select! {
            // In order, so that a driven AWS repeats itself.
            biased;
            event = inner.next_event() => match event {
                Some((event, busy)) => {
                    dispatch(&inner, &event, &mut running);
                    drop(busy);
                }
                None => return,
            },
            Some(_) = running.join_next() => {}
        }
    }
}

/// Sends an event to the target of every rule that wants it.
fn dispatch(inner: &Arc<Inner>, event: &Value, running: &mut JoinSet<()>) {
    let rules: Vec<_> = inner.rules.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let mut matched = false;
    for rule in rules.iter().filter(|it| it.matches(event)) {
        matched = true;
        match &rule.target {
            Target::Queue(queue) => {
                let sender = "events.amazonaws.com".to_owned();
                let draft = Draft { body: event.to_string(), sender, ..Draft::default() };
                if inner.sqs.send(queue, draft).is_none() {
                    let id = event.get("id").and_then(Value::as_str).unwrap_or_default();
                    inner.ledger().undeliverable.push((rule.name.clone(), id.to_owned()));
                }
            }
            Target::Function(function, config) => {
                let (function, config) = (function.clone(), config.clone());
                running.spawn(deliver(Arc::clone(inner), function, config, event.clone(), inner.busy()));
            }
        }
    }
    let mut ledger = inner.ledger();
    ledger.matched += u64::from(matched);
    ledger.unmatched += u64::from(!matched);
}
