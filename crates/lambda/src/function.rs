//! From an invocation of Lambda to an entry point of `v2only-enforcer`, and from log entries to stdout.

use std::io::Write as _;
use std::process::ExitCode;
use std::time::Duration;

use jiff::Timestamp;
use lambda_runtime::{Context, Diagnostic, LambdaEvent, service_fn};
use serde_json::Value;
use tokio::sync::OnceCell;
use v2only_aws::connect::{Access, Aws};
use v2only_aws::settings::Settings;
use v2only_document::escaped_json;
use v2only_enforcer::invocation::{App, Failed, Invocation, InvocationError};
use v2only_enforcer::policy_source::{Location, PolicySource};
use v2only_enforcer::{Counts, LogEntry};
use v2only_events::Malformed;
use v2only_policy::AccountId;

use crate::log_line::{line, settings_line};
use crate::metrics::metrics_line;

pub use lambda_runtime::Error;

/// How long a call waits for a rate-limit token before the event goes back to the queue.
const PATIENCE: Duration = Duration::from_secs(10);

/// A function: its settings from the start, its connection to AWS from the first event.
#[derive(Debug)]
pub struct Function {
    name: &'static str,
    settings: Settings,
    policy: Location,
    plain_http: bool,
    app: OnceCell<App<Aws>>,
}

/// Why an invocation failed.
#[derive(Debug, thiserror::Error)]
pub enum FunctionError {
    /// See [`InvocationError`].
    #[error(transparent)]
    Invocation(#[from] InvocationError),
    /// The settings allow no connection to AWS.
    #[error(transparent)]
    Connect(#[from] v2only_enforcer::Failure),
}

impl FunctionError {
    /// The `errorType` that Lambda shows, for filters on its logs.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Invocation(InvocationError::Malformed(_)) => "Malformed",
            Self::Invocation(InvocationError::Retry(_)) => "Retry",
            Self::Connect(_) => "Connect",
        }
    }
}

