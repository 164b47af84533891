//! An AWS on a loopback port for the tests of this repository that are not in Rust. Other people's tests use
//! `v2only sandbox`, which starts the same AWS.
//!
//! Prints one line of JSON with the endpoint, then serves until its standard input ends or it is
//! killed: a test that dies takes its AWS along.

use std::io::{Read, Write};
use std::process::ExitCode;

use v2only_sandbox::{ClockMode, DEFAULT_START, Setup};

const USAGE: &str = "\
usage: v2only-sandbox [--port N] [--seed N] [--manual-clock] [--throttling] [--any-image]
                      [--tokens-alone] [--versions-per-page N]
                      [--member ACCOUNT ...] [--member-role NAME ...]

--tokens-alone takes HttpTokens without HttpEndpoint=enabled. --versions-per-page is the most launch
template versions of one answer. --member makes the home account the
management account of an organization with these members, and --member-role adds a role of this
name to each of them that the home account may assume.
";

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
    let aws = read_arguments(std::env::args().skip(1))?.start().map_err(|error| error.to_string())?;
    let line = format!("{{\"endpoint\":\"{}\"}}\n", aws.endpoint());
    let mut out = std::io::stdout();
    out.write_all(line.as_bytes()).and_then(|()| out.flush()).map_err(|error| error.to_string())?;
    // Serves on its own thread; this one waits for the end of its input.
    let _ended = std::io::stdin().read_to_end(&mut Vec::new());
    Ok(())
}

fn read_arguments(mut arguments: impl Iterator<Item = String>) -> Result<Setup, String> {
    let mut setup = Setup::default();
    let config = &mut setup.config;
    while let Some(argument) = arguments.next() {
        let mut number = || {
            let text = arguments.next().ok_or(USAGE)?;
            text.parse::<u64>().map_err(|_| format!("`{text}` is not a number\n{USAGE}"))
        };
        match argument.as_str() {
            "--port" => config.listen.set_port(u16::try_from(number()?).map_err(|error| error.to_string())?),
            "--versions-per-page" => {
                let most = usize::try_from(number()?).map_err(|error| error.to_string())?;
                config.ec2.versions_per_page = most.max(1);
            }
            "--seed" => config.seed = number()?,
            "--manual-clock" => config.clock = ClockMode::Manual(DEFAULT_START),
            "--throttling" => config.throttling = true,
            "--member" => setup.members.push(arguments.next().ok_or(USAGE)?),
            "--member-role" => setup.member_roles.push(arguments.next().ok_or(USAGE)?),
            "--any-image" => config.ec2.any_image = true,
            "--tokens-alone" => config.ec2.tokens_need_endpoint = false,
            other => return Err(format!("unknown argument `{other}`\n{USAGE}")),
        }
    }
    Ok(setup)
}
