//! `scan`.

use insta::assert_snapshot;
use v2only_enforcer::Kind;
use v2only_policy::instance::HttpTokens;
use v2only_policy::notebook::NotebookStatus;

use crate::fake_aws::{FakeAws, instance, notebook, tagged};
use crate::fake_world::FakeWorld;

const POLICY: &str = "\
version: 1
mode: enforce
instances:
  hop_limit: { max: 2 }
  usage_gate: { applies_to: none }
exemptions:
  - match: { tag: { key: app, value: legacy-billing } }
    reason: vendor agent speaks only v1
    owner: billing@example.com
    until: 2027-01-31
";

/// One of everything.
fn zoo() -> FakeAws {
    let mut hops = instance("i-0000000000000000b");
    hops.options.http_tokens = HttpTokens::Required;
    hops.options.hop_limit = Some(5);
    let mut managed = instance("i-0000000000000000d");
    managed.managed_by = Some("eks.amazonaws.com".to_owned());
    let mut compliant = instance("i-0000000000000000e");
    compliant.options.http_tokens = HttpTokens::Required;
    FakeAws::default()
        .at_home("eu-central-1")
        .instance("eu-central-1", instance("i-0000000000000000a"))
        .instance("eu-central-1", hops)
        .instance("eu-central-1", tagged(instance("i-0000000000000000c"), &[("app", "legacy-billing")]))
        .instance("eu-central-1", managed)
        .instance("eu-central-1", compliant)
        .notebook("eu-central-1", notebook("training", NotebookStatus::InService))
        .notebook("eu-central-1", notebook("archive", NotebookStatus::Stopped))
}

#[test]
fn everything_that_is_not_clean_is_shown_with_reasons() {
    let world = FakeWorld::with(zoo()).watched(120).file("policy.yaml", POLICY);
    assert_snapshot!(world.run("scan --list --policy DIR/policy.yaml").seen());
    assert_eq!(world.aws.changes(), [""; 0]);
}

#[test]
fn a_narrow_terminal_shows_the_same() {
    let world = FakeWorld::with(zoo()).watched(80).file("policy.yaml", POLICY);
    assert_snapshot!(world.run("scan --list --policy DIR/policy.yaml -q").seen());
}

#[test]
fn a_pipe_gets_one_line_for_each_resource() {
    let world = FakeWorld::with(zoo()).file("policy.yaml", POLICY);
    assert_snapshot!(world.run("scan --list --policy DIR/policy.yaml").seen());
}

#[test]
fn json_has_its_published_shape() {
    let world = FakeWorld::with(zoo()).file("policy.yaml", POLICY);
    assert_snapshot!(world.run("scan --policy DIR/policy.yaml --output json -q").seen());
}

#[test]
fn without_a_policy_it_observes() {
    let world = FakeWorld::with(zoo()).watched(120);
    assert_snapshot!(world.run("scan --kind notebook").seen());
}

#[test]
fn a_policy_may_come_through_a_pipe() {
    let world = FakeWorld::with(zoo()).stdin("{version: 1, mode: observe, images: {fix: mark-v2}}");
    assert_snapshot!(world.run("scan --policy - --kind instance").err);
}

#[test]
fn nothing_to_do_is_said_and_zero() {
    let world = FakeWorld::with(FakeAws::default().at_home("eu-central-1"));
    assert_snapshot!(world.run("scan").seen(), @r"
    exit 0
    == stdout
    Nothing answers IMDSv1 any more.
    Nothing violates the policy.

    Next: v2only policies list  # SCPs that keep IMDSv1 closed
    == stderr
    note: without `--policy`, the policy is `version: 1` and `mode: observe`
    note: this build does not read Lightsail instances, infrastructure configurations, Elastic Beanstalk environments, EMR security configurations; build it with `--features full`, or install a release
    read 1 Region in account 111122223333 with 10 API calls
    ");
}

#[test]
fn quiet_means_quiet() {
    let world = FakeWorld::with(FakeAws::default().at_home("eu-central-1"));
    assert_snapshot!(world.run("scan -q").seen(), @r"
    exit 0
    == stdout
    Nothing answers IMDSv1 any more.
    Nothing violates the policy.

    Next: v2only policies list  # SCPs that keep IMDSv1 closed
    == stderr
    ");
}

fn two_of_three() -> FakeAws {
    let denied = "You are not authorized to perform this operation";
    FakeAws::default()
        .enabled(&["eu-central-1", "eu-west-1", "us-east-1"])
        .instance("eu-central-1", instance("i-0000000000000000a"))
        .failing("ec2:DescribeInstances", Some("eu-west-1"), Kind::Denied, "UnauthorizedOperation", denied)
}

#[test]
fn a_region_that_cannot_be_read_is_named_and_the_others_are_shown() {
    let world = FakeWorld::with(two_of_three());
    assert_snapshot!(world.run("scan --region all").seen());
}

#[test]
fn could_not_look_is_not_clean() {
    let world = FakeWorld::with(two_of_three());
    let ran = world.run("scan --region eu-west-1 --region us-east-1 --output json");
    assert_eq!(ran.exit.code(), 3);
    assert_eq!(ran.json()["incomplete"][0]["region"], "eu-west-1");
    assert_eq!(ran.json()["findings"], serde_json::json!([]));
}

#[test]
fn what_aws_says_cannot_command_the_terminal() {
    let reason = [("v2only:exempt-until", "2026-12-31"), ("v2only:exempt-reason", "\u{1b}[2Jgone\u{202e}")];
    let aws = FakeAws::default()
        .at_home("eu-central-1")
        .instance("eu-central-1", tagged(instance("i-0000000000000000a"), &reason));
    let ran = FakeWorld::with(aws).watched(120).run("scan --list");
    assert!(ran.out.contains("\u{fffd}[2Jgone\u{fffd}"), "{}", ran.out);
}
