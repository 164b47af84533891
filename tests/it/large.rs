//! More instances than a page holds: every source is asked for once, and every finding is told once.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;
use v2only_sandbox::{Actor, AwsError, Config, Effect, Fault, Sandbox};
use v2only_tests::stage::{v1, v2};
use v2only_tests::{HOME, REGION, binaries};

fn estate(violating: i64, compliant: i64) -> Sandbox {
    let aws = Sandbox::start(Config::default()).unwrap();
    let actor = Actor::AutoScaling("web".to_owned());
    aws.launch_as(HOME, REGION, &actor, v1().count(violating)).unwrap();
    if compliant > 0 {
        aws.launch_as(HOME, REGION, &actor, v2().count(compliant)).unwrap();
    }
    aws.clear_calls();
    aws
}

/// The document, what was said beside it, and the exit code.
fn scan(aws: &Sandbox) -> (Value, String, Option<i32>) {
    let mut command = Command::new(binaries::function("v2only"));
    command.args(["scan", "--kind", "instance", "--output", "json"]).env_clear().envs([
        ("AWS_ENDPOINT_URL", aws.endpoint().as_str()),
        ("AWS_ACCESS_KEY_ID", HOME),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("AWS_REGION", REGION),
        ("AWS_EC2_METADATA_DISABLED", "true"),
        ("AWS_MAX_ATTEMPTS", "1"),
        ("V2ONLY_LOOPBACK_ONLY", "1"),
    ]);
    let output = command.output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    let document = serde_json::from_slice(&output.stdout).unwrap_or_else(|why| panic!("{why}: {said}"));
    (document, said, output.status.code())
}

fn calls(aws: &Sandbox) -> BTreeMap<String, usize> {
    let mut counted = BTreeMap::new();
    for it in aws.calls() {
        *counted.entry(it.action).or_default() += 1;
    }
    counted
}

#[test]
fn violations_cost_a_call_for_each_thousand_and_sources_one_for_all() {
    let aws = estate(2_500, 500);
    let (found, said, code) = scan(&aws);
    assert_eq!(
        (code, &found["exit_code"], &found["totals"]["violations"]),
        (Some(10), &10.into(), &2_500.into())
    );
    let ids: BTreeSet<&str> =
        found["findings"].as_array().unwrap().iter().map(|it| it["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), 2_500, "each once");
    assert!(found["findings"].as_array().unwrap().iter().all(|it| it["cause"].is_object()));
    assert!(said.contains("2500 violations, 2500 held (usage-gate)"), "{said}");
    let calls = calls(&aws);
    assert_eq!(
        (calls["DescribeInstances"], calls["GetInstanceMetadataDefaults"], calls["DescribeImages"]),
        (3, 1, 1)
    );
}

#[test]
fn a_page_that_cannot_be_read_leaves_the_findings_before_it_and_an_incomplete_run() {
    let aws = estate(1_500, 0);
    let broken = AwsError::client("InternalError", "An internal error has occurred.").with_status(500);
    aws.inject(Fault::on("ec2", "DescribeInstances", Effect::ErrorBefore(broken)).from_call(2));
    let (found, said, code) = scan(&aws);
    assert_eq!((code, found["findings"].as_array().unwrap().len()), (Some(3), 1_000), "{said}");
    assert_eq!(found["incomplete"][0]["action"], "ec2:DescribeInstances");
}

#[test]
fn causes_that_cannot_be_read_are_not_asked_for_again_on_every_page() {
    let aws = estate(2_500, 0);
    let denied = AwsError::client("UnauthorizedOperation", "not authorized").with_status(403);
    aws.inject(Fault::on("ec2", "GetInstanceMetadataDefaults", Effect::ErrorBefore(denied)));
    let (found, said, _) = scan(&aws);
    assert_eq!(found["findings"].as_array().unwrap().len(), 2_500, "listed all the same");
    assert!(said.contains("not traced in"), "{said}");
    assert_eq!(calls(&aws)["GetInstanceMetadataDefaults"], 1);
}

#[test]
fn a_temporary_directory_that_cannot_be_written_to_is_named_with_what_to_do() {
    let aws = estate(5_000, 0);
    let mut command = Command::new(binaries::function("v2only"));
    command.args(["scan", "--kind", "instance", "--list"]).env_clear().envs([
        ("AWS_ENDPOINT_URL", aws.endpoint().as_str()),
        ("AWS_ACCESS_KEY_ID", HOME),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("AWS_REGION", REGION),
        ("AWS_EC2_METADATA_DISABLED", "true"),
        ("V2ONLY_LOOPBACK_ONLY", "1"),
        ("TMPDIR", "/nonexistent"),
    ]);
    let output = command.output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(1), &b""[..]), "{said}");
    assert!(said.contains("cannot be kept in a temporary file in /nonexistent: "), "{said}");
    assert!(said.contains("let `TMPDIR` name a directory with some space"), "{said}");
}
