//! An AWS on a loopback port, for clients that are no Rust.
//!
//! Prints one line of JSON with the endpoint, then serves until its standard input ends or it is
//! killed: a test that dies takes its AWS along.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::process::ExitCode;

use v2only_sandbox::{ClockMode, Config, DEFAULT_START, Sandbox};

const USAGE: &str =
    "usage: v2only-sandbox [--port N] [--seed N] [--manual-clock] [--throttling] [--any-image]\n";

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
    let config = read_arguments(std::env::args().skip(1))?;
    let aws = Sandbox::start(config).map_err(|error| error.to_string())?;
    let line = format!("{{\"endpoint\":\"{}\"}}\n", aws.endpoint());
    let mut out = std::io::stdout();
    out.write_all(line.as_bytes()).and_then(|()| out.flush()).map_err(|error| error.to_string())?;
    // Serves on its own thread; this one waits for the end of its input.
    let _ended = std::io::stdin().read_to_end(&mut Vec::new());
    Ok(())
}

fn read_arguments(mut arguments: impl Iterator<Item = String>) -> Result<Config, String> {
    let mut config = Config { clock: ClockMode::System, ..Config::default() };
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
            "--seed" => config.seed = number()?,
            "--manual-clock" => config.clock = ClockMode::Manual(DEFAULT_START),
            "--throttling" => config.throttling = true,
            "--any-image" => config.ec2.any_image = true,
            other => return Err(format!("unknown argument `{other}`\n{USAGE}")),
        }
    }
    Ok(config)
}
