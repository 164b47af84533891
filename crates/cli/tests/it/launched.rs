//! `--launched-by`.

use insta::assert_snapshot;
use v2only_enforcer::Kind;
use v2only_policy::Instance;

use crate::fake_aws::operator::launch;
use crate::fake_aws::{FakeAws, instance, tagged};
use crate::fake_world::FakeWorld;

const HERE: &str = "eu-central-1";
const LOOK_UP: &str = "cloudtrail:LookupEvents";
const POLICY: &str = "version: 1\nmode: enforce\ninstances: { usage_gate: { applies_to: none } }\n";

fn since(id: &str, created: &str) -> Instance {
    Instance { created_at: Some(created.parse().unwrap()), ..instance(id) }
}

fn of_group(it: Instance) -> Instance {
    tagged(it, &[("aws:autoscaling:groupName", "web")])
}

/// Two launched at once by a person, two by a group at different times, one before the 90 days, one without a record.
fn estate() -> FakeAws {
    FakeAws::default()
        .at_home(HERE)
        .instance(HERE, since("i-0000000000000000a", "2026-11-02T10:00:05Z"))
        .instance(HERE, since("i-0000000000000000b", "2026-11-02T10:00:06Z"))
        .instance(HERE, of_group(since("i-0000000000000000c", "2026-11-03T10:00:05Z")))
        .instance(HERE, of_group(since("i-0000000000000000d", "2026-10-03T10:00:05Z")))
        .instance(HERE, instance("i-0000000000000000e"))
        .instance(HERE, since("i-0000000000000000f", "2026-11-04T10:00:05Z"))
        .launched(launch(
            "2026-11-02T10:00:00Z",
            "Developer",
            "alice",
            None,
            &["i-0000000000000000a", "i-0000000000000000b"],
        ))
        .launched(launch(
            "2026-11-03T10:00:00Z",
            "AWSServiceRoleForAutoScaling",
            "AutoScaling",
            Some("autoscaling.amazonaws.com"),
            &["i-0000000000000000c"],
        ))
}

#[test]
fn who_launched_what_is_shown_beside_it_and_by_cause() {
    let world = FakeWorld::with(estate()).watched(160).file("policy.yaml", POLICY);
    assert_snapshot!(world.run("scan --policy DIR/policy.yaml --kind instance --launched-by").seen());
    let mut asked = world.aws.asked_of(LOOK_UP);
    asked.sort();
    // One for the launch of two, one for the group, none for what is too old to be kept.
    assert_eq!(asked, ["i-0000000000000000b", "i-0000000000000000c", "i-0000000000000000f"]);
}

#[test]
fn nobody_is_asked_unless_it_is_wanted() {
    let world = FakeWorld::with(estate()).file("policy.yaml", POLICY);
    let ran = world.run("scan --policy DIR/policy.yaml --kind instance --output json");
    assert_eq!(world.aws.asked_of(LOOK_UP), [""; 0]);
    assert!(!ran.out.contains("launched_by"), "{}", ran.out);
}

#[test]
fn who_launched_what_has_its_published_shape_without_address_and_keys() {
    let world = FakeWorld::with(estate()).file("policy.yaml", POLICY);
    let ran = world.run("scan --policy DIR/policy.yaml --kind instance --launched-by --output json");
    let json = ran.json();
    let launched: Vec<&serde_json::Value> =
        json["findings"].as_array().unwrap().iter().map(|it| &it["launched_by"]).collect();
    assert_snapshot!(serde_json::to_string_pretty(&launched).unwrap());
    for secret in ["203.0.113.10", "ASIAEXAMPLE"] {
        assert!(!ran.out.contains(secret), "{}", ran.out);
    }
}

#[test]
fn enforce_says_it_with_the_plan() {
    let world = FakeWorld::with(estate()).watched(160).stdin("n\n").file("policy.yaml", POLICY);
    let ran = world.run("enforce --policy DIR/policy.yaml --kind instance --launched-by");
    assert!(ran.err.contains("role/Developer (alice): 2"), "{}", ran.err);
    assert_eq!(world.aws.changes().iter().filter(|it| !it.starts_with(LOOK_UP)).count(), 0);
}

#[test]
fn where_cloudtrail_denies_it_is_asked_once_and_nobody_is_named() {
    let why = "User: v2only is not authorized to perform: cloudtrail:LookupEvents";
    let aws = estate().failing(LOOK_UP, None, Kind::Denied, "AccessDeniedException", why);
    let world = FakeWorld::with(aws).watched(160).file("policy.yaml", POLICY);
    let ran = world.run("scan --policy DIR/policy.yaml --kind instance --launched-by");
    assert_eq!(ran.exit.code(), 10, "the list is whole all the same");
    assert_snapshot!(ran.err);
    assert_eq!(world.aws.calls_of(LOOK_UP), 1);
    let json = world.run("scan --policy DIR/policy.yaml --kind instance --launched-by --output json").json();
    assert_eq!(json["launched_by_unread"][0]["error"], "denied");
    assert_eq!(json["findings"][0]["launched_by"]["status"], "unread");
    assert_eq!(json["findings"][0]["launched_by"]["role"], serde_json::Value::Null);
}

#[test]
fn an_instance_that_a_person_attached_to_a_group_is_no_evidence_for_the_others() {
    let aws = FakeAws::default()
        .at_home(HERE)
        .instance(HERE, of_group(since("i-0000000000000000a", "2026-11-03T10:00:05Z")))
        .instance(HERE, of_group(since("i-0000000000000000b", "2026-11-02T10:00:05Z")))
        .launched(launch("2026-11-03T10:00:00Z", "Developer", "alice", None, &["i-0000000000000000a"]));
    let world = FakeWorld::with(aws).file("policy.yaml", POLICY);
    let json = world.run("scan --policy DIR/policy.yaml --kind instance --launched-by --output json").json();
    let status = |number: usize| json["findings"][number]["launched_by"]["status"].clone();
    assert_eq!((status(0), status(1)), ("known".into(), "not-found".into()));
    assert_eq!(world.aws.calls_of(LOOK_UP), 2);
}

#[test]
fn more_launches_than_are_asked_for_are_said_not_to_have_been() {
    let mut aws = FakeAws::default().at_home(HERE);
    for number in 0..205 {
        aws = aws.instance(HERE, since(&format!("i-{number:017x}"), "2026-11-03T10:00:05Z"));
    }
    let world = FakeWorld::with(aws).file("policy.yaml", POLICY);
    let json = world.run("scan --policy DIR/policy.yaml --kind instance --launched-by --output json").json();
    let of = |status: &str| {
        let findings = json["findings"].as_array().unwrap();
        findings.iter().filter(|it| it["launched_by"]["status"] == status).count()
    };
    assert_eq!((of("not-found"), of("not-asked")), (200, 5));
    assert_eq!(world.aws.calls_of(LOOK_UP), 200);
}
