//! The `v2only` command: a runtime, the streams, and the way out. Everything else is in the library.

use std::io;
use std::process::{ExitCode, Termination as _};

use v2only::{Cli, Console, Exit, function};

/// A finding of Security Hub has a thousand fields, and reading one takes more stack than a process begins with.
/// Only what is used of it is ever taken.
const STACK: usize = 64 * 1024 * 1024;

/// How much is written at once, in bytes.
const BUFFER: usize = 64 * 1024;

fn main() -> ExitCode {
    exit_on_panic();
    if let Some(name) = function::role() {
        return on_own_stack(move || run_function(&name));
    }
    let cli = Cli::from_command_line();
    on_own_stack(|| run(cli).report())
}

/// Lets a panic in any thread end the process, with the exit code of a bug. A release does not unwind.
fn exit_on_panic() {
    let tell = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        tell(panic);
        std::process::exit(Exit::Internal.code().into());
    }));
}

fn on_own_stack(work: impl FnOnce() -> ExitCode + Send + 'static) -> ExitCode {
    match std::thread::Builder::new().name("v2only".to_owned()).stack_size(STACK).spawn(work) {
        Ok(running) => running.join().unwrap_or(Exit::Internal.report()),
        Err(error) => cannot_start(&mut io::stderr(), &error).report(),
    }
}

fn run(cli: Cli) -> Exit {
    let colour = cli.shared.color.into();
    // JSON escapes what a terminal obeys: nothing is to be taken out of it.
    let of_out = if cli.shared.output.is_json() { anstream::ColorChoice::AlwaysAnsi } else { colour };
    let out = anstream::AutoStream::new(io::stdout(), of_out);
    let mut out = io::BufWriter::with_capacity(BUFFER, out);
    let mut err = anstream::AutoStream::new(io::stderr(), colour);
    match runtime() {
        Ok(runtime) => runtime.block_on(v2only::run(cli, &Console, &mut out, &mut err)),
        Err(error) => cannot_start(&mut err, &error),
    }
}

fn run_function(name: &str) -> ExitCode {
    let ended = match runtime() {
        Ok(runtime) => runtime.block_on(function::serve(name)),
        Err(error) => Err(error.into()),
    };
    ended.unwrap_or_else(|error| cannot_start(&mut io::stderr(), &error).report())
}

/// One thread: the command waits for AWS, it does not compute.
fn runtime() -> io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()
}

fn cannot_start(err: &mut impl io::Write, error: &dyn std::fmt::Display) -> Exit {
    let _lost = writeln!(err, "error: cannot start: {error}");
    Exit::Internal
}
