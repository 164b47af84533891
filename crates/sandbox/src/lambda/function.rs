//! Anything that can be invoked: a real binary, or Rust code standing in for one.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::host::FunctionHost;
use super::outcome::InvocationOutcome;

type Code = dyn Fn(Value) -> Pin<Box<dyn Future<Output = InvocationOutcome> + Send>> + Send + Sync;

/// A target for rules and event source mappings.
#[derive(Clone)]
pub struct Function {
    name: String,
    timeout: Duration,
    body: Body,
}

#[derive(Clone)]
enum Body {
    Host(FunctionHost),
    Code(Arc<Code>),
}

impl Function {
    /// A real function binary.
    pub fn binary(host: FunctionHost, timeout: Duration) -> Self {
        Self { name: host.config().name.clone(), timeout, body: Body::Host(host) }
    }

    /// Rust code called in this process: for scenarios about delivery, not about the function. It
    /// runs on the sandbox's thread and must not block it.
    pub fn code<F, Fut>(name: impl Into<String>, code: F) -> Self
    where
        F: Fn(Value) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = InvocationOutcome> + Send + 'static,
    {
        let code: Arc<Code> = Arc::new(move |event| Box::pin(code(event)));
        Self { name: name.into(), timeout: Duration::from_secs(3), body: Body::Code(code) }
    }

    /// The same with another time-out, in real time.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// The function's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The function's ARN, as far as it is known.
    pub fn arn(&self) -> String {
        match &self.body {
            Body::Host(host) => host.config().arn(),
            Body::Code(_) => format!("arn:aws:lambda:us-east-1:123456789012:function:{}", self.name),
        }
    }

    /// How long an invocation may take, in real time.
    pub fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Invokes it once. What keeps an invocation from starting is reported as a function error.
    pub async fn invoke(&self, event: &Value) -> InvocationOutcome {
        match &self.body {
            Body::Host(host) => host.invoke(event, self.timeout).await.unwrap_or_else(|error| {
                let (kind, message) = ("Sandbox.HostError", error.to_string());
                InvocationOutcome::FunctionError(json!({"errorType": kind, "errorMessage": message}))
            }),
            Body::Code(code) => match tokio::time::timeout(self.timeout, code(event.clone())).await {
                Ok(outcome) => outcome,
                Err(_) => InvocationOutcome::TimedOut,
            },
        }
    }
}

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Function").field("name", &self.name).finish_non_exhaustive()
    }
}
