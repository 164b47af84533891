//! What the server, the services and the handle in the test share.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use std::collections::VecDeque;
use tokio::sync::{Notify, watch};

use crate::bus::EventBus;
use crate::call::{Answer, Call};
use crate::calls::CallRecord;
use crate::changes::Changes;
use crate::clock::{Clock, between};
use crate::config::Config;
use crate::error::AwsError;
use crate::faults::Faults;
use crate::interventions::{Intervention, due};
use crate::throttle::Limit;
use crate::trail::Trail;
use crate::world::World;

/// Called for every call, after its effect and before its answer.
pub(crate) type CallHook = Arc<dyn Fn(&CallRecord) + Send + Sync>;

/// The shared heart of a sandbox.
pub(crate) struct Core {
    pub(crate) config: Arc<Config>,
    pub(crate) clock: Clock,
    pub(crate) bus: EventBus,
    pub(crate) faults: Mutex<Faults>,
    world: Mutex<World>,
    calls: Mutex<VecDeque<CallRecord>>,
    hooks: Mutex<Vec<CallHook>>,
    pub(crate) interventions: Mutex<Vec<Intervention>>,
    /// How many calls took effect since the start.
    count: watch::Sender<u64>,
    /// Counts the moves of a manual clock.
    moves: Changes,
    timer_added: Arc<Notify>,
}

impl Core {
    pub(crate) fn new(config: Config) -> Self {
        let config = Arc::new(config);
        let clock = Clock::new(config.clock);
        let bus = EventBus::new(config.seed, config.keep_events);
        let timer_added = Arc::new(Notify::new());
        let world = World::new(Arc::clone(&config), clock.clone(), bus.clone(), Arc::clone(&timer_added));
        Self {
            faults: Mutex::new(Faults::new(config.seed)),
            config,
            clock,
            bus,
            world: Mutex::new(world),
            calls: Mutex::new(VecDeque::new()),
            hooks: Mutex::new(Vec::new()),
            interventions: Mutex::new(Vec::new()),
            count: watch::Sender::new(0),
            moves: Changes::default(),
            timer_added,
        }
    }

    /// The world, for as long as the guard lives. Never held across an `await`.
    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the tokens of a call; see [`World::charge`].
    pub(crate) fn charge(&self, call: &Call, limits: &[Limit]) -> Result<(), AwsError> {
        self.world().charge(call, limits)
    }

    /// Fires due timers and runs one operation on the world; see [`World::run`].
    pub(crate) fn run(
        &self,
        call: &Call,
        operation: impl FnOnce(&mut World, &mut Trail) -> Result<Answer, AwsError>,
    ) -> Result<Answer, AwsError> {
        let mut world = self.world();
        world.fire_due();
        world.run(call, operation)
    }

    /// Notes a call in the log, tells the hooks, counts it.
    pub(crate) fn record(&self, record: CallRecord) {
        // A hook may order another hook: the list is not locked while they run.
        let hooks = self.hooks.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for hook in hooks {
            hook(&record);
        }
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        if calls.len() >= self.config.keep_calls {
            calls.pop_front();
        }
        calls.push_back(record);
        drop(calls);
        self.count.send_modify(|count| *count += 1);
    }

    /// Runs what somebody else does immediately before this call.
    pub(crate) fn intervene(&self, call: &Call) {
        // An action may order another one: the list is not locked while they run.
        let due = self
            .interventions
            .lock()
            .map_or_else(|poisoned| due(&mut poisoned.into_inner(), call), |mut all| due(&mut all, call));
        for act in due {
            act();
        }
    }

    pub(crate) fn calls(&self) -> Vec<CallRecord> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    pub(crate) fn clear_calls(&self) {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    pub(crate) fn add_hook(&self, hook: CallHook) {
        self.hooks.lock().unwrap_or_else(PoisonError::into_inner).push(hook);
    }

    pub(crate) fn call_count(&self) -> watch::Receiver<u64> {
        self.count.subscribe()
    }

    /// Moves a manual clock and tells those who wait for it.
    pub(crate) fn advance(&self, by: std::time::Duration) {
        self.world().advance(by);
        self.moves.add();
    }

    /// Waits until the sandbox's clock shows `time`: by real waiting on a system clock, by
    /// [`Core::advance`] on a manual one.
    pub(crate) async fn sleep_until(&self, time: Timestamp) {
        let mut moves = self.moves.watch();
        loop {
            let now = self.clock.now();
            if now >= time {
                return;
            }
            if self.clock.is_manual() {
                moves.changed().await;
            } else {
                tokio::time::sleep(between(now, time)).await;
            }
        }
    }

    /// Fires the timers of a system clock as they become due; never returns.
    pub(crate) async fn tick(&self) {
        loop {
            let next = {
                let mut world = self.world();
                world.fire_due();
                world.next_due()
            };
            match next {
                Some(at) if !self.clock.is_manual() => {
                    let wait = between(self.clock.now(), at);
                    let _woken_early = tokio::time::timeout(wait, self.timer_added.notified()).await;
                }
                _ => self.timer_added.notified().await,
            }
        }
    }
}
