//! An EventBridge rule: which events go where.

use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use super::pattern::Pattern;
use crate::lambda::Function;
use crate::sqs::QueueName;

/// Where the events of a rule go.
#[derive(Debug, Clone)]
pub enum Target {
    /// A queue gets the event as a message.
    Queue(QueueName),
    /// A function is invoked asynchronously.
    Function(Function, AsyncConfig),
}

/// How a function is invoked asynchronously.
#[derive(Debug, Clone)]
pub struct AsyncConfig {
    /// `MaximumRetryAttempts`, 0 to 2.
    pub retries: usize,
    /// The on-failure destination.
    pub on_failure: Option<QueueName>,
}

impl Default for AsyncConfig {
    fn default() -> Self {
        Self { retries: 2, on_failure: None }
    }
}

/// A rule on the default buses of all accounts and Regions; a real rule sees one bus only.
#[derive(Clone)]
pub struct Rule {
    /// Its name.
    pub name: String,
    wants: Wants,
    /// Where its events go.
    pub target: Target,
}

type Test = Arc<dyn Fn(&Value) -> bool + Send + Sync>;

#[derive(Clone)]
enum Wants {
    Pattern(Pattern),
    Test(Test),
}

impl Rule {
    /// A rule with an event pattern.
    pub fn new(name: impl Into<String>, pattern: Pattern, target: Target) -> Self {
        Self { name: name.into(), wants: Wants::Pattern(pattern), target }
    }

    /// A rule that asks a closure.
    pub fn matching(
        name: impl Into<String>,
        test: impl Fn(&Value) -> bool + Send + Sync + 'static,
        target: Target,
    ) -> Self {
        Self { name: name.into(), wants: Wants::Test(Arc::new(test)), target }
    }

    /// Whether the rule wants the event.
    pub fn matches(&self, event: &Value) -> bool {
        match &self.wants {
            Wants::Pattern(pattern) => pattern.matches(event),
            Wants::Test(test) => test(event),
        }
    }
}

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rule").field("name", &self.name).field("target", &self.target).finish_non_exhaustive()
    }
}
