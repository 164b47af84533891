//! The functions inside the process of the test, on the clock of its AWS.
//!
//! A pause of an hour takes no time here: the invocation gets its clock from the sandbox. Everything else is as deployed: rules,
//! queues, dead letters, roles, and the real clients. With a [`Wire`] the functions take turns on one thread, by seed. The SDKs take their endpoint from the environment, so the test runs in a
//! process of its own: see [`isolated`].

use std::fs;
use std::io::Write as _;
use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};
use tokio::task::LocalSet;
use v2only_aws::connect::{Access, Aws};
use v2only_aws::settings::Settings;
use v2only_enforcer::invocation::{App, Failed, Invocation, handle_ec2, handle_notebook};
use v2only_enforcer::policy_source::PolicySource;
use v2only_enforcer::{Counts, LogEntry, sweep};
use v2only_lambda::log_line::line;
use v2only_lambda::metrics::metrics_line;
use v2only_policy::AccountId;
use v2only_sandbox::lambda::{Function, FunctionHost, InvocationOutcome};
use v2only_sandbox::{Changes, Clock, Watcher};

use crate::{HOME, Line, Wire};

/// Tells the started test where its sandbox is to listen.
const PORT: &str = "IT_ALONE_PORT";
/// The SDKs read credentials from this file: one profile for each caller.
const CREDENTIALS: &str = "AWS_SHARED_CREDENTIALS_FILE";

