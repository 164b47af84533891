//! `--region all`: an account whose Regions are not known was not read.

use std::process::{Command, Output};

use serde_json::Value;
use v2only_sandbox::{AwsError, Config, Effect, Fault, Sandbox};
use v2only_tests::{HOME, MEMBER, REGION, binaries};

const ROLE: &str = "v2only-scanner";

fn organization(regions: &[&str]) -> Sandbox {
    let regions = regions.iter().map(|it| (*it).to_owned()).collect();
    let aws = Sandbox::start(Config { regions, ..Config::default() }).unwrap();
    aws.add_role(MEMBER, ROLE, None);
    aws
}

fn scan(aws: &Sandbox, whose: &[&str]) -> Output {
    let mut command = Command::new(binaries::function("v2only"));
    command.args(["scan", "--region", "all", "--output", "json"]).args(whose).env_clear().envs([
        ("AWS_ENDPOINT_URL", aws.endpoint().as_str()),
        ("AWS_ACCESS_KEY_ID", HOME),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("AWS_REGION", REGION),
        ("AWS_EC2_METADATA_DISABLED", "true"),
        ("AWS_MAX_ATTEMPTS", "1"),
        ("V2ONLY_LOOPBACK_ONLY", "1"),
    ]);
    command.output().unwrap()
}

/// Exit code, the accounts that are named as incomplete, and what is said.
fn both(aws: &Sandbox) -> (Option<i32>, Vec<String>, String) {
    let accounts = format!("{HOME},{MEMBER}");
    let output = scan(aws, &["--accounts", &accounts, "--role-name", ROLE]);
    let said = String::from_utf8(output.stderr).unwrap();
    let found: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|why| panic!("{why}: {said}"));
    let incomplete = found["incomplete"].as_array().unwrap().iter();
    let named = incomplete.map(|it| it["account"].as_str().unwrap().to_owned()).collect();
    (output.status.code(), named, said)
}

#[test]
fn an_account_without_any_region_is_named_and_the_run_is_incomplete() {
    let (code, named, said) = both(&organization(&[]));
    assert_eq!((code, named), (Some(3), vec![HOME.to_owned(), MEMBER.to_owned()]), "{said}");
    assert!(said.contains("AWS listed no enabled Region"), "{said}");
    let alone = scan(&organization(&[]), &[]);
    assert_eq!((alone.status.code(), alone.stdout.is_empty()), (Some(3), true), "nothing was read");
}

#[test]
fn a_region_that_cannot_be_understood_is_not_left_out() {
    let (code, named, said) = both(&organization(&[REGION, "no region"]));
    assert_eq!((code, named), (Some(3), vec![HOME.to_owned(), MEMBER.to_owned()]), "{said}");
    assert!(said.contains("no region"), "{said}");
}

#[test]
fn an_account_whose_regions_cannot_be_listed_is_named_and_the_others_are_read() {
    let aws = organization(&[REGION]);
    let denied = AwsError::client("UnauthorizedOperation", "not authorized").with_status(403);
    aws.inject(Fault::on("ec2", "DescribeRegions", Effect::ErrorBefore(denied)).in_account(MEMBER));
    let (code, named, said) = both(&aws);
    assert_eq!((code, named), (Some(3), vec![MEMBER.to_owned()]), "{said}");
    assert!(said.contains("UnauthorizedOperation"), "{said}");
}
