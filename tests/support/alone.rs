//! Scenarios through the entry points of the library, with the real clients, on the sandbox's clock.
//!
//! The functions go by the machine's clock, so what takes hours is played here: in a process of its own,
//! because the SDKs take their endpoint from the environment and the environment belongs to a process. The
//! test starts itself once more, with nothing in the environment but the sandbox's address.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::runtime::Runtime;
use tokio::sync::mpsc::UnboundedReceiver;
use v2only_aws::connect::{Access, Aws};
use v2only_aws::settings::Settings;
use v2only_enforcer::invocation::{App, Invocation, InvocationError, handle_ec2, handle_notebook};
use v2only_enforcer::policy_source::{Location, PolicySource};
use v2only_lambda::log_line::line;
use v2only_policy::AccountId;
use v2only_sandbox::{ClockMode, Config, Sandbox};

use crate::audit::{self, Audit};
use crate::stage::this_second;
use crate::{HOME, Line, People, REGION, said};

/// Tells the started test where its sandbox is to listen.
const PORT: &str = "IT_ALONE_PORT";

/// One side of the entry points: an AWS, and what a function keeps between invocations.
pub struct Alone {
    /// The AWS.
    pub aws: Sandbox,
    app: App<Aws>,
    runtime: Runtime,
    events: UnboundedReceiver<Value>,
    lines: Vec<Line>,
}

/// Plays `scenario` in a process of its own; `test` is the full name of the calling test.
///
/// # Panics
/// When the scenario fails.
pub fn alone(test: &str, policy: Location, scenario: impl FnOnce(Alone)) {
    if let Ok(port) = std::env::var(PORT) {
        scenario(Alone::new(port.parse().unwrap(), policy));
        return;
    }
    let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
    let output = Command::new(std::env::current_exe().unwrap())
        .args([test, "--exact", "--nocapture", "--test-threads=1"])
        .env_clear()
        .env(PORT, free.to_string())
        .env("AWS_ENDPOINT_URL", format!("http://127.0.0.1:{free}"))
        .env("AWS_ACCESS_KEY_ID", "AKIASANDBOX000000000")
        .env("AWS_SECRET_ACCESS_KEY", "sandbox")
        .env("AWS_REGION", REGION)
        .env("AWS_MAX_ATTEMPTS", "1")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_CONFIG_FILE", "/dev/null")
        .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
        .env("RUST_BACKTRACE", "0")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{text}");
    assert!(text.contains("1 passed"), "no test is called `{test}`: {text}");
}

impl Alone {
    fn new(port: u16, policy: Location) -> Self {
        let aws = Sandbox::start(Config {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
            clock: ClockMode::Manual(this_second()),
            ..Config::default()
        })
        .unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let variables = [("V2ONLY_LOOPBACK_ONLY", "1"), ("AWS_REGION", REGION)];
        let settings =
            Settings::from_variables(variables.map(|(name, it)| (name.to_owned(), it.to_owned()))).unwrap();
        let access = Access { patience: Duration::from_secs(10), ..Access::default() };
        let ports = runtime.block_on(Aws::connect(&settings, access)).unwrap();
        ports.set_own_account(AccountId::parse(HOME).unwrap());
        let events = aws.subscribe();
        Self { app: App::new(PolicySource::new(policy), ports), aws, runtime, events, lines: Vec::new() }
    }

    /// Somebody at home.
    pub fn people(&self) -> People {
        People::of(&self.aws, HOME)
    }

    /// Hands one event to the entry point of its family.
    ///
    /// # Errors
    /// The event is to be sent again.
    pub fn hand_over(&mut self, event: &Value) -> Result<Value, InvocationError> {
        let clock = self.aws.clock().clone();
        let now = move || clock.now();
        let lines = &mut self.lines;
        let mut say = |it: v2only_enforcer::LogEntry<'_>| {
            lines.push(Line(line(&it, "alone", now())));
        };
        let invocation = Invocation { now: &now, deadline: None, log: &mut say };
        let (payload, app) = (event.clone(), &self.app);
        let notebook = event["source"] == "aws.sagemaker";
        let answer = self.runtime.block_on(async {
            if notebook {
                Box::pin(handle_notebook(payload, app, invocation)).await
            } else {
                Box::pin(handle_ec2(payload, app, invocation)).await
            }
        });
        answer.map(|(reply, _)| reply).map_err(|it| it.why)
    }

    /// Hands over every event as it comes, once, until no more come.
    pub fn work(&mut self) {
        while let Ok(event) = self.events.try_recv() {
            let kind = event["detail-type"].as_str().unwrap_or_default();
            let state = event["detail"]["state"].as_str();
            let wanted = kind != "EC2 Instance State-change Notification"
                || matches!(state, Some("running" | "stopped"));
            if wanted {
                // What fails is tried again by the next event: there is no queue in here.
                let _again = self.hand_over(&event);
            }
        }
    }

    /// Lets time pass in steps of ten seconds, and works on what happens in it.
    pub fn pass(&mut self, time: Duration) {
        let step = Duration::from_secs(10);
        let mut left = time;
        self.work();
        while !left.is_zero() {
            let now = left.min(step);
            self.aws.advance(now);
            left -= now;
            self.work();
        }
    }

    /// Everything said so far.
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// What was said of one resource, in brief.
    pub fn story(&self, resource: &str) -> Vec<String> {
        said::story(&self.lines, resource)
    }

    /// How often this was called by us.
    pub fn count(&self, action: &str) -> usize {
        audit::our_calls(&self.aws).iter().filter(|it| it.name() == action).count()
    }
}

impl Drop for Alone {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            Audit::default().check(&self.aws);
        }
    }
}

/// A state change that AWS reports again.
pub fn state_change(id: &str, state: &str, at: jiff::Timestamp) -> Value {
    json!({
        "version": "0", "id": "00000000-0000-4000-8000-000000000001",
        "detail-type": "EC2 Instance State-change Notification", "source": "aws.ec2", "account": HOME,
        "time": at.to_string(), "region": REGION, "resources": [],
        "detail": {"instance-id": id, "state": state},
    })
}
