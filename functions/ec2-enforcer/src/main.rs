//! The Lambda function for EC2 instances: wiring, and no decision.

use std::process::ExitCode;

use v2only_enforcer::invocation::handle_ec2;
use v2only_lambda::{Error, Function, run};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<ExitCode, Error> {
    run(Function::from_env("ec2-enforcer"), handle_ec2).await
}
