//! Rules and mappings at work, and who is busy.

use std::collections::BTreeMap;
use std::fmt;
use std::future::{pending, poll_fn};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use serde_json::Value;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};

use super::asynchronous::deliver;
use super::ledger::Ledger;
use super::mapping::{EventSource, Mapping, MappingError, poll};
use super::rule::{Rule, Target};
use crate::core::Core;
use crate::lambda::Function;
use crate::sandbox::Sandbox;
use crate::sqs::{Draft, QueueName, Sqs};

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

pub(super) struct Inner {
    pub(super) core: Arc<Core>,
    pub(super) sqs: Sqs,
    rules: Mutex<Vec<Arc<Rule>>>,
    queues: Mutex<Vec<QueueName>>,
    events: Mutex<mpsc::UnboundedReceiver<Value>>,
    ledger: Mutex<Ledger>,
    /// How many events and batches are being worked on.
    at_work: AtomicUsize,
    /// How many were begun, ever.
    steps: AtomicU64,
    /// When retries are due, and how many.
    retries: Mutex<BTreeMap<Timestamp, usize>>,
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
            event = inner.next_event() => match event {
                Some((event, busy)) => {
                    inner.dispatch(&event, &mut running);
                    drop(busy);
                }
                None => return,
            },
            Some(_) = running.join_next() => {}
        }
    }
}

impl Inner {
    /// The next event. Whoever looks at the bus sees it either waiting or being worked on.
    async fn next_event(self: &Arc<Self>) -> Option<(Value, Busy)> {
        poll_fn(|context| {
            let mut events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
            events.poll_recv(context).map(|event| {
                event.map(|it| {
                    let busy = self.busy();
                    busy.step();
                    (it, busy)
                })
            })
        })
        .await
    }

    fn dispatch(self: &Arc<Self>, event: &Value, running: &mut JoinSet<()>) {
        let rules: Vec<_> = self.rules.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut matched = false;
        for rule in rules.iter().filter(|it| it.matches(event)) {
            matched = true;
            match &rule.target {
                Target::Queue(queue) => {
                    let sender = "events.amazonaws.com".to_owned();
                    let draft = Draft { body: event.to_string(), sender, ..Draft::default() };
                    if self.sqs.send(queue, draft).is_none() {
                        let id = event.get("id").and_then(Value::as_str).unwrap_or_default();
                        self.ledger().undeliverable.push((rule.name.clone(), id.to_owned()));
                    }
                }
                Target::Function(function, config) => {
                    let (function, config) = (function.clone(), config.clone());
                    running.spawn(deliver(Arc::clone(self), function, config, event.clone(), self.busy()));
                }
            }
        }
        let mut ledger = self.ledger();
        ledger.matched += u64::from(matched);
        ledger.unmatched += u64::from(!matched);
    }

    pub(super) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Somebody is at work until the value is dropped.
    pub(super) fn busy(self: &Arc<Self>) -> Busy {
        self.at_work.fetch_add(1, Ordering::SeqCst);
        Busy(Arc::clone(self))
    }

    /// Somebody waits for that time until the value is dropped.
    pub(super) fn due(self: &Arc<Self>, time: Timestamp) -> Due {
        *self.retries.lock().unwrap_or_else(PoisonError::into_inner).entry(time).or_default() += 1;
        Due(Arc::clone(self), time)
    }

    /// Waits for a time, or for ever.
    pub(super) async fn sleep_until(&self, time: Option<Timestamp>) {
        match time {
            Some(time) => self.core.sleep_until(time).await,
            None => pending().await,
        }
    }

    /// Whether nothing is being worked on and nothing waits that could be.
    pub(super) fn is_idle(&self) -> bool {
        let bus = self.events.lock().unwrap_or_else(PoisonError::into_inner).is_empty();
        let queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let retry_due = self.next_retry().is_some_and(|it| it <= self.core.clock.now());
        // Last: who takes something up says so before he takes it.
        bus && !retry_due
            && !queues.iter().any(|it| self.sqs.has_visible(it))
            && self.at_work.load(Ordering::SeqCst) == 0
    }

    pub(super) fn steps(&self) -> u64 {
        self.steps.load(Ordering::SeqCst)
    }

    /// When something happens by itself: a timer, a retry, a message that becomes visible.
    pub(super) fn next_due(&self) -> Option<Timestamp> {
        let queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let visible = queues.iter().filter_map(|it| self.sqs.next_visible(it)).min();
        let timer = self.core.world().next_due();
        [visible, timer, self.next_retry()].into_iter().flatten().min()
    }

    fn next_retry(&self) -> Option<Timestamp> {
        let retries = self.retries.lock().unwrap_or_else(PoisonError::into_inner);
        retries.first_key_value().map(|(time, _)| *time)
    }
}

/// Proof that somebody is at work.
pub(super) struct Busy(Arc<Inner>);

impl Busy {
    /// Something was really taken up.
    pub(super) fn step(&self) {
        self.0.steps.fetch_add(1, Ordering::SeqCst);
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.at_work.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Proof that somebody waits for a time.
pub(super) struct Due(Arc<Inner>, Timestamp);

impl Drop for Due {
    fn drop(&mut self) {
        let mut retries = self.0.retries.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = retries.get_mut(&self.1) {
            *count -= 1;
            if *count == 0 {
                retries.remove(&self.1);
            }
        }
    }
}
