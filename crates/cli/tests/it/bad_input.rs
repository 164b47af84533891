//! Everything that can be typed wrong, or go wrong outside: one clear error with a hint, the right exit code,
//! and nothing half-done.

use insta::assert_snapshot;
use v2only_enforcer::Kind;

use crate::fake_aws::{FakeAws, instance};
use crate::fake_world::FakeWorld;

const POLICY: &str = "\
version: 1
mode: enforce
instances: { usage_gate: { applies_to: none } }
";

fn account() -> FakeAws {
    FakeAws::default().at_home("eu-central-1").instance("eu-central-1", instance("i-0000000000000000a"))
}

fn world(aws: FakeAws) -> FakeWorld {
    FakeWorld::with(aws).file("policy.yaml", POLICY)
}

/// Nothing was changed, and what a person sees.
#[track_caller]
fn refused(world: &FakeWorld, line: &str) -> String {
    let ran = world.run(line);
    assert_eq!(world.aws.changes(), [""; 0]);
    assert_eq!(ran.err.matches("error:").count(), 1, "{}", ran.err);
    ran.seen()
}

#[test]
fn a_malformed_event() {
    let event = r#"{"source": "aws.ec2", "detail-type": "AWS API Call via CloudTrail", "detail": {}}"#;
    let world = world(account()).file("event.json", event);
    assert_snapshot!(refused(&world, "replay DIR/event.json"));
}

#[test]
fn an_event_that_is_not_json() {
    let world = world(account()).file("event.json", "{\"source\": ");
    assert_snapshot!(refused(&world, "replay DIR/event.json"));
}

#[test]
fn an_unknown_key_in_the_policy() {
    let world =
        world(account()).file("bad.yaml", "version: 1\nmode: enforce\ninstance:\n  hop_limit: keep\n");
    assert_snapshot!(refused(&world, "enforce --policy DIR/bad.yaml --yes"));
    assert_eq!(world.aws.asked(), [""; 0]);
}

#[test]
fn a_policy_file_that_is_not_there() {
    let world = world(account());
    assert_snapshot!(refused(&world, "scan --policy DIR/missing.yaml"));
    assert_eq!(world.aws.asked(), [""; 0]);
}

#[test]
fn no_policy_to_enforce() {
    assert_snapshot!(refused(&world(account()), "enforce --yes"));
}

#[test]
fn no_region() {
    let world = world(FakeAws::default());
    assert_snapshot!(refused(&world, "scan -q"));
    assert_eq!(world.aws.asked(), [""; 0]);
}

#[test]
fn a_region_that_is_none() {
    assert_snapshot!(refused(&world(account()), "scan --region Frankfurt"));
    assert_snapshot!(refused(&world(account()), "scan --region eu-central-1a"));
}

#[test]
fn a_misspelt_region_is_refused_before_any_call() {
    let world = world(account());
    let ran = world.run("scan --region eu-centrall-1");
    assert_eq!(ran.exit.code(), 2, "{}", ran.err);
    assert!(ran.err.contains("AWS has no Region `eu-centrall-1`"), "{}", ran.err);
    assert!(ran.err.contains("type `--region eu-central-1`"), "{}", ran.err);
    assert_eq!(world.aws.asked(), [""; 0]);
}

#[test]
fn a_region_that_this_version_does_not_know_is_asked_and_named_if_it_cannot_be_reached() {
    let known = world(account()).run("scan --kind instance --region eu-central-7");
    assert_eq!(known.exit.code(), 0, "a Region may be newer than this version: {}", known.err);
    for action in ["sts:GetCallerIdentity", "ec2:DescribeInstances"] {
        let aws = account().failing(action, None, Kind::Unreachable, "", "no connection: dns error");
        aws.set_home(v2only_policy::Region::parse("eu-central-7").ok());
        let ran = world(aws).run("scan --kind instance --region eu-central-7");
        assert_eq!(ran.exit.code(), 3, "{}", ran.err);
        let hint = "knows no Region `eu-central-7`; did you mean `--region eu-central-1`?";
        assert!(ran.err.contains(hint), "{action}: {}", ran.err);
    }
}

#[test]
fn expired_credentials() {
    let message = "The security token included in the request is expired";
    let aws = account().failing("sts:GetCallerIdentity", None, Kind::Credentials, "ExpiredToken", message);
    let world = world(aws);
    assert_snapshot!(refused(&world, "enforce --policy DIR/policy.yaml --yes"));
    assert_eq!(world.aws.asked(), ["sts:GetCallerIdentity"]);
}

#[test]
fn a_denied_call() {
    let message = "You are not authorized to perform this operation";
    let aws =
        account().failing("ec2:DescribeInstances", None, Kind::Denied, "UnauthorizedOperation", message);
    assert_snapshot!(refused(&world(aws), "scan --policy DIR/policy.yaml"));
}

#[test]
fn an_unreachable_endpoint() {
    let message = "no connection: tcp connect error";
    let aws = account().failing("sts:GetCallerIdentity", None, Kind::Unreachable, "", message);
    assert_snapshot!(refused(&world(aws), "scan --policy DIR/policy.yaml"));
}

#[test]
fn nobody_to_ask() {
    let world = world(account());
    assert_snapshot!(refused(&world, "enforce --policy DIR/policy.yaml"));
    assert_eq!(world.aws.asked(), [""; 0]);
}

#[test]
fn the_policy_takes_the_place_of_the_answer() {
    let world = world(account()).watched(100).stdin(POLICY);
    assert_snapshot!(refused(&world, "enforce --policy -"));
}

#[test]
fn a_journal_that_exists() {
    let world = world(account()).file("journal.ndjson", "precious\n");
    let line = "enforce --policy DIR/policy.yaml --yes --journal DIR/journal.ndjson";
    assert_snapshot!(refused(&world, line));
    assert_eq!(world.read("journal.ndjson"), "precious\n");
    assert_eq!(world.aws.asked(), [""; 0]);
}

#[test]
fn an_event_file_that_is_not_there() {
    assert_snapshot!(refused(&world(account()), "replay DIR/missing.json"));
}

#[test]
fn standard_input_twice() {
    assert_snapshot!(refused(&world(account()), "replay - --policy -"));
}

#[test]
fn live_with_nobody_to_ask() {
    let world = world(account()).file("event.json", "{}");
    assert_snapshot!(refused(&world, "replay DIR/event.json --live"));
}

#[test]
fn a_flag_that_is_none() {
    assert_snapshot!(refused(&world(account()), "scan --regoin eu-central-1"));
}
