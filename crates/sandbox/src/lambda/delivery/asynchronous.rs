//! Asynchronous invocation: two retries, then a record of the failure.
//!
//! <https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html>

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::inner::{Busy, Inner};
use super::ledger::{Attempt, FailedEvent};
use super::rule::AsyncConfig;
use crate::clock::{later, millis};
use crate::lambda::{Function, InvocationOutcome};
use crate::sqs::Draft;

/// AWS waits one minute before the first retry and two before the second.
const WAITS: [Duration; 2] = [Duration::from_secs(60), Duration::from_secs(120)];

/// Delivers one event, however long that takes.
pub(super) async fn deliver(
    inner: Arc<Inner>,
    function: Function,
    config: AsyncConfig,
    event: Value,
    mut busy: Busy,
) {
    let name = function.name().to_owned();
    let mut waits = WAITS.into_iter().take(config.retries);
    let mut attempts = 0;
    loop {
        busy.step();
        let at = inner.core.clock.now();
        let last = function.invoke(&event).await;
        attempts += 1;
        inner.ledger().note(Attempt {
            at,
            function: name.clone(),
            messages: Vec::new(),
            returned: Vec::new(),
            outcome: last.clone(),
        });
        if last.response().is_some() {
            return;
        }
        let now = inner.core.clock.now();
        let Some(wait) = waits.next() else {
            let failed = FailedEvent { at: now, function: name, event, attempts, last };
            return give_up(&inner, &function, &config, failed);
        };
        let retry = later(now, wait);
        let due = inner.due(retry);
        drop(busy);
        inner.core.sleep_until(retry).await;
        busy = inner.busy();
        drop(due);
    }
}

fn give_up(inner: &Inner, function: &Function, config: &AsyncConfig, failed: FailedEvent) {
    if let Some(queue) = &config.on_failure {
        let body = record(inner, function, &failed).to_string();
        if inner.sqs.send(queue, Draft { body, ..Draft::default() }).is_none() {
            let id = failed.event.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
            inner.ledger().undeliverable.push((queue.arn(), id));
        }
    }
    inner.ledger().given_up.push(failed);
}

/// The invocation record a destination gets.
/// <https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html>
fn record(inner: &Inner, function: &Function, failed: &FailedEvent) -> Value {
    let payload = match &failed.last {
        InvocationOutcome::Response(value) | InvocationOutcome::FunctionError(value) => value.clone(),
        InvocationOutcome::TimedOut => json!({"errorMessage": "Task timed out"}),
        InvocationOutcome::Died { reason } => {
            json!({"errorType": "Runtime.ExitError", "errorMessage": reason})
        }
    };
    json!({
        "version": "1.0",
        "timestamp": millis(failed.at),
        "requestContext": {
            "requestId": inner.core.world().ids.uuid(),
            "functionArn": format!("{}:$LATEST", function.arn()),
            "condition": "RetriesExhausted",
            "approximateInvokeCount": failed.attempts,
        },
        "requestPayload": failed.event,
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
        "responsePayload": payload,
    })
}
