//! The `v2only` command: flags, formats, exit codes.
//!
//! Read in this order: [`args`] is what can be typed; [`world`] is everything outside of the process; `commands` holds
//! one file for each command; `run` is what several commands do; `report` prints the findings of `scan` and `enforce` in
//! every format; `print` prints what single commands show; `term` is the terminal: messages, problems, exit codes.
//! [`function`] is the same binary as a deployed function, for the demo.
//!
//! Knows: flags, terminals, formats, exit codes, files that the user names.
//! Must never know: how to judge, how to call AWS. Only `term::console`, [`function`] and the demo
//! reach AWS.
//!
//! In every command standard output is data, and standard error is messages.

pub mod args;
pub mod function;
pub mod world;

mod commands;
mod print;
mod report;
mod run;
mod term;

use std::io::{ErrorKind, Write};

pub use args::{Cli, Command};
pub use term::console::Console;
pub use term::exit::Exit;
pub use term::problem::Problem;
pub use world::{Access, Cloud, Members, Terminal, World};

use run::output_file::OutputFile;
use run::session::Session;
use term::messages::Talk;
use term::problem::Stop;

/// Runs one command to its end.
///
/// Everything written may be coloured; the writers strip that where it is not wanted. A reader that stops
/// reading `out` ends the run early: with the run's own exit code where that is known, else with 141.
pub async fn run<W: World>(mut cli: Cli, world: &W, out: &mut dyn Write, err: &mut dyn Write) -> Exit {
    let (quiet, verbose) = (cli.shared.quiet, cli.shared.verbose);
    let mut talk = Talk::new(&mut *err, quiet, verbose, world.terminal());
    if cli.shared.policy.is_none() && cli.command.reads_policy() {
        cli.shared.policy = world.policy();
        if let Some(path) = &cli.shared.policy {
            talk.note(&format!("the policy document is {}", path.display()));
        }
    }
    let path = cli.shared.output_file.as_deref();
    let mut file = match can_print(&cli).and_then(|()| path.map(OutputFile::create).transpose()) {
        Ok(file) => file,
        Err(problem) => {
            talk.problem(&problem);
            return problem.exit;
        }
    };
    let out: &mut dyn Write = match &mut file {
        Some(file) => file,
        None => out,
    };
    let mut session = Session { world, shared: &cli.shared, out, talk, exit: None };
    let ended = dispatch(&cli.command, &mut session).await;
    let ended = ended.and_then(|exit| {
        session.exit = Some(exit);
        session.out.flush().map(|()| exit).map_err(Stop::from)
    });
    let known = session.exit;
    let ended = ended.and_then(|exit| match file {
        Some(file) => Ok(file.keep().map(|()| exit)?),
        None => Ok(exit),
    });
    let mut talk = Talk::new(err, quiet, verbose, world.terminal());
    match ended {
        Ok(exit) => exit,
        Err(Stop::Problem(problem)) => {
            talk.problem(&problem);
            problem.exit
        }
        Err(Stop::Output(error)) if error.kind() == ErrorKind::BrokenPipe => {
            // What was not read must not look like a clean run.
            known.filter(|it| *it != Exit::Clean).unwrap_or(Exit::OutputClosed)
        }
        Err(Stop::Output(error)) => {
            let problem = Problem::internal(format!("cannot write the output: {error}"));
            talk.problem(&problem);
            problem.exit
        }
    }
}

async fn dispatch<W: World>(command: &Command, session: &mut Session<'_, W>) -> Result<Exit, Stop> {
    match command {
        Command::Scan(args) => commands::scan::run(args, session).await,
        Command::Enforce(args) => commands::enforce::run(args, session).await,
        Command::Rollback(args) => commands::rollback::run(args, session).await,
        Command::Readiness(args) => commands::readiness::run(args, session).await,
        Command::Plan(args) => commands::plan::run(args, session).await,
        Command::Gate(args) => commands::gate::run(args, session).await,
        Command::Doctor(args) => commands::doctor::run(args, session).await,
        Command::UninstallPlan(args) => commands::uninstall_plan::run(args, session).await,
        Command::Demo(args) => commands::demo::run(args, session).await,
        Command::Sandbox(args) => commands::sandbox::run(args, session).await,
        Command::Replay(args) => commands::replay::run(args, session).await,
        Command::Validate(args) => commands::validate::run(args, session),
        Command::Diff(args) => commands::diff::run(args, session),
        Command::Check(args) => commands::check::run(args, session),
        Command::Policies(args) => commands::policies::run(args, session).await,
        Command::Completions(args) => commands::completions::run(args, Cli::described(), session),
        Command::Man(args) => commands::man::run(args, Cli::described(), session),
    }
}

/// Refuses a format that the command cannot print.
fn can_print(cli: &Cli) -> Result<(), Problem> {
    let (name, formats) = cli.command.formats();
    if formats.contains(&cli.shared.output) {
        return Ok(());
    }
    let able: Vec<String> = formats.iter().map(|it| format!("`{}`", it.code())).collect();
    let able = match able.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => able.concat(),
    };
    let wanted = cli.shared.output.code();
    let elsewhere = match cli.shared.output {
        args::format::Format::Github => {
            "; `v2only check PATH` and `v2only policies check FILE` print `github`".to_owned()
        }
        args::format::Format::Sarif => {
            "; `v2only scan`, `v2only check PATH` and `v2only policies check FILE` print `sarif`".to_owned()
        }
        _ => format!("; `v2only scan` prints `{wanted}`"),
    };
    Err(Problem::usage(
        format!("`v2only {name}` cannot print `{wanted}`"),
        format!("it prints {able}{elsewhere}"),
    ))
}
