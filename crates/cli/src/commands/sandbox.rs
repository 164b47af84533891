//! `sandbox`: the embedded AWS alone, for the tests of other people.

use std::collections::BTreeMap;

use serde::Serialize;
use v2only_policy::AccountId;
use v2only_sandbox::{SECRET_ACCESS_KEY, Setup};

use crate::args::format::Format;
use crate::print::documents;
use crate::run::session::Session;
use crate::term::exit::Exit;
use crate::term::problem::{Problem, Stop};
use crate::world::World;

const REGION: &str = "us-east-1";

const EXAMPLES: &str = "\
Examples:
  v2only sandbox
  v2only sandbox --port 4599 --any-image
  v2only sandbox --member 222233334444 --member-role v2only-reader
  v2only sandbox --output json | jq -r .endpoint";

/// The arguments of `sandbox`.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The loopback port to listen on [default: a free one]
    #[arg(
        long,
        value_name = "PORT",
        default_value_t = 0,
        hide_default_value = true,
        help_heading = "Embedded AWS"
    )]
    port: u16,

    /// An account of the organization that the first account manages; may be repeated
    #[arg(long = "member", value_name = "ID", help_heading = "Embedded AWS")]
    members: Vec<String>,

    /// A role in every member account that the first account may assume; may be repeated
    #[arg(long = "member-role", value_name = "NAME", help_heading = "Embedded AWS")]
    member_roles: Vec<String>,

    /// Launch instances from any image id, not only from registered images
    #[arg(long, help_heading = "Embedded AWS")]
    any_image: bool,

    /// Refuse calls above the request rates of AWS
    #[arg(long, help_heading = "Embedded AWS")]
    throttling: bool,
}

/// The published shape of `sandbox --output json`.
#[derive(Debug, Serialize)]
struct SandboxV1<'a> {
    schema: &'static str,
    endpoint: &'a str,
    account: &'a str,
    environment: &'a BTreeMap<&'static str, String>,
}

/// Serves until the process is interrupted.
pub(crate) async fn run<W: World>(args: &Args, session: &mut Session<'_, W>) -> Result<Exit, Stop> {
    for member in &args.members {
        AccountId::parse(member)
            .map_err(|it| Problem::usage(it.to_string(), "type `--member 222233334444`, twelve digits"))?;
    }
    let mut setup =
        Setup { members: args.members.clone(), member_roles: args.member_roles.clone(), ..Setup::default() };
    setup.config.listen.set_port(args.port);
    setup.config.throttling = args.throttling;
    setup.config.ec2.any_image = args.any_image;
    let account = setup.config.home_account.clone();
    let aws = setup.start().map_err(|it| Problem::usage(it.to_string(), "type another `--port`"))?;

    let endpoint = aws.endpoint();
    let environment = BTreeMap::from([
        ("AWS_ENDPOINT_URL", endpoint.clone()),
        ("AWS_ACCESS_KEY_ID", account.clone()),
        ("AWS_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY.to_owned()),
        ("AWS_REGION", REGION.to_owned()),
        ("AWS_DEFAULT_REGION", REGION.to_owned()),
    ]);
    if session.shared.output == Format::Table {
        for (name, value) in &environment {
            writeln!(session.out, "export {name}={value}")?;
        }
    } else {
        let schema = "v2only.sandbox.v1";
        let document =
            SandboxV1 { schema, endpoint: &endpoint, account: &account, environment: &environment };
        documents::json(session.out, &document)?;
    }
    session.out.flush()?;
    session
        .talk
        .say("the embedded AWS runs until Ctrl-C; an access key id of twelve digits names the account");
    // An interrupt ends the process, and with it the embedded AWS: nothing is stored.
    std::future::pending().await
}
