//! What the functions said: their own structured log lines, one for each resource they looked at.

use serde::Deserialize;
use v2only_sandbox::lambda::{FunctionHost, LogStream};

/// One line.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub(super) struct LogLine {
    /// The resource; lines about an event as a whole have none.
    pub(super) resource: Option<String>,
    /// The event that led to it.
    pub(super) event: Option<String>,
    pub(super) event_id: Option<String>,
    /// Who made the call of the event.
    pub(super) actor: Option<String>,
    pub(super) verdict: Option<String>,
    #[serde(default)]
    pub(super) reasons: Vec<String>,
    #[serde(default)]
    pub(super) notes: Vec<String>,
    pub(super) hold: Option<String>,
    pub(super) step: Option<String>,
    pub(super) outcome: String,
    /// A stable word for why an event was ignored.
    pub(super) reason: Option<String>,
    /// Why, in words, where there is no resource.
    pub(super) why: Option<String>,
    pub(super) error_message: Option<String>,
}

/// Every line of these functions so far. Metrics lines have no outcome and are left out.
pub(super) fn by(hosts: &[FunctionHost]) -> Vec<LogLine> {
    let lines = hosts.iter().flat_map(FunctionHost::logs);
    lines
        .filter(|it| it.stream == LogStream::Stdout)
        .filter_map(|it| serde_json::from_str(&it.text).ok())
        .collect()
}

/// Whether everything that a function said has arrived: each invocation ends with one line of metrics.
pub(super) fn is_complete(host: &FunctionHost) -> bool {
    let ended = host.logs().iter().filter(|it| it.text.contains("\"_aws\":")).count();
    u64::try_from(ended).is_ok_and(|ended| ended >= host.invocations())
}
