//! Who launched what violates the policy, as CloudTrail tells the built `v2only` over the wire.

use std::process::{Command, Output};

use jiff::SignedDuration;
use serde_json::Value;
use v2only_sandbox::{Actor, AwsError, ClockMode, Config, Effect, Fault, Sandbox};
use v2only_tests::stage::{this_second, v1};
use v2only_tests::{HOME, REGION, SECOND, binaries};

const LOOK_UP: &str = "cloudtrail:LookupEvents";
const DAY: std::time::Duration = std::time::Duration::from_secs(24 * 60 * 60);

/// An AWS whose clock stands this many days ago.
fn aws(days: i64, throttling: bool) -> Sandbox {
    let clock = ClockMode::Manual(this_second() - SignedDuration::from_hours(24 * days));
    Sandbox::start(Config { clock, throttling, ..Config::default() }).unwrap()
}

fn launch(aws: &Sandbox, actor: &Actor, count: i64) -> Vec<String> {
    let ids = aws.launch_as(HOME, REGION, actor, v1().count(count)).unwrap();
    aws.advance(SECOND * 60);
    ids
}

fn scan(aws: &Sandbox) -> Output {
    let mut command = Command::new(binaries::function("v2only"));
    command.args(["scan", "--kind", "instance", "--launched-by", "--output", "json"]);
    command.env_clear().envs([
        ("AWS_ENDPOINT_URL", aws.endpoint().as_str()),
        ("AWS_ACCESS_KEY_ID", HOME),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("AWS_REGION", REGION),
        ("AWS_EC2_METADATA_DISABLED", "true"),
        ("AWS_MAX_ATTEMPTS", "1"),
        ("V2ONLY_LOOPBACK_ONLY", "1"),
    ]);
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(10), "{}", String::from_utf8_lossy(&output.stderr));
    output
}

fn launched_by(aws: &Sandbox) -> impl Fn(&str) -> Value {
    let found: Value = serde_json::from_slice(&scan(aws).stdout).unwrap();
    move |id| {
        let finding = found["findings"].as_array().unwrap().iter().find(|it| it["id"] == id).unwrap();
        finding["launched_by"].clone()
    }
}

fn look_ups(aws: &Sandbox) -> usize {
    aws.calls().iter().filter(|it| it.name() == LOOK_UP).count()
}

/// The look-up that reads who modified metadata options in this account and Region, for the usage gate.
const HISTORY: usize = 1;

#[test]
fn people_roles_services_and_those_they_act_for_are_told_apart_with_one_look_up_for_each_launch() {
    let aws = aws(20, false);
    let person = launch(&aws, &Actor::User("alice".to_owned()), 1);
    let session = launch(&aws, &Actor::Role("Deploy".to_owned(), "pipeline-7".to_owned()), 4);
    let group: Vec<String> =
        (0..3).flat_map(|_| launch(&aws, &Actor::AutoScaling("web".to_owned()), 1)).collect();
    let fleet = launch(&aws, &Actor::Fleet("Karpenter".to_owned()), 1);
    aws.advance(DAY);
    let by = launched_by(&aws);
    assert_eq!((&by(&person[0])["user"], &by(&person[0])["role"]), (&"alice".into(), &Value::Null));
    for id in &session {
        let it = by(id);
        assert_eq!((&it["role"], &it["session"]), (&"Deploy".into(), &"pipeline-7".into()));
        assert_eq!(it["as_for"], Value::Null, "the record names it");
    }
    for id in &group {
        assert_eq!(by(id)["service"], "autoscaling.amazonaws.com");
    }
    assert_eq!(by(&group[0])["as_for"], group[2].as_str(), "the youngest was asked about");
    assert_eq!(
        (&by(&fleet[0])["service"], &by(&fleet[0])["role"]),
        (&"ec2fleet.amazonaws.com".into(), &"Karpenter".into())
    );
    assert_eq!(look_ups(&aws), 4 + HISTORY);
}

#[test]
fn what_was_launched_before_the_90_days_is_said_to_be_and_costs_no_look_up() {
    let aws = aws(100, false);
    let old = launch(&aws, &Actor::User("alice".to_owned()), 1);
    aws.advance(DAY * 95);
    let young = launch(&aws, &Actor::User("bob".to_owned()), 1);
    let by = launched_by(&aws);
    assert_eq!(by(&old[0])["status"], "older-than-kept");
    assert_eq!(by(&old[0])["user"], Value::Null);
    assert_eq!(by(&young[0])["user"], "bob");
    assert_eq!(look_ups(&aws), 1 + HISTORY);
}

#[test]
fn a_launch_without_a_record_is_not_found_and_a_denied_look_up_not_read() {
    let lost = aws(20, false);
    let id = launch(&lost, &Actor::User("alice".to_owned()), 1);
    lost.bus().clear();
    assert_eq!(launched_by(&lost)(&id[0])["status"], "not-found");
    let denying = aws(20, false);
    let ids: Vec<String> =
        (0..3).flat_map(|_| launch(&denying, &Actor::User("alice".to_owned()), 1)).collect();
    let denied = AwsError::client("AccessDeniedException", "not authorized");
    denying.inject(Fault::on("cloudtrail", "LookupEvents", Effect::ErrorBefore(denied)));
    let by = launched_by(&denying);
    assert!(ids.iter().all(|id| by(id)["status"] == "unread"));
    assert_eq!(look_ups(&denying), 1 + HISTORY);
}

/// By the machine's clock, which is AWS's here: two a second, both at once at most.
#[test]
fn look_ups_keep_to_the_rate_of_cloudtrail() {
    let aws =
        Sandbox::start(Config { clock: ClockMode::System, throttling: true, ..Config::default() }).unwrap();
    for _ in 0..5 {
        aws.launch_as(HOME, REGION, &Actor::User("alice".to_owned()), v1()).unwrap();
    }
    let found: Value = serde_json::from_slice(&scan(&aws).stdout).unwrap();
    assert!(found["findings"].as_array().unwrap().iter().all(|it| it["launched_by"]["user"] == "alice"));
    let throttled = aws.calls().iter().filter(|it| it.name() == LOOK_UP && it.error.is_some()).count();
    assert_eq!((look_ups(&aws), throttled), (5, 0));
}