/// Handles invocations until Lambda ends the process; a failure at once without a function.
///
/// # Errors
/// The Lambda runtime API cannot be used.
pub async fn run(
    function: Option<Function>,
    entry: impl AsyncFn(Value, &App<Aws>, Invocation<'_>) -> Result<(Value, Counts), Failed>,
) -> Result<ExitCode, Error> {
    let (Some(function), entry) = (&function, &entry) else { return Ok(ExitCode::FAILURE) };
    lambda_runtime::run(service_fn(async move |event: LambdaEvent<Value>| {
        // Boxed: the state machine of an invocation is too deep to be laid out in one.
        Box::pin(function.handle(event, entry))
            .await
            .map_err(|why| Diagnostic { error_type: why.kind().to_owned(), error_message: why.to_string() })
    }))
    .await?;
    Ok(ExitCode::SUCCESS)
}

impl Function {
    /// Reads the environment; makes no call. `None` if the environment is invalid, which is written to stdout.
    pub fn from_env(name: &'static str) -> Option<Self> {
        let settings = Settings::from_env().and_then(|settings| Ok((settings.policy()?, settings)));
        settings
            .map(|(policy, settings)| Self {
                name,
                settings,
                policy,
                plain_http: false,
                app: OnceCell::new(),
            })
            .inspect_err(|why| write(&settings_line(&why.to_string(), name, Timestamp::now())))
            .ok()
    }

    /// Like [`Self::from_env`], for the function that keeps its work in a queue.
    pub fn with_queue_from_env(name: &'static str) -> Option<Self> {
        let function = Self::from_env(name)?;
        let queue = function.settings.sweep_queue().map(|_| ());
        queue
            .inspect_err(|why| write(&settings_line(&why.to_string(), name, Timestamp::now())))
            .ok()
            .map(|()| function)
    }

    /// The same function, where AWS is an embedded one: see [`Access::plain_http`].
    #[must_use]
    pub fn over_plain_http(self) -> Self {
        Self { plain_http: true, ..self }
    }

    /// Handles one invocation, and writes a line for every log entry and one with the metrics.
    async fn handle(
        &self,
        LambdaEvent { payload, context, .. }: LambdaEvent<Value>,
        entry: &impl AsyncFn(Value, &App<Aws>, Invocation<'_>) -> Result<(Value, Counts), Failed>,
    ) -> Result<Value, FunctionError> {
        if let Some(malformed) = bare_record(&payload) {
            write(&line(&LogEntry::Malformed(&malformed), self.name, Timestamp::now()));
            let counts = Counts { malformed: 1, ..Counts::default() };
            write(&metrics_line(&counts, self.name, Timestamp::now()));
            return Err(InvocationError::Malformed(malformed).into());
        }
        let app = self.app.get_or_try_init(|| self.connect()).await?;
        if let Some(account) = own_account(&context) {
            app.ports.set_own_account(account);
        }
        if let Some(name) = own_name(&context) {
            app.ports.set_own_function(name);
        }
        let mut log = |entry: LogEntry<'_>| write(&line(&entry, self.name, Timestamp::now()));
        let invocation = Invocation { now: &Timestamp::now, deadline: deadline(&context), log: &mut log };
        let (reply, counts) = match Box::pin(entry(payload, app, invocation)).await {
            Ok((reply, counts)) => (Ok(reply), counts),
            Err(Failed { why, counts }) => (Err(why.into()), *counts),
        };
        write(&metrics_line(&counts, self.name, Timestamp::now()));
        reply
    }

    async fn connect(&self) -> Result<App<Aws>, v2only_enforcer::Failure> {
        let access = Access { patience: PATIENCE, plain_http: self.plain_http, ..Access::default() };
        let aws = Aws::connect(&self.settings, access).await?;
        Ok(App::new(PolicySource::new(self.policy.clone()).signed_by(self.settings.policy_key.clone()), aws))
    }
}

/// The refusal of a CloudTrail record without an event around it, because the caller of the function would
/// choose its account.
fn bare_record(payload: &Value) -> Option<Malformed> {
    let is_record = payload.get("eventName").is_some() && payload.get("eventSource").is_some();
    is_record.then(|| v2only_events::parse_event(payload).err()).flatten()
}

/// The account of the function, from its ARN.
fn own_account(context: &Context) -> Option<AccountId> {
    AccountId::parse(context.invoked_function_arn.split(':').nth(4)?).ok()
}

/// The name of the function, from its ARN, `arn:aws:lambda:eu-central-1:111122223333:function:name`.
fn own_name(context: &Context) -> Option<String> {
    context.invoked_function_arn.split(':').nth(6).map(str::to_owned)
}

/// When Lambda ends the invocation; zero stands for never.
fn deadline(context: &Context) -> Option<Timestamp> {
    let deadline = i64::try_from(context.deadline).ok().filter(|ms| *ms > 0)?;
    Timestamp::from_millisecond(deadline).ok()
}

/// Writes one line to stdout, which Lambda sends to CloudWatch Logs. A line that cannot be written is lost,
/// and the work goes on: the fix matters more than its record, which CloudTrail has as well.
fn write(line: &Value) {
    let _lost = std::io::stdout().lock().write_all(text(line).as_bytes());
}

/// One line, and nothing in it that a terminal obeys.
fn text(line: &Value) -> String {
    format!("{}\n", escaped_json(&line.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_text_stays_inside_its_line() {
        let hostile = "x\n{\"outcome\":\"forged\"}\r\u{1b}[2J\u{9b}31m\u{85}\u{2028}\u{202e}";
        let line = settings_line(hostile, "sweeper", Timestamp::UNIX_EPOCH);
        let written = text(&line);
        let inside = written.strip_suffix('\n').unwrap();
        assert!(!inside.chars().any(char::is_control), "{inside:?}");
        assert!(!inside.contains(['\u{2028}', '\u{202e}']));
        assert_eq!(serde_json::from_str::<Value>(inside).unwrap(), line);
    }
}
