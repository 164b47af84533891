//! An AWS on a loopback port, for clients that are no Rust.
//!
//! Prints one line of JSON with the endpoint, then serves until its standard input ends or it is
//! killed: a test that dies takes its AWS along.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::process::ExitCode;

use v2only_sandbox::{ClockMode, Config, DEFAULT_START, MemberAccount, Organization, Sandbox};

const USAGE: &str = "\
usage: v2only-sandbox [--port N] [--seed N] [--manual-clock] [--throttling] [--any-image]
                      [--tokens-alone] [--versions-per-page N]
                      [--member ACCOUNT ...] [--member-role NAME ...]

--tokens-alone takes HttpTokens without HttpEndpoint=enabled. --versions-per-page is the most launch
template versions of one answer. --member makes the home account the
management account of an organization with these members, and --member-role adds a role of this
name to each of them that the home account may assume.
";

/// What the command line says.
struct Arguments {
    config: Config,
    members: Vec<String>,
    roles: Vec<String>,
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            let _nobody_listens = writeln!(std::io::stderr(), "v2only-sandbox: {problem}");
            ExitCode::from(2)
        }
    }
}

fn run() -> Result<(), String> {
    let Arguments { config, members, roles } = read_arguments(std::env::args().skip(1))?;
    let home = config.home_account.clone();
    let aws = Sandbox::start(config).map_err(|error| error.to_string())?;
    if !members.is_empty() {
        let organization = members.iter().fold(Organization::managed_by(&home), |it, member| {
            it.account(MemberAccount::new(member, member))
        });
        aws.set_organization(organization);
    }
    for member in &members {
        for role in &roles {
            aws.add_role(member, role, None);
        }
    }
    let line = format!("{{\"endpoint\":\"{}\"}}\n", aws.endpoint());
    let mut out = std::io::stdout();
    out.write_all(line.as_bytes()).and_then(|()| out.flush()).map_err(|error| error.to_string())?;
    // Serves on its own thread; this one waits for the end of its input.
    let _ended = std::io::stdin().read_to_end(&mut Vec::new());
    Ok(())
}

fn read_arguments(mut arguments: impl Iterator<Item = String>) -> Result<Arguments, String> {
    let mut config = Config { clock: ClockMode::System, ..Config::default() };
    let (mut members, mut roles) = (Vec::new(), Vec::new());
    while let Some(argument) = arguments.next() {
        let mut number = || {
            let text = arguments.next().ok_or(USAGE)?;
            text.parse::<u64>().map_err(|_| format!("`{text}` is not a number\n{USAGE}"))
        };
        match argument.as_str() {
            "--port" => {
                let port = u16::try_from(number()?).map_err(|error| error.to_string())?;
                config.listen = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port);
            }
            "--versions-per-page" => {
                let most = usize::try_from(number()?).map_err(|error| error.to_string())?;
                config.ec2.versions_per_page = most.max(1);
            }
            "--seed" => config.seed = number()?,
            "--manual-clock" => config.clock = ClockMode::Manual(DEFAULT_START),
            "--throttling" => config.throttling = true,
            "--member" => members.push(arguments.next().ok_or(USAGE)?),
            "--member-role" => roles.push(arguments.next().ok_or(USAGE)?),
            "--any-image" => config.ec2.any_image = true,
            "--tokens-alone" => config.ec2.tokens_need_endpoint = false,
            other => return Err(format!("unknown argument `{other}`\n{USAGE}")),
        }
    }
    Ok(Arguments { config, members, roles })
}
