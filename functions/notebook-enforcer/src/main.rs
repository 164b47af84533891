//! The Lambda function for SageMaker notebook instances: wiring, and no decision.

use std::process::ExitCode;

use v2only_enforcer::invocation::handle_notebook;
use v2only_lambda::{Error, Function, run};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<ExitCode, Error> {
    run(Function::from_env("notebook-enforcer"), handle_notebook).await
}
