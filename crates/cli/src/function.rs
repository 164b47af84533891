//! This binary in the role of a deployed function.
//!
//! `demo` deploys the running binary to its embedded AWS. A process whose first argument is [`ROLE`] is that function: it
//! polls the Lambda runtime API and ends with the embedded AWS. Nobody types the argument, so `--help` does not list it.

use std::env;
use std::process::ExitCode;

use v2only_enforcer::invocation::{handle_ec2, handle_notebook};
use v2only_lambda::{Error, Function, run};

/// The first argument of a process that is a function; the second one is the name of the function.
pub const ROLE: &str = "--run-function";

/// The function that repairs EC2 instances.
pub const EC2: &str = "ec2-enforcer";
/// The function that repairs SageMaker notebook instances.
pub const NOTEBOOK: &str = "notebook-enforcer";

/// The name of the function that this process is; `None` for the command line.
pub fn role() -> Option<String> {
    let mut arguments = env::args().skip(1);
    arguments.next().filter(|it| it == ROLE)?;
    Some(arguments.next().unwrap_or_default())
}

/// Handles invocations as the function `name` until its host ends the process.
///
/// # Errors
/// The Lambda runtime API cannot be used, or no function has this name.
pub async fn serve(name: &str) -> Result<ExitCode, Error> {
    match name {
        EC2 => run(embedded(EC2), handle_ec2).await,
        NOTEBOOK => run(embedded(NOTEBOOK), handle_notebook).await,
        other => Err(format!("no function is named `{other}`").into()),
    }
}

/// A function whose AWS is the one of the demo.
fn embedded(name: &'static str) -> Option<Function> {
    Function::from_env(name).map(Function::over_plain_http)
}
