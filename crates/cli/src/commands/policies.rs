//! `policies`: the preventive policies, as shipped, as the document has them, and those that others wrote.

mod args;
mod check;
mod impact;
mod library;
mod settings;

use clap::Subcommand;

use crate::run::session::Session;
use crate::term::exit::Exit;
use crate::term::problem::Stop;
use crate::world::World;

use args::{CheckArgs, ImpactArgs, RenderArgs};

const EXAMPLES: &str = "\
Examples:
  v2only policies list
  v2only policies show scp/no-way-back
  v2only policies render --policy policy.yaml --exempt 'arn:aws:iam::*:role/break-glass' --out policies/
  v2only policies check my-scp.json
  v2only policies impact my-scp.json --trail-files cloudtrail/";

const IMPACT_EXAMPLES: &str = "\
Leaves with 10 if a recorded call would have been denied, or if the record does not tell.

Examples:
  v2only policies impact my-scp.json --trail-files cloudtrail/
  v2only policies impact my-scp.json --from-trail --region all
  v2only policies impact --as identity role-policy.json --trail-files 2026-11.json.gz
  v2only policies impact my-scp.json --trail-files cloudtrail/ --output json | jq '.policies[].affected'";

const CHECK_EXAMPLES: &str = "\
Examples:
  v2only policies check my-scp.json
  v2only policies check --as identity role-policy.json
  v2only policies check *.json --output sarif > findings.sarif";

/// The arguments of `policies`.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// What to do with them.
    #[command(subcommand)]
    command: Command,
}

/// What can be done with policies.
#[derive(Debug, Clone, Subcommand)]
enum Command {
    /// List the shipped policies, their statements and their sizes
    List,
    /// Print a shipped policy
    Show {
        /// Its path or name, such as `scp/no-way-back`
        #[arg(value_name = "NAME", help_heading = "Input")]
        name: String,
    },
    /// Render the policies for a policy document, your partition and your roles
    Render(RenderArgs),
    /// Say what is wrong with a service control or IAM policy, and what it does
    #[command(after_help = CHECK_EXAMPLES)]
    Check(CheckArgs),
    /// Show what a policy would have done to recorded calls, before it is attached
    #[command(after_help = IMPACT_EXAMPLES)]
    Impact(ImpactArgs),
}

impl Args {
    /// Whether a policy document says which policies are meant.
    pub(crate) const fn reads_policy(&self) -> bool {
        matches!(self.command, Command::Render(_) | Command::Check(_))
    }

    /// Whether this is something that SARIF can say.
    pub(crate) const fn finds(&self) -> bool {
        matches!(self.command, Command::Check(_))
    }
}

/// Does it. Only `impact --from-trail` asks AWS, and reads only.
pub(crate) async fn run<W: World>(args: &Args, session: &mut Session<'_, W>) -> Result<Exit, Stop> {
    match &args.command {
        Command::List => library::list(session),
        Command::Show { name } => library::show(name, session),
        Command::Render(args) => library::render(args, session),
        Command::Check(args) => check::run(args, session),
        Command::Impact(args) => impact::run(args, session).await,
    }
}
