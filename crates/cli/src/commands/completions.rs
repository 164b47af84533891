//! `completions`: the commands and flags for a shell to complete.

use clap::Command;
use clap_complete::Shell;

use crate::run::session::Session;
use crate::term::exit::Exit;
use crate::term::problem::Stop;

const EXAMPLES: &str = "\
Examples:
  v2only completions bash > /etc/bash_completion.d/v2only
  v2only completions zsh > \"${fpath[1]}/_v2only\"
  v2only completions fish > ~/.config/fish/completions/v2only.fish";

/// The arguments of `completions`.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The shell
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

/// Prints the script that completes `command`.
pub(crate) fn run<W>(args: &Args, mut command: Command, session: &mut Session<'_, W>) -> Result<Exit, Stop> {
    // The generator panics where it cannot write, so it writes to memory.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command, "v2only", &mut script);
    session.out.write_all(&script)?;
    Ok(Exit::Clean)
}
