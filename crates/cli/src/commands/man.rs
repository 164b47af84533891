//! `man`: manual pages of the commands.

use std::path::PathBuf;

use clap::Command;
use clap_mangen::Man;

use crate::run::session::Session;
use crate::term::exit::Exit;
use crate::term::problem::{Problem, Stop};

const EXAMPLES: &str = "\
Examples:
  v2only man | man -l -
  v2only man policies check > v2only-policies-check.1
  v2only man --out /usr/local/share/man/man1";

/// The arguments of `man`.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The command to describe [default: v2only itself]
    #[arg(value_name = "COMMAND", help_heading = "Input")]
    command: Vec<String>,

    /// Write a page for every command into this folder, instead of printing one
    #[arg(long, value_name = "DIR", conflicts_with = "command", help_heading = "Output")]
    out: Option<PathBuf>,
}

/// Prints one page of `command` and its subcommands, or writes all.
pub(crate) fn run<W>(args: &Args, mut command: Command, session: &mut Session<'_, W>) -> Result<Exit, Stop> {
    if let Some(folder) = &args.out {
        std::fs::create_dir_all(folder).and_then(|()| clap_mangen::generate_to(command, folder)).map_err(
            |error| {
                Problem::usage(
                    format!("cannot write to {}: {error}", folder.display()),
                    "name a folder to write to",
                )
            },
        )?;
        return Ok(Exit::Clean);
    }
    command.build();
    let mut found = &command;
    for name in &args.command {
        found = found.find_subcommand(name).ok_or_else(|| {
            Problem::usage(format!("there is no command `{name}`"), "`v2only --help` lists the commands")
        })?;
    }
    Man::new(found.clone()).render(&mut session.out)?;
    Ok(Exit::Clean)
}
