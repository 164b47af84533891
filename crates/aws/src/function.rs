//! What the functions share: from an invocation of Lambda's to the doors of `v2only-enforcer`, and from
//! what is said there to lines on stdout.

use std::io::Write as _;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;
use tokio::sync::OnceCell;
use v2only_enforcer::invocation::{App, Failed, Invocation, InvocationError, Said};
use v2only_enforcer::policy_source::{Location, PolicySource};
use v2only_enforcer::report_line::{Counts, line, metrics_line, settings_line};
use v2only_policy::AccountId;

use crate::connect::{Access, Aws};
use crate::settings::Settings;

/// For how long a call of a function waits for its turn before the event goes back to the queue.
const PATIENCE: Duration = Duration::from_secs(10);

/// A function: its settings at once, its connection to AWS with the first event.
#[derive(Debug)]
pub struct Function {
    name: &'static str,
    settings: Settings,
    policy: Location,
    app: OnceCell<App<Aws>>,
}

/// What Lambda says of an invocation.
#[derive(Debug, Clone, Default)]
pub struct Context {
    /// The function's own ARN, which names our own account.
    pub function_arn: String,
    /// When Lambda will end it, in milliseconds since 1970; zero = never.
    pub deadline_ms: u64,
}

/// Why an invocation failed.
#[derive(Debug, thiserror::Error)]
pub enum FunctionError {
    /// See [`InvocationError`].
    #[error(transparent)]
    Invocation(#[from] InvocationError),
    /// AWS may not be talked to.
    #[error(transparent)]
    Connect(#[from] v2only_enforcer::Failure),
}

impl FunctionError {
    /// The `errorType` that Lambda shows, and that a filter on its logs can ask for.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Invocation(InvocationError::Malformed(_)) => "Malformed",
            Self::Invocation(InvocationError::Retry(_)) => "Retry",
            Self::Connect(_) => "Connect",
        }
    }
}

impl Function {
    /// Reads the environment; makes no call. `None`: it is not as it should be, which is written to stdout,
    /// and the process is to end.
    pub fn from_env(name: &'static str) -> Option<Self> {
        let settings = Settings::from_env().and_then(|settings| Ok((settings.policy()?, settings)));
        settings
            .map(|(policy, settings)| Self { name, settings, policy, app: OnceCell::new() })
            .inspect_err(|why| write(&settings_line(&why.to_string(), name, Timestamp::now())))
            .ok()
    }

    /// The same for the function that keeps its work in a queue.
    pub fn with_queue_from_env(name: &'static str) -> Option<Self> {
        let function = Self::from_env(name)?;
        let queue = function.settings.sweep_queue().map(|_| ());
        queue
            .inspect_err(|why| write(&settings_line(&why.to_string(), name, Timestamp::now())))
            .ok()
            .map(|()| function)
    }

    /// Handles one invocation and writes one line for everything said, and one with its metrics.
    ///
    /// # Errors
    /// The event is to be sent again; see [`InvocationError`].
    pub async fn handle(
        &self,
        payload: Value,
        context: &Context,
        door: impl AsyncFnOnce(Value, &App<Aws>, Invocation<'_>) -> Result<(Value, Counts), Failed>,
    ) -> Result<Value, FunctionError> {
        let app = self.app.get_or_try_init(|| self.connect()).await?;
        if let Some(account) = context.function_arn.split(':').nth(4)
            && let Ok(account) = AccountId::parse(account)
        {
            app.ports.set_own_account(account);
        }
        let deadline = i64::try_from(context.deadline_ms).ok().filter(|ms| *ms > 0);
        let mut say = |said: Said<'_>| write(&line(&said, self.name, Timestamp::now()));
        let invocation = Invocation {
            now: &Timestamp::now,
            deadline: deadline.and_then(|ms| Timestamp::from_millisecond(ms).ok()),
            say: &mut say,
        };
        match door(payload, app, invocation).await {
            Ok((reply, counts)) => {
                write(&metrics_line(&counts, self.name, Timestamp::now()));
                Ok(reply)
            }
            Err(Failed { why, counts }) => {
                write(&metrics_line(&counts, self.name, Timestamp::now()));
                Err(why.into())
            }
        }
    }

    async fn connect(&self) -> Result<App<Aws>, v2only_enforcer::Failure> {
        let access = Access { patience: PATIENCE, ..Access::default() };
        let aws = Aws::connect(&self.settings, access).await?;
        Ok(App::new(PolicySource::new(self.policy.clone()), aws))
    }
}

/// One line on stdout, which Lambda sends to CloudWatch Logs. A line that cannot be written is lost, and
/// the work goes on: the repair matters more than its record, which CloudTrail has as well.
fn write(line: &Value) {
    let _lost = writeln!(std::io::stdout().lock(), "{line}");
}
