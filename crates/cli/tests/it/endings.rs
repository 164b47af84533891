//! How every printing command ends: with an envelope around its JSON, and with a code of its own or 141 where the reader
//! stopped reading.

use std::io::{self, Write};

use crate::fake_aws::{FakeAws, instance};
use crate::fake_deployment::Deployment;
use crate::fake_world::FakeWorld;

const OPEN: &str = "Resources:\n  Web:\n    Type: AWS::EC2::Instance\n";

/// Every command that prints, and whether it has JSON.
const COMMANDS: &[(&str, bool)] = &[
    ("scan", true),
    ("scan --list", false),
    ("readiness", true),
    ("enforce --dry-run --policy DIR/policy.yaml", true),
    ("doctor", true),
    ("uninstall-plan", true),
    ("policies list", true),
    ("policies show scp/require-v2-at-launch.json", false),
    ("policies check DIR/deny.json", true),
    ("check DIR/stack.yaml", true),
    ("check --types", true),
    ("validate DIR/policy.yaml", true),
    ("validate --schema", false),
    ("replay DIR/event.json", true),
    ("completions bash", false),
    ("man scan", false),
];

fn world() -> FakeWorld {
    let region = "eu-central-1";
    let aws = FakeAws::default().at_home(region).instance(region, instance("i-0000000000000000a"));
    let launch = r#"{"version": "0", "id": "1", "detail-type": "EC2 Instance State-change Notification",
        "source": "aws.ec2", "account": "111122223333", "time": "2026-11-20T10:15:00Z", "region": "eu-central-1",
        "resources": [], "detail": {"instance-id": "i-0000000000000000a", "state": "running"}}"#;
    let deny = r#"{"Version": "2012-10-17", "Statement": [
        {"Effect": "Deny", "Action": "ec2:RunInstances", "Resource": "*"}]}"#;
    FakeWorld::with(aws.deployed(Deployment::alone()))
        .file("policy.yaml", "version: 1\nmode: enforce\n")
        .file("stack.yaml", OPEN)
        .file("deny.json", deny)
        .file("event.json", launch)
}

/// A reader that closed its end before anything was printed.
struct Closed;

impl Write for Closed {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn all_json_has_the_envelope() {
    for (command, _) in COMMANDS.iter().filter(|(_, has_json)| *has_json) {
        let ran = world().run(&format!("{command} --output json"));
        assert!(!ran.out.is_empty(), "{command}: {}", ran.seen());
        let json = ran.json();
        assert!(json["schema"].as_str().is_some_and(|it| it.starts_with("v2only.")), "{command}: {json}");
        assert_eq!(json["exit_code"], ran.exit.code(), "{command}");
    }
}

#[test]
fn a_reader_that_stopped_reading_never_makes_a_run_clean() {
    for (command, has_json) in COMMANDS {
        let formats = if *has_json { &["", " --output json"][..] } else { &[""] };
        for format in formats {
            let line = format!("{command}{format}");
            let own = world().run(&line);
            assert!(!own.out.is_empty() && own.exit.code() != 2, "{line}: {}", own.seen());
            let ended = world().run_into(&line, &mut Closed, &mut io::sink()).code();
            let is_own = own.exit.code() != 0 && ended == own.exit.code();
            assert!(ended == 141 || is_own, "{line}: ended with {ended}, alone with {}", own.exit.code());
        }
    }
}
