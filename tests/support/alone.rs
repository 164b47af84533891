//! Scenarios through the entry points of the library, with the real clients, on the sandbox's clock.
//!
//! The binaries of the functions use the machine's clock, so a scenario that takes hours runs here, in a process of its own: see
//! [`isolated`].

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::runtime::Runtime;
use tokio::sync::mpsc::UnboundedReceiver;
use v2only_aws::connect::Aws;
use v2only_aws::settings::Settings;
use v2only_enforcer::invocation::{App, Invocation, InvocationError, handle_ec2, handle_notebook};
use v2only_enforcer::policy_source::{Location, PolicySource};
use v2only_lambda::log_line::line;
use v2only_sandbox::{ClockMode, Config, Sandbox};

use crate::audit::{self, Audit};
use crate::in_process::{add_profile, connect, isolated};
use crate::stage::this_second;
use crate::{HOME, Line, People, REGION, said};

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
    isolated(test, |port| {
        add_profile("default", "AKIASANDBOX000000000");
        scenario(Alone::new(port, policy));
    });
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
        let ports = runtime.block_on(connect("default", &settings, Duration::from_secs(10), None));
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
        let mut say = |entry: v2only_enforcer::LogEntry<'_>| {
            lines.push(Line(line(&entry, "alone", now())));
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
