//! A deployed function: its warm environments and its cold starts.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use serde_json::Value;
use tokio::runtime::Handle;
use tokio::sync::{Notify, Semaphore};
use tokio::task::JoinHandle;

use super::config::FunctionConfig;
use super::environment::Environment;
use super::logs::{LogLine, Logs};
use super::outcome::{HostError, InvocationOutcome, SYNC_PAYLOAD_LIMIT};

/// One deployed function. Clones are the same function; dropping the last one ends its processes.
#[derive(Clone)]
pub struct FunctionHost {
    inner: Arc<Inner>,
}

struct Inner {
    config: FunctionConfig,
    logs: Logs,
    /// Where the processes are looked after; without one it is the caller's runtime.
    runtime: Option<Handle>,
    permits: Semaphore,
    warm: Mutex<Vec<Environment>>,
    /// What kills the process of each environment, as long as it lives, and its id.
    killers: Mutex<Vec<(Weak<Notify>, Option<u32>)>>,
    starts: AtomicU64,
    invocations: AtomicU64,
    init_durations: Mutex<Vec<Duration>>,
}

impl FunctionHost {
    /// Deploys the function. As in Lambda nothing starts before the first invocation.
    ///
    /// The processes belong to the tokio runtime of the first caller and end with it. Use
    /// [`crate::Sandbox::deploy`] for a function that lives as long as the sandbox.
    pub fn new(config: FunctionConfig) -> Self {
        Self::on(None, config)
    }

    pub(super) fn on(runtime: Option<Handle>, config: FunctionConfig) -> Self {
        let permits = Semaphore::new(config.concurrency.max(1));
        let inner = Inner {
            config,
            logs: Logs::default(),
            runtime,
            permits,
            warm: Mutex::new(Vec::new()),
            killers: Mutex::new(Vec::new()),
            starts: AtomicU64::new(0),
            invocations: AtomicU64::new(0),
            init_durations: Mutex::new(Vec::new()),
        };
        Self { inner: Arc::new(inner) }
    }

    /// Invokes the function once and waits for the outcome. The time-out is real time and starts
    /// after the init phase, as in Lambda. Waits for a free environment first.
    pub async fn invoke(&self, payload: &Value, timeout: Duration) -> Result<InvocationOutcome, HostError> {
        let payload = payload.to_string().into_bytes();
        if payload.len() > SYNC_PAYLOAD_LIMIT {
            return Err(HostError::PayloadTooLarge { bytes: payload.len() });
        }
        let Some(runtime) = &self.inner.runtime else { return self.inner.invoke(payload, timeout).await };
        let inner = Arc::clone(&self.inner);
        let mut running = Running(runtime.spawn(async move { inner.invoke(payload, timeout).await }));
        (&mut running.0).await.unwrap_or(Err(HostError::Closed))
    }

    /// Kills every process of the function, idle or in the middle of an invocation.
    pub fn kill(&self) {
        for (killer, _) in self.inner.killers.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            if let Some(killer) = killer.upgrade() {
                killer.notify_one();
            }
        }
        self.inner.warm.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// How it is deployed.
    pub fn config(&self) -> &FunctionConfig {
        &self.inner.config
    }

    /// How many processes were started.
    pub fn starts(&self) -> u64 {
        self.inner.starts.load(Ordering::Relaxed)
    }

    /// How many invocations began.
    pub fn invocations(&self) -> u64 {
        self.inner.invocations.load(Ordering::Relaxed)
    }

    /// From spawn to the first poll, for each successful cold start.
    pub fn init_durations(&self) -> Vec<Duration> {
        self.inner.init_durations.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The ids of the processes that live, idle or at work, to measure them.
    pub fn processes(&self) -> Vec<u32> {
        let killers = self.inner.killers.lock().unwrap_or_else(PoisonError::into_inner);
        killers.iter().filter(|(it, _)| it.strong_count() > 0).filter_map(|(_, process)| *process).collect()
    }

    /// What the processes wrote so far (the last 10 000 lines).
    pub fn logs(&self) -> Vec<LogLine> {
        self.inner.logs.snapshot()
    }

    /// The same, forgetting it.
    pub fn take_logs(&self) -> Vec<LogLine> {
        self.inner.logs.take()
    }
}

impl fmt::Debug for FunctionHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FunctionHost").field("name", &self.inner.config.name).finish_non_exhaustive()
    }
}

/// An invocation elsewhere; it ends when nobody waits for it any more.
struct Running(JoinHandle<Result<InvocationOutcome, HostError>>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Inner {
    async fn invoke(&self, payload: Vec<u8>, timeout: Duration) -> Result<InvocationOutcome, HostError> {
        let _permit = self.permits.acquire().await.map_err(|_| HostError::Closed)?;
        self.invocations.fetch_add(1, Ordering::Relaxed);
        let environment = match self.take_warm() {
            Some(environment) => environment,
            None => match self.cold_start().await? {
                Ok(environment) => environment,
                Err(outcome) => return Ok(outcome),
            },
        };
        let outcome = environment.invoke(payload, timeout).await;
        match &outcome {
            InvocationOutcome::Response(_) | InvocationOutcome::FunctionError(_) => {
                self.warm.lock().unwrap_or_else(PoisonError::into_inner).push(environment);
            }
            InvocationOutcome::TimedOut | InvocationOutcome::Died { .. } => drop(environment),
        }
        Ok(outcome)
    }

    fn take_warm(&self) -> Option<Environment> {
        let mut warm = self.warm.lock().unwrap_or_else(PoisonError::into_inner);
        warm.retain(Environment::is_alive);
        warm.pop()
    }

    async fn cold_start(&self) -> Result<Result<Environment, InvocationOutcome>, HostError> {
        let environment = Environment::spawn(&self.config, &self.logs).await?;
        self.starts.fetch_add(1, Ordering::Relaxed);
        {
            let mut killers = self.killers.lock().unwrap_or_else(PoisonError::into_inner);
            killers.retain(|(it, _)| it.strong_count() > 0);
            killers.push((Arc::downgrade(&environment.killer()), environment.process_id()));
        }
        match environment.ready().await {
            Ok(took) => {
                self.init_durations.lock().unwrap_or_else(PoisonError::into_inner).push(took);
                Ok(Ok(environment))
            }
            Err(outcome) => Ok(Err(outcome)),
        }
    }
}
