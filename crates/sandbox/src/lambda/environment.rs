//! One execution environment: a function process and the Runtime API server it talks to.
//!
//! It serves one invocation at a time and never comes back to life: after a death or a time-out
//! the host throws it away and starts another one.

use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::process::{Child, Command};
use tokio::sync::{Notify, oneshot, watch};
use tokio::task::JoinHandle;

use super::config::FunctionConfig;
use super::logs::{LogStream, Logs};
use super::outcome::{HostError, InvocationOutcome};
use super::runtime_api::{Answer, RuntimeApi, Work};

/// AWS gives the init phase ten seconds.
const INIT_LIMIT: Duration = Duration::from_secs(10);

/// How long the last lines of a dead process may take to arrive.
const LAST_LINES: Duration = Duration::from_millis(200);

pub(super) struct Environment {
    api: RuntimeApi,
    supervisor: JoinHandle<()>,
    exit: watch::Receiver<Option<String>>,
    killer: Arc<Notify>,
    process_id: Option<u32>,
    spawned: Instant,
}

impl Environment {
    /// Starts the process; it is not ready before [`Self::ready`] says so.
    pub(super) async fn spawn(config: &FunctionConfig, logs: &Logs) -> Result<Self, HostError> {
        let api = RuntimeApi::start(config.arn()).await.map_err(HostError::Listen)?;
        let mut command = Command::new(&config.binary);
        command
            .args(&config.args)
            .env_clear()
            .envs(config.environment(api.address()))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        let spawned = Instant::now();
        let child =
            command.spawn().map_err(|source| HostError::Spawn { binary: config.binary.clone(), source })?;
        let process_id = child.id();
        let killer = Arc::new(Notify::new());
        let (tell, exit) = watch::channel(None);
        let supervisor = tokio::spawn(supervise(child, logs.clone(), Arc::clone(&killer), tell));
        Ok(Self { api, supervisor, exit, killer, process_id, spawned })
    }

    /// Waits for the first poll and says how long it took, or how the init phase ended instead.
    pub(super) async fn ready(&self) -> Result<Duration, InvocationOutcome> {
        tokio::select! {
            biased;
            at = self.api.ready() => Ok(at.duration_since(self.spawned)),
            error = self.api.init_error() => Err(InvocationOutcome::FunctionError(error)),
            reason = self.died() => Err(InvocationOutcome::Died { reason }),
            () = tokio::time::sleep(INIT_LIMIT) => Err(InvocationOutcome::FunctionError(init_timeout())),
        }
    }

    /// Runs one invocation.
    pub(super) async fn invoke(&self, payload: Vec<u8>, timeout: Duration) -> InvocationOutcome {
        let (answer, answered) = oneshot::channel();
        self.api.offer(Work { payload, timeout, answer });
        tokio::select! {
            biased;
            Ok(answer) = answered => match answer {
                Answer::Response(value) => InvocationOutcome::Response(value),
                Answer::Error(value) => InvocationOutcome::FunctionError(value),
            },
            reason = self.died() => InvocationOutcome::Died { reason },
            () = tokio::time::sleep(timeout) => InvocationOutcome::TimedOut,
        }
    }

    pub(super) fn is_alive(&self) -> bool {
        self.exit.borrow().is_none()
    }

    pub(super) fn process_id(&self) -> Option<u32> {
        self.process_id
    }

    /// What kills the process from outside, also in the middle of an invocation.
    pub(super) fn killer(&self) -> Arc<Notify> {
        Arc::clone(&self.killer)
    }

    async fn died(&self) -> String {
        let mut exit = self.exit.clone();
        match exit.wait_for(Option::is_some).await {
            Ok(reason) => reason.clone().unwrap_or_default(),
            Err(_) => "the process was abandoned".to_owned(),
        }
    }
}

impl Drop for Environment {
    fn drop(&mut self) {
        // The supervisor owns the child, which is killed when it goes.
        self.supervisor.abort();
    }
}

async fn supervise(mut child: Child, logs: Logs, killer: Arc<Notify>, tell: watch::Sender<Option<String>>) {
    let stdout = child.stdout.take();
    let stderr = child.stderr.take();
    let follow = async {
        let out = async {
            if let Some(stdout) = stdout {
                logs.clone().follow(LogStream::Stdout, stdout).await;
            }
        };
        let err = async {
            if let Some(stderr) = stderr {
                logs.clone().follow(LogStream::Stderr, stderr).await;
            }
        };
        tokio::join!(out, err);
    };
    tokio::pin!(follow);
    let mut closed = false;
    let status = loop {
        tokio::select! {
            status = child.wait() => break status,
            () = killer.notified() => drop(child.start_kill()),
            () = &mut follow, if !closed => closed = true,
        }
    };
    if !closed {
        drop(tokio::time::timeout(LAST_LINES, follow).await);
    }
    tell.send_replace(Some(status.map_or_else(|error| error.to_string(), exit_reason)));
}

/// The words Lambda uses, except that the signal is named.
fn exit_reason(status: ExitStatus) -> String {
    format!("Runtime exited: {status}")
}

fn init_timeout() -> Value {
    json!({"errorType": "Sandbox.Timedout", "errorMessage": "the init phase took longer than 10 seconds"})
}
