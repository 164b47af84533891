//! The default event bus of every account and Region, and the ways in which delivery goes wrong.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::Value;
use tokio::sync::mpsc;

use crate::ids::Ids;

/// What EventBridge may do to events: it promises at least once, in no order, sometime.
/// Chances are from 0 to 1 and independent of each other.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Chaos {
    /// The event never arrives (a trail switched off, a rule disabled).
    pub drop: f64,
    /// The event arrives twice.
    pub duplicate: f64,
    /// The event is held back and arrives after one to three later ones.
    pub reorder: f64,
    /// The event arrives this much later, at most; a share of it by seed. Zero is at once.
    pub delay: Duration,
}

/// How long a reordered event is held when no later event overtakes it.
pub(crate) const HELD_AT_MOST: Duration = Duration::from_secs(60);

/// Carries EventBridge envelopes to all subscribers.
#[derive(Debug, Clone)]
pub struct EventBus {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Debug)]
struct Inner {
    subscribers: Vec<mpsc::UnboundedSender<Value>>,
    /// As text, which takes a quarter of the memory.
    published: VecDeque<String>,
    keep: usize,
    chaos: Chaos,
    dice: Ids,
    /// Events held back, each with how many later events it waits for.
    held: Vec<(u64, Value)>,
}

/// What is to become of a published event.
pub(crate) struct Fate {
    /// One delay for each copy; none for a dropped event.
    pub(crate) copies: Vec<Duration>,
    pub(crate) hold: bool,
}

impl EventBus {
    pub(crate) fn new(seed: u64, keep: usize) -> Self {
        let inner = Inner {
            subscribers: Vec::new(),
            published: VecDeque::new(),
            keep,
            chaos: Chaos::default(),
            dice: Ids::new(seed ^ 0xb05),
            held: Vec::new(),
        };
        Self { inner: Arc::new(Mutex::new(inner)) }
    }

    /// Every event delivered from now on, in the order of delivery.
    pub fn subscribe(&self) -> mpsc::UnboundedReceiver<Value> {
        let (sender, receiver) = mpsc::unbounded_channel();
        self.lock().subscribers.push(sender);
        receiver
    }

    /// Makes delivery unreliable from now on; `Chaos::default()` makes it reliable again.
    pub fn set_chaos(&self, chaos: Chaos) {
        self.lock().chaos = chaos;
    }

    /// The events AWS published, before chaos; the newest `Config::keep_events`.
    pub fn published(&self) -> Vec<Value> {
        let inner = self.lock();
        inner.published.iter().filter_map(|event| serde_json::from_str(event).ok()).collect()
    }

    /// Those of the published events in which this text occurs; all if there is none.
    pub(crate) fn published_of(&self, text: Option<&str>) -> Vec<Value> {
        let inner = self.lock();
        let of_it = inner.published.iter().filter(|event| text.is_none_or(|it| event.contains(it)));
        of_it.filter_map(|event| serde_json::from_str(event).ok()).collect()
    }

    /// Forgets the published events.
    pub fn clear(&self) {
        self.lock().published.clear();
    }

    /// Delivers an event as it is, now, to every subscriber, without it counting as published:
    /// for replays and for events of a test's own making.
    pub fn deliver(&self, event: Value) {
        let mut inner = self.lock();
        inner.send(&event);
        inner.overtake();
    }

    /// Delivers the events that a reordering holds back.
    pub fn flush(&self) {
        let mut inner = self.lock();
        for (_, event) in std::mem::take(&mut inner.held) {
            inner.send(&event);
        }
    }

    /// Notes an event as published and draws what happens to it.
    pub(crate) fn publish(&self, event: &Value) -> Fate {
        let mut inner = self.lock();
        if inner.published.len() >= inner.keep {
            inner.published.pop_front();
        }
        inner.published.push_back(event.to_string());
        let chaos = inner.chaos;
        if inner.dice.roll(chaos.drop) {
            return Fate { copies: Vec::new(), hold: false };
        }
        let count = if inner.dice.roll(chaos.duplicate) { 2 } else { 1 };
        let copies = (0..count).map(|_| chaos.delay.mul_f64(inner.dice.fraction())).collect();
        Fate { copies, hold: inner.dice.roll(chaos.reorder) }
    }

    /// Holds an event back until one to three later ones have passed it.
    pub(crate) fn hold(&self, event: Value) {
        let mut inner = self.lock();
        let wait = 1 + inner.dice.next() % 3;
        inner.held.push((wait, event));
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn send(&mut self, event: &Value) {
        self.subscribers.retain(|subscriber| subscriber.send(event.clone()).is_ok());
    }

    fn overtake(&mut self) {
        for (wait, _) in &mut self.held {
            *wait = wait.saturating_sub(1);
        }
        let (due, held) = std::mem::take(&mut self.held).into_iter().partition(|(wait, _)| *wait == 0);
        self.held = held;
        let due: Vec<(u64, Value)> = due;
        for (_, event) in due {
            self.send(&event);
        }
    }
}
