//! The Lambda function for the scheduled sweep: wiring, and no decision.

use std::process::ExitCode;

use v2only_enforcer::sweep::handle;
use v2only_lambda::{Error, Function, run};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<ExitCode, Error> {
    run(Function::with_queue_from_env("sweeper"), handle).await
}
