//! `demo`: an embedded AWS on this machine, a mixed fleet, and the functions' own binaries at work on it.
//!
//! Read in this order: [`functions`] finds the binaries; [`stage`] starts AWS and wires them to it;
//! [`fleet`] launches, in the order of [`play`]; [`said`] is what the functions logged, [`story`] what became of each resource,
//! [`bill`] what it cost, [`checks`] what must hold; [`text`] and [`demo_v1`] print it.
//!
//! What is shown after the fact is described by AWS, through clients that share nothing with the functions.

mod functions;

mod stage;

mod fleet;
mod play;
mod posture;

mod bill;
mod checks;
mod said;
mod story;

mod columns;
mod demo_v1;
mod text;

#[cfg(test)]
mod tests;

use std::fmt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use v2only_aws::launcher::Refused;

use crate::args::format::Format;
use crate::run::session::Session;
use crate::term::exit::Exit;
use crate::term::messages::Spinner;
use crate::term::problem::{Problem, Stop};
use crate::world::World;

use bill::Bill;
use checks::Check;
use fleet::Act;
use play::Play;
use stage::Stage;
use story::Row;

/// The policy document of the demo.
const POLICY_DOCUMENT: &str = include_str!("demo/policy.yaml");

const EXAMPLES: &str = "\
Examples:
  v2only demo
  v2only demo -v                                the policy document and every id as well
  v2only demo --output json | jq '.resources[] | {name, before, done, after}'";

/// The arguments of `demo`.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The folder of the functions' binaries [default: the one of this command]
    #[arg(long, value_name = "DIR", help_heading = "Input")]
    functions: Option<PathBuf>,
}

/// Everything there is to tell at the end.
#[derive(Debug)]
struct Ending {
    rows: Vec<Row>,
    aside: Aside,
    bill: Bill,
    checks: Vec<Check>,
    took: Duration,
}

/// What happened beside the resources.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Aside {
    /// Calls that failed or were dry runs, in the functions' words.
    ignored: Vec<String>,
    /// Messages that are no events, in the functions' words.
    malformed: Vec<String>,
    /// Events that were delivered twice.
    duplicates: usize,
}

impl Ending {
    fn exit(&self) -> Exit {
        if self.checks.iter().all(|it| it.holds) { Exit::Clean } else { Exit::Internal }
    }
}

/// Runs the demo.
pub(crate) async fn run<W: World>(args: &Args, session: &mut Session<'_, W>) -> Result<Exit, Stop> {
    let binaries = functions::find(args.functions.as_deref(), &mut session.talk).await?;
    let begun = Instant::now();
    let table = session.shared.output == Format::Table;
    let print =
        text::Printer::new(session.world.terminal().width, session.talk.is_verbose(), functions::typed_as());
    let stage = Stage::set(&binaries).await?;
    if table {
        print.opening(session.out, &stage.aws.endpoint())?;
        session.out.flush()?;
    }
    let mut play = Play::on(&stage);

    let busy = begin(session, "people and services launch instances");
    let free = play.launches().await?;
    drop(busy);
    if table {
        print.launched(session.out, &play.rows(&[Act::Launched]).await?)?;
        session.out.flush()?;
    }
    let busy = begin(session, "version 1 is turned back on, notebooks are created, stopped and started");
    play.later().await?;
    drop(busy);
    let rows = play.rows(&[Act::Launched, Act::Later, Act::Notebook]).await?;
    if table {
        print.later(session.out, &rows)?;
        session.out.flush()?;
    }
    let busy = begin(session, "every event is delivered a second time");
    let ending = play.ending(rows, &free, begun).await?;
    drop(busy);
    if table {
        print.ending(session.out, &ending)?;
    } else {
        crate::print::documents::json(session.out, &demo_v1::DemoV1::from(&ending))?;
    }
    if let Some(complaints) = stage.complaints() {
        session.talk.error(&format!("the functions wrote to standard error:\n{complaints}"));
    }
    Ok(ending.exit())
}

fn begin<W>(session: &Session<'_, W>, what: &str) -> Spinner {
    session.talk.progress().begin(what.to_owned())
}

/// Something that cannot fail in an AWS of our own did.
fn broken(error: impl fmt::Display) -> Problem {
    Problem::internal(format!("the embedded AWS: {error}"))
}

/// What AWS must refuse.
fn refused<T>(outcome: Result<T, Refused>) -> Result<(), Problem> {
    match outcome {
        Err(refusal) if refusal.code.is_some() => Ok(()),
        Err(refusal) => Err(broken(refusal)),
        Ok(_) => Err(broken("a call that must be refused was not")),
    }
}
