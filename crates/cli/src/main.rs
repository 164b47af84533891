//! The `v2only` command: a runtime, the streams, and the way out. Everything else is in the library.

use std::io::{self, Write as _};

use v2only::{Cli, Console, Exit};

/// A finding of Security Hub has a thousand fields, and reading one takes more stack than a process begins with.
/// Only what is used of it is ever taken.
const STACK: usize = 64 * 1024 * 1024;

fn main() -> Exit {
    let cli = Cli::from_command_line();
    match std::thread::Builder::new().name("v2only".to_owned()).stack_size(STACK).spawn(|| run(cli)) {
        Ok(running) => running.join().unwrap_or(Exit::Internal),
        Err(error) => {
            let _lost = writeln!(io::stderr(), "error: cannot start: {error}");
            Exit::Internal
        }
    }
}

fn run(cli: Cli) -> Exit {
    let colour = cli.shared.color.into();
    let mut out = io::BufWriter::new(anstream::AutoStream::new(io::stdout(), colour));
    let mut err = anstream::AutoStream::new(io::stderr(), colour);
    // One thread: the command waits for AWS, it does not compute.
    match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(v2only::run(cli, &Console, &mut out, &mut err)),
        Err(error) => {
            let _lost = writeln!(err, "error: cannot start: {error}");
            Exit::Internal
        }
    }
}
