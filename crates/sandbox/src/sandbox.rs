//! The handle on a running sandbox.

use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;
use tokio::sync::{mpsc, oneshot, watch};

use crate::bus::{Chaos, EventBus};
use crate::calls::CallRecord;
use crate::clock::Clock;
use crate::core::Core;
use crate::faults::Fault;

/// A running AWS. Unless [`Config::driven`](crate::Config::driven) is set it lives on a thread of its own, so it can be used from
/// sync and async code alike. It ends when it is dropped.
pub struct Sandbox {
    pub(crate) core: Arc<Core>,
    pub(crate) address: SocketAddr,
    pub(crate) runtime: tokio::runtime::Handle,
    pub(crate) stop: Option<oneshot::Sender<()>>,
    pub(crate) thread: Option<JoinHandle<()>>,
    /// The runtime of an AWS without a thread.
    pub(crate) own: Option<tokio::runtime::Runtime>,
}

impl Sandbox {
    /// Where it listens, as `AWS_ENDPOINT_URL` wants it.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Waits for a future outside of any runtime. An AWS without a thread works meanwhile.
    pub fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        match &self.own {
            Some(runtime) => runtime.block_on(future),
            None => self.runtime.block_on(future),
        }
    }

    /// Every call so far, in order.
    pub fn calls(&self) -> Vec<CallRecord> {
        self.core.calls()
    }

    /// Forgets the calls so far.
    pub fn clear_calls(&self) {
        self.core.clear_calls();
    }

    /// How many calls took effect; a test can wait for the nth.
    pub fn call_count(&self) -> watch::Receiver<u64> {
        self.core.call_count()
    }

    /// Runs `hook` for every call from now on, after its effect and before its answer is sent. It
    /// runs on the sandbox's thread: a hook that blocks, blocks this AWS.
    pub fn on_call(&self, hook: impl Fn(&CallRecord) + Send + Sync + 'static) {
        self.core.add_hook(Arc::new(hook));
    }

    /// The sandbox's clock.
    pub fn clock(&self) -> &Clock {
        &self.core.clock
    }

    /// The sandbox's present.
    pub fn now(&self) -> Timestamp {
        self.core.clock.now()
    }

    /// Moves a manual clock; everything due on the way happens, in order. A system clock stays.
    pub fn advance(&self, by: Duration) {
        self.core.advance(by);
    }

    /// Orders a fault.
    pub fn inject(&self, fault: Fault) {
        self.core.faults.lock().unwrap_or_else(PoisonError::into_inner).add(fault);
    }

    /// Cancels all faults.
    pub fn clear_faults(&self) {
        self.core.faults.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Enforces the request token buckets from now on, or stops; the buckets start full.
    pub fn set_throttling(&self, enforced: bool) {
        let mut world = self.core.world();
        world.throttle.enforced = enforced;
        world.throttle.refill();
    }

    /// The event bus of all accounts and Regions.
    pub fn bus(&self) -> EventBus {
        self.core.bus.clone()
    }

    /// Every event delivered from now on.
    pub fn subscribe(&self) -> mpsc::UnboundedReceiver<Value> {
        self.core.bus.subscribe()
    }

    /// The events AWS published so far, before chaos.
    pub fn events(&self) -> Vec<Value> {
        self.core.bus.published()
    }

    /// Makes event delivery unreliable.
    pub fn set_chaos(&self, chaos: Chaos) {
        self.core.bus.set_chaos(chaos);
    }

    pub(crate) fn core(&self) -> &Arc<Core> {
        &self.core
    }

    /// The runtime of the sandbox's thread, for what a service runs in the background.
    pub(crate) const fn runtime(&self) -> &tokio::runtime::Handle {
        &self.runtime
    }
}

impl fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sandbox").field("endpoint", &self.endpoint()).finish_non_exhaustive()
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _already_gone = stop.send(());
        }
        let own_thread =
            self.thread.as_ref().is_some_and(|it| it.thread().id() == std::thread::current().id());
        if let Some(thread) = self.thread.take().filter(|_| !own_thread) {
            let _panicked = thread.join();
        }
    }
}
