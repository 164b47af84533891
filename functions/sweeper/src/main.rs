//! The Lambda function that sweeps what is already there: wiring, and no decision.

use std::process::ExitCode;

use lambda_runtime::{Diagnostic, Error, LambdaEvent, service_fn};
use serde_json::Value;
use v2only_aws::function::{Context, Function};
use v2only_enforcer::sweep::handle;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<ExitCode, Error> {
    let Some(function) = &Function::with_queue_from_env("sweeper") else { return Ok(ExitCode::FAILURE) };
    lambda_runtime::run(service_fn(async move |event: LambdaEvent<Value>| {
        let context =
            Context { function_arn: event.context.invoked_function_arn, deadline_ms: event.context.deadline };
        // Boxed at both doors: the state machine of a whole invocation is too deep to be laid out in one.
        let handled = function.handle(event.payload, &context, async |payload, app, invocation| {
            Box::pin(handle(payload, app, invocation)).await
        });
        Box::pin(handled)
            .await
            .map_err(|why| Diagnostic { error_type: why.kind().to_owned(), error_message: why.to_string() })
    }))
    .await?;
    Ok(ExitCode::SUCCESS)
}
