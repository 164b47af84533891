//! `plan`: the steps to enforcement, what proves each, and how far the roll-out came.

use insta::assert_snapshot;
use v2only_enforcer::Kind;
use v2only_enforcer::ports::Metric;
use v2only_policy::instance::{HttpTokens, Switch};
use v2only_policy::{AccountDefaults, StatedOptions};

use crate::fake_aws::{FakeAws, instance};
use crate::fake_world::FakeWorld;

const HERE: &str = "eu-central-1";
const QUIET: &str = "i-0000000000000000a";
const BUSY: &str = "i-0000000000000000b";
const POLICY: &str = "\
version: 1
mode: enforce
account_defaults: { http_tokens: required, enforced: enabled }
";

fn estate() -> FakeAws {
    FakeAws::default()
        .at_home(HERE)
        .instance(HERE, instance(QUIET))
        .instance(HERE, instance(BUSY))
        .counted(QUIET, Metric::NoToken, &[0; 14])
        .counted(BUSY, Metric::NoToken, &[7; 14])
}

fn defaults(enforced: Switch) -> AccountDefaults {
    let options = StatedOptions { http_tokens: Some(HttpTokens::Required), ..StatedOptions::default() };
    AccountDefaults { options, enforced, ..AccountDefaults::UNSET }
}

fn step<'a>(json: &'a serde_json::Value, code: &str) -> &'a serde_json::Value {
    json["steps"].as_array().unwrap().iter().find(|it| it["step"] == code).unwrap()
}

#[test]
fn every_step_has_its_count_its_risk_and_its_command() {
    let world = FakeWorld::with(estate()).file("policy.yaml", POLICY).watched(110);
    let ran = world.run("plan --policy DIR/policy.yaml");
    assert_snapshot!(ran.seen());
    assert_eq!(world.aws.changes(), [""; 0]);
    assert_snapshot!(world.run("plan --policy DIR/policy.yaml --output json -q").seen());
}

#[test]
fn a_later_run_shows_how_far_it_came() {
    let world = FakeWorld::with(estate()).file("policy.yaml", POLICY);
    let earlier = world.run("plan --policy DIR/policy.yaml --output json -q").out;
    let world = FakeWorld::with(estate().defaults(defaults(Switch::Disabled)))
        .file("policy.yaml", POLICY)
        .file("earlier.json", &earlier);
    world.aws.fix(QUIET);
    let ran = world.run("plan --policy DIR/policy.yaml --earlier DIR/earlier.json");
    assert!(ran.out.contains("done  Account defaults (1 left on 2026-11-20)"), "{}", ran.out);
    assert!(ran.out.contains("Instances and notebooks, 1 left (2 left on 2026-11-20)"), "{}", ran.out);
    let wrong = world.run("plan --policy DIR/policy.yaml --earlier DIR/policy.yaml");
    assert_eq!(wrong.exit.code(), 2, "{}", wrong.err);
    assert!(wrong.err.contains("v2only plan --output json"), "{}", wrong.err);
}

#[test]
fn enforcement_is_of_low_risk_once_nothing_speaks_against_it() {
    let aws = FakeAws::default().at_home(HERE).defaults(defaults(Switch::Disabled));
    let world = FakeWorld::with(aws).file("policy.yaml", POLICY);
    let ran = world.run("plan --policy DIR/policy.yaml --output json -q");
    let json = ran.json();
    let last = step(&json, "enforcement");
    assert_eq!((&last["state"], &last["risk"]), (&"open".into(), &"low".into()));
    assert_eq!((ran.exit.code(), &json["next"]), (10, &"service-control-policies".into()));
    let aws = FakeAws::default().at_home(HERE).defaults(defaults(Switch::Enabled));
    let ran =
        FakeWorld::with(aws).file("policy.yaml", POLICY).run("plan --policy DIR/policy.yaml --output json");
    assert_eq!((ran.exit.code(), &step(&ran.json(), "enforcement")["state"]), (0, &"done".into()));
}

#[test]
fn where_something_could_not_be_read_nothing_is_proved() {
    let aws = estate().failing("ec2:DescribeFleets", None, Kind::Denied, "AccessDenied", "no");
    let world = FakeWorld::with(aws).file("policy.yaml", POLICY);
    let ran = world.run("plan --policy DIR/policy.yaml --output json -q");
    let json = ran.json();
    assert_eq!((ran.exit.code(), &json["next"]), (3, &"observe".into()));
    assert_eq!(json["incomplete"].as_array().unwrap().len(), 1);
    let proved = |it: &&serde_json::Value| it["evidence"] == "complete";
    assert_eq!(json["steps"].as_array().unwrap().iter().filter(proved).count(), 0, "{json}");
}
