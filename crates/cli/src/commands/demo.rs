//! `demo`: an embedded AWS on this machine, a mixed fleet, and the functions at work on it.
//!
//! Read in this order: [`functions`] chooses the programs; [`stage`] starts AWS and wires them to it;
//! [`fleet`] launches, in the order of [`play`]; [`said`] is what the functions logged, [`story`] what became of each resource,
//! [`bill`] what it cost, [`checks`] what must hold; [`text`] and [`demo_v1`] print it.
//!
//! What is shown after the fact is described by AWS, through clients that share nothing with the functions.

mod failure;
mod functions;

mod stage;

mod fleet;
mod play;
mod posture;

mod bill;
mod checks;
mod ending;
mod said;
mod story;

mod columns;
mod demo_v1;
mod text;

#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::time::Instant;

use crate::args::format::Format;
use crate::run::session::Session;
use crate::term::exit::Exit;
use crate::term::messages::Spinner;
use crate::term::problem::Stop;
use crate::world::World;

use fleet::Act;
use play::Play;
use stage::Stage;

const EXAMPLES: &str = "\
Examples:
  v2only demo
  v2only demo -v                                the policy document and every id as well
  v2only demo --output json | jq '.resources[] | {name, before, done, after}'";

/// The arguments of `demo`.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Run the zips or binaries of this folder as the functions [default: the functions built into this command]
    #[arg(long, value_name = "DIR", help_heading = "Input")]
    functions: Option<PathBuf>,
}

/// Runs the demo.
pub(crate) async fn run<W: World>(args: &Args, session: &mut Session<'_, W>) -> Result<Exit, Stop> {
    let programs = args.functions.as_deref().map_or_else(functions::of_this_binary, functions::of_folder)?;
    let begun = Instant::now();
    let table = session.shared.output == Format::Table;
    let print = text::Printer::new(session.width(), session.talk.is_verbose(), functions::typed_as());
    let stage = Stage::set(&programs).await?;
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
