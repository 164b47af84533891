//! `v2only sandbox` as the test of somebody else uses it: the variables that it prints, and a client that gets them.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

const MEMBER: &str = "222233334444";

/// A running embedded AWS and what it printed.
struct Running {
    child: Child,
    environment: BTreeMap<String, String>,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _status = self.child.wait();
    }
}

fn start(arguments: &[&str]) -> Running {
    let mut child = Command::new(env!("CARGO_BIN_EXE_v2only"))
        .arg("sandbox")
        .args(arguments)
        .env_clear()
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines().take(5);
    let assignment = |line: String| {
        let (name, value) = line.strip_prefix("export ").unwrap().split_once('=').unwrap();
        (name.to_owned(), value.to_owned())
    };
    let environment = lines.map(|line| assignment(line.unwrap())).collect();
    Running { child, environment }
}

#[test]
fn the_printed_variables_lead_a_client_to_every_account() {
    let running = start(&["--member", MEMBER, "--member-role", "reader"]);
    assert!(running.environment["AWS_ENDPOINT_URL"].starts_with("http://127.0.0.1:"));
    // A container may have no root certificates.
    let none = tempfile::NamedTempFile::new().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_v2only"))
        .args(["scan", "--org", "--role-name", "reader", "--output", "json"])
        .env_clear()
        .envs(&running.environment)
        .env("SSL_CERT_FILE", none.path())
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{stderr}"));
    assert_eq!(output.status.code(), Some(0), "{stderr}");
    let text = report.to_string();
    assert!(text.contains(MEMBER) && text.contains("111122223333"), "{text}");
}

#[test]
fn an_account_id_that_is_none_is_a_usage_error() {
    let output = Command::new(env!("CARGO_BIN_EXE_v2only"))
        .args(["sandbox", "--member", "shop"])
        .env_clear()
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("--member 222233334444"));
}