/// Runs `scenario` in a process of its own, whose environment names nothing but the sandbox's address; `test` is the full name of
/// the calling test. The scenario gets the port on which its sandbox has to listen.
///
/// # Panics
/// When the scenario fails.
pub fn isolated(test: &str, scenario: impl FnOnce(u16)) {
    if let Ok(port) = std::env::var(PORT) {
        scenario(port.parse().unwrap());
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
    let soaks = ["V2ONLY_SOAK", "V2ONLY_SOAK_SEED", "V2ONLY_CAMPAIGN", "V2ONLY_CAMPAIGN_SEED"];
    let mutants = ["MUTANT", "MUTANTS_REACHED"];
    let passed_on =
        soaks.into_iter().chain(mutants).filter_map(|name| Some((name, std::env::var(name).ok()?)));
    let output = Command::new(std::env::current_exe().unwrap())
        .args([test, "--exact", "--nocapture", "--test-threads=1"])
        .env_clear()
        .envs(passed_on)
        .env(PORT, free.to_string())
        .env("AWS_ENDPOINT_URL", format!("http://127.0.0.1:{free}"))
        .env("AWS_REGION", crate::REGION)
        .env("AWS_MAX_ATTEMPTS", "1")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_CONFIG_FILE", "/dev/null")
        .env(CREDENTIALS, folder.path().join("credentials"))
        .env("RUST_BACKTRACE", "0")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{text}");
    assert!(text.contains("1 passed"), "no test is called `{test}`: {text}");
}

/// Gives a profile of this process its access key.
///
/// # Panics
/// When the test is not run by [`isolated`].
pub fn add_profile(name: &str, access_key: &str) {
    let path = PathBuf::from(std::env::var_os(CREDENTIALS).unwrap());
    let mut file = fs::OpenOptions::new().create(true).append(true).open(path).unwrap();
    writeln!(file, "[{name}]\naws_access_key_id = {access_key}\naws_secret_access_key = sandbox").unwrap();
}

/// Connects to the AWS of this process under the access key of a profile: over HTTP, or by a wire.
///
/// # Panics
/// When the settings are no good.
pub async fn connect(profile: &str, settings: &Settings, patience: Duration, wire: Option<&Wire>) -> Aws {
    let (profile, embedded) = (Some(profile.to_owned()), wire.map(Wire::embedded));
    let access = Access { profile, patience, plain_http: true, embedded, ..Access::default() };
    let ports = Aws::connect(settings, access).await.unwrap();
    ports.set_own_account(AccountId::parse(HOME).unwrap());
    ports
}

struct Job {
    event: Value,
    answer: oneshot::Sender<InvocationOutcome>,
}

/// One deployed function that runs in this process. Clones are the same function.
#[derive(Debug, Clone)]
pub struct InProcess {
    name: String,
    jobs: mpsc::UnboundedSender<Job>,
    /// How often its processes were killed.
    kills: Changes,
    lines: Arc<Mutex<Vec<Line>>>,
}

/// What runs the function.
struct Worker {
    name: String,
    settings: Settings,
    clock: Clock,
    timeout: Duration,
    jobs: Arc<tokio::sync::Mutex<mpsc::UnboundedReceiver<Job>>>,
    kills: Watcher,
    lines: Arc<Mutex<Vec<Line>>>,
    wire: Option<Wire>,
}

impl InProcess {
    /// Runs the function that a host would run, with its settings, its role and its concurrency, on this clock: on threads of
    /// its own, or on these tasks and by this wire.
    ///
    /// # Panics
    /// When the settings are no good.
    pub fn start(
        host: &FunctionHost,
        clock: &Clock,
        timeout: Duration,
        driven: Option<&(LocalSet, Wire)>,
    ) -> Self {
        let config = host.config();
        add_profile(&config.name, &config.variables["AWS_ACCESS_KEY_ID"]);
        let ours = config.variables.iter().filter(|(name, _)| name.starts_with("V2ONLY_"));
        let region = [("AWS_REGION".to_owned(), config.region.clone())];
        let settings = ours.map(|(name, it)| (name.clone(), it.clone())).chain(region);
        let settings = Settings::from_variables(settings).unwrap();
        let (jobs, received) = mpsc::unbounded_channel();
        let received = Arc::new(tokio::sync::Mutex::new(received));
        let kills = Changes::default();
        let lines = Arc::default();
        for _ in 0..config.concurrency {
            let worker = Worker {
                name: config.name.clone(),
                settings: settings.clone(),
                clock: clock.clone(),
                timeout,
                jobs: Arc::clone(&received),
                kills: kills.watch(),
                lines: Arc::clone(&lines),
                wire: driven.map(|(_, wire)| wire.clone()),
            };
            match driven {
                Some((tasks, _)) => drop(tasks.spawn_local(worker.work())),
                None => drop(std::thread::spawn(move || worker.run())),
            }
        }
        Self { name: config.name.clone(), jobs, kills, lines }
    }

    /// The function's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The same as a target of rules and queues.
    pub fn function(&self, timeout: Duration) -> Function {
        let jobs = self.jobs.clone();
        let code = move |event: Value| {
            let (answer, answered) = oneshot::channel();
            let sent = jobs.send(Job { event, answer });
            async move {
                sent.unwrap();
                answered.await.unwrap_or(InvocationOutcome::TimedOut)
            }
        };
        Function::code(self.name.clone(), code).with_timeout(timeout)
    }

    /// Ends the invocations under way wherever they are, and forgets what the function kept between invocations.
    pub fn kill(&self) {
        self.kills.add();
    }

    /// What was logged since this was last called.
    pub fn take_lines(&self) -> Vec<Line> {
        std::mem::take(&mut self.lines.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Worker {
    fn run(self) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(self.work());
    }

    async fn work(self) {
        let (mut app, mut kills) = (None, self.kills.clone());
        loop {
            let received = self.jobs.lock().await.recv().await;
            let Some(Job { event, mut answer }) = received else { return };
            if kills.has_changed() {
                kills.mark_unchanged();
                app = None;
            }
            let running = match app.take() {
                Some(app) => app,
                None => self.cold_start().await,
            };
            let outcome = tokio::select! {
                biased;
                () = kills.changed() => InvocationOutcome::Died { reason: "killed".to_owned() },
                () = answer.closed() => InvocationOutcome::TimedOut,
                outcome = self.invoke(event, &running) => outcome,
            };
            if matches!(outcome, InvocationOutcome::Response(_) | InvocationOutcome::FunctionError(_)) {
                app = Some(running);
            }
            // Nobody waits for an invocation that took too long.
            let _late = answer.send(outcome);
        }
    }

    async fn cold_start(&self) -> App<Aws> {
        let ports = connect(&self.name, &self.settings, Duration::from_secs(10), self.wire.as_ref()).await;
        ports.set_own_function(self.name.clone());
        let source = PolicySource::new(self.settings.policy().unwrap());
        App::new(source.signed_by(self.settings.policy_key.clone()), ports)
    }

    async fn invoke(&self, event: Value, app: &App<Aws>) -> InvocationOutcome {
        let now = || self.clock.now();
        let mut log = |entry: LogEntry<'_>| self.write(line(&entry, &self.name, now()));
        let deadline = now().checked_add(self.timeout).ok();
        let invocation = Invocation { now: &now, deadline, log: &mut log };
        let done: Result<(Value, Counts), Failed> = match self.name.as_str() {
            "ec2-enforcer" => Box::pin(handle_ec2(event, app, invocation)).await,
            "notebook-enforcer" => Box::pin(handle_notebook(event, app, invocation)).await,
            _ => Box::pin(sweep::handle(event, app, invocation)).await,
        };
        let (outcome, counts) = match done {
            Ok((reply, counts)) => (InvocationOutcome::Response(reply), counts),
            Err(Failed { why, counts }) => {
                let error = json!({"errorType": "Retry", "errorMessage": why.to_string()});
                (InvocationOutcome::FunctionError(error), *counts)
            }
        };
        self.write(metrics_line(&counts, &self.name, now()));
        outcome
    }

    fn write(&self, line: Value) {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).push(Line(line));
    }
}
