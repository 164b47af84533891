//! `enforce` in waves: a canary first, then the rest, unless something speaks against it.

use std::collections::BTreeSet;
use std::time::Duration;

use insta::assert_snapshot;
use v2only_enforcer::Kind;
use v2only_policy::instance::{HttpTokens, Switch};

use crate::fake_aws::{FakeAws, instance, tagged};
use crate::fake_world::{FakeWorld, RunResult};

const POLICY: &str = "\
version: 1
mode: enforce
instances: { usage_gate: { applies_to: none } }
";
const MODIFY: &str = "ec2:ModifyInstanceMetadataOptions";
const TEN_MINUTES: Duration = Duration::from_secs(600);

fn id(number: usize) -> String {
    format!("i-{number:017x}")
}

/// So many instances that answer version 1.
fn estate(aws: FakeAws, region: &str, numbers: std::ops::Range<usize>) -> FakeAws {
    numbers.fold(aws, |aws, it| aws.instance(region, instance(&id(it))))
}

fn world(aws: FakeAws) -> FakeWorld {
    FakeWorld::with(aws.at_home("eu-central-1")).file("policy.yaml", POLICY)
}

fn enforce(world: &FakeWorld, flags: &str) -> RunResult {
    world.run(&format!("enforce --policy DIR/policy.yaml --yes --journal DIR/j.ndjson {flags}"))
}

fn changed(world: &FakeWorld) -> BTreeSet<String> {
    let closed = |it: &v2only_policy::Instance| it.options.http_tokens == HttpTokens::Required;
    world.aws.described().iter().filter(|it| closed(it)).map(|it| it.id.to_string()).collect()
}

fn held(ran: &RunResult) -> usize {
    let json = ran.json();
    json["totals"]["held"]["wave-stopped"].as_u64().map_or(0, |it| usize::try_from(it).unwrap())
}

#[test]
fn a_handful_is_changed_at_once_and_nobody_waits() {
    let world = world(estate(FakeAws::default(), "eu-central-1", 0..20));
    let ran = enforce(&world, "");
    assert_eq!((ran.exit.code(), changed(&world).len()), (0, 20), "{}", ran.err);
    assert_eq!((world.slept(), world.aws.calls_of("cloudwatch:GetMetricData")), (vec![], 0));
}

#[test]
fn more_are_changed_in_waves_with_a_check_of_each_before_the_next() {
    let world = world(estate(FakeAws::default(), "eu-central-1", 0..21).refused(&id(0), 0));
    let ran = enforce(&world, "");
    assert_eq!((ran.exit.code(), changed(&world).len()), (0, 21), "{}", ran.err);
    assert_eq!(world.slept(), [TEN_MINUTES; 2]);
    assert_snapshot!(ran.err);
    let looks = world.aws.asked_of("cloudwatch:GetMetricData");
    let looked: Vec<usize> = looks.iter().map(|it| it.matches("i-0").count()).collect();
    assert_eq!(looked, [2, 12, 21], "those that were changed so far, and no others");
    assert!(looks[0].starts_with("MetadataNoTokenRejected from 2026-11-20T10:15:00Z"), "{}", looks[0]);
}

#[test]
fn what_somebody_exempted_or_switched_off_meanwhile_is_left_as_it_is_now() {
    let world = world(estate(FakeAws::default().with_busy_people(), "eu-central-1", 0..21));
    let ran = enforce(&world, "--output json");
    assert_eq!((ran.exit.code(), changed(&world).len()), (10, 19), "{}", ran.err);
    assert_eq!(ran.json()["totals"]["held"]["changed-since"], 2);
    let left: Vec<_> = world
        .aws
        .described()
        .into_iter()
        .filter(|it| it.options.http_tokens != HttpTokens::Required)
        .collect();
    assert!(left.iter().any(|it| it.tags.contains_key("v2only:exempt-until")), "the exempt one is untouched");
    assert!(left.iter().any(|it| it.options.http_endpoint == Switch::Disabled), "what is off stays off");
    let asked = world.aws.asked_of(MODIFY);
    assert!(!asked.iter().any(|it| left.iter().any(|left| it.contains(left.id.as_str()))), "{asked:?}");
}

/// Also in the first wave: at 5 changes a second, what was described 2 seconds ago is described again.
#[test]
fn what_is_switched_off_while_a_wave_is_at_work_stays_off() {
    let aws = FakeAws::default().taking(Duration::from_millis(200));
    let aws = estate(aws, "eu-central-1", 0..100).before(MODIFY, 11, |aws| {
        for it in aws.described() {
            if it.options.http_tokens == HttpTokens::Optional {
                aws.change(it.id.as_str(), |it| it.options.http_endpoint = Switch::Disabled);
            }
        }
    });
    let world = world(aws);
    let ran = enforce(&world, "--output json --canary 100 --soak 0s");
    assert!(changed(&world).len() <= 20, "{}: {}", changed(&world).len(), ran.err);
    assert!(ran.json()["totals"]["held"]["changed-since"].as_u64().unwrap() >= 80, "{}", ran.out);
}

#[test]
fn what_changed_while_the_question_was_open_is_left_as_it_is_now() {
    let aws = estate(FakeAws::default().with_busy_people(), "eu-central-1", 0..10);
    let world = world(aws).watched(120).stdin("y\n").thinking_for(Duration::from_secs(3600));
    let ran = world.run("enforce --policy DIR/policy.yaml --journal DIR/j.ndjson --output json");
    assert!(ran.err.contains("Apply 10 changes in 1 place?"), "{}", ran.err);
    assert_eq!((ran.exit.code(), changed(&world).len()), (10, 8), "{}", ran.err);
    assert_eq!(ran.json()["totals"]["held"]["changed-since"], 2);
}

#[test]
fn the_waves_are_shown_before_the_question() {
    let aws = estate(FakeAws::default(), "eu-central-1", 0..40).at_home("eu-central-1");
    let world = FakeWorld::with(aws).watched(120).stdin("n\n").file("policy.yaml", POLICY);
    let ran = world.run("enforce --policy DIR/policy.yaml --wave 10 --soak 1h30m --max-rejecting 5%");
    let expected = "in 5 waves of 2, 10, 10, 10 and 8 instances and notebooks, 1h 30m apart; ends once more than 5% of \
                    them still call IMDSv1, or more than 10% of 40 changes fail\nApply 40 changes in 1 place?";
    assert!(ran.err.contains(expected), "{}", ran.err);
}

#[test]
fn a_canary_that_still_asks_ends_the_run_and_is_given_back() {
    let world = world(estate(FakeAws::default(), "eu-central-1", 0..30).refused(&id(1), 12));
    let before = world.aws.described();
    let ran = enforce(&world, "--output json --role-name scanner");
    assert_eq!(ran.exit.code(), 10, "{}", ran.err);
    assert_eq!(changed(&world), BTreeSet::from([id(0), id(1)]));
    assert_eq!(world.read("j.ndjson").lines().count(), 2, "a line for each change, and for no other");
    assert_eq!(held(&ran), 28);
    let json = ran.json();
    assert_eq!(json["rollout"]["stopped"]["because"], "rejecting");
    assert_eq!(json["rollout"]["watched"]["rejecting"][0]["metadata_no_token_rejected"], 12);
    assert_eq!(json["rollout"]["watched"]["unknown"], 1, "no data is not zero");
    let left = json["findings"].as_array().unwrap().iter().find(|it| it["id"] == id(2)).unwrap();
    assert_eq!(
        (&left["outcome"], &left["plan"], &left["hold"]),
        (&"held".into(), &"hold".into(), &"wave-stopped".into())
    );
    assert!(left["reasons"].to_string().contains("wave stopped because 1 of 2 instances"), "{left}");
    assert_snapshot!(ran.err);
    let command = ran.err.lines().find_map(|it| it.split_once("`v2only ")?.1.split_once('`')).unwrap().0;
    let back = world.run(&format!("{command} --yes"));
    assert_eq!(back.exit.code(), 0, "{}", back.err);
    assert_eq!(changed(&world), BTreeSet::from([id(0)]), "this one alone");
    assert_eq!(world.aws.described()[1], before[1]);
}

#[test]
fn the_next_run_goes_on_with_what_was_left() {
    let world = world(estate(FakeAws::default(), "eu-central-1", 0..30).refused(&id(1), 12));
    assert_eq!(enforce(&world, "").exit.code(), 10);
    let next = "enforce --policy DIR/policy.yaml --yes --journal DIR/2.ndjson";
    assert_eq!(world.run(next).exit.code(), 0, "nobody asks among the others");
    assert_eq!(changed(&world).len(), 30);
}

#[test]
fn some_that_still_ask_may_be_tolerated() {
    let world = world(estate(FakeAws::default(), "eu-central-1", 0..30).refused(&id(1), 12));
    let ran = enforce(&world, "--max-rejecting 1");
    assert_eq!((ran.exit.code(), changed(&world).len()), (0, 30), "{}", ran.err);
    assert!(
        ran.err.contains("rollback DIR/j.ndjson --only i-00000000000000001`"),
        "said all the same: {}",
        ran.err
    );
}

#[test]
fn a_canary_is_spread_over_regions() {
    let aws = estate(FakeAws::default().enabled(&["us-east-1"]), "eu-central-1", 0..20);
    let aws = estate(aws, "us-east-1", 20..40).refused(&id(20), 1);
    let world = world(aws);
    assert_eq!(enforce(&world, "--region all").exit.code(), 10);
    assert_eq!(changed(&world), BTreeSet::from([id(0), id(20)]));
}

#[test]
fn failures_end_the_run_before_everything_is_tried() {
    let denied = "You are not authorized to perform this operation";
    let aws = estate(FakeAws::default().enabled(&["us-east-1"]), "eu-central-1", 0..30);
    let aws = estate(aws, "us-east-1", 30..60);
    let world = world(aws.failing(MODIFY, Some("us-east-1"), Kind::Denied, "UnauthorizedOperation", denied));
    let ran = enforce(&world, "--region all --max-errors 3 --output json");
    assert_eq!(ran.exit.code(), 3, "{}", ran.err);
    let json = ran.json();
    assert_eq!(json["rollout"]["stopped"]["because"], "errors");
    let failed = json["totals"]["failed"].as_u64().unwrap();
    // Those that were under way beside the fourth come to their end.
    assert!((4..12).contains(&failed), "{failed}");
    let all = json["findings"].as_array().unwrap().len();
    assert_eq!((all, changed(&world).len() + held(&ran) + usize::try_from(failed).unwrap()), (60, 60));
    assert!(ran.err.contains("more than `--max-errors 3`"), "{}", ran.err);
}

#[test]
fn bounds_hold_a_handful_as_well_where_they_are_asked_for() {
    let aws = estate(FakeAws::default(), "eu-central-1", 0..12);
    let world = world(aws.failing(MODIFY, None, Kind::Denied, "UnauthorizedOperation", "no"));
    let ran = enforce(&world, "--max-errors 0 --output json");
    assert_eq!(ran.exit.code(), 3, "{}", ran.err);
    assert!(held(&ran) > 0, "{}", ran.out);
    assert_eq!(world.slept().len(), 0);
}

#[test]
fn evidence_that_cannot_be_read_ends_the_run_unless_nobody_waits_for_it() {
    let broken = |taking| {
        let aws = estate(FakeAws::default(), "eu-central-1", 0..30).taking(taking);
        world(aws.failing("cloudwatch:GetMetricData", None, Kind::Denied, "AccessDenied", "not authorized"))
    };
    let world = broken(Duration::ZERO);
    let ran = enforce(&world, "");
    assert_eq!((ran.exit.code(), changed(&world).len()), (3, 2), "{}", ran.err);
    assert!(ran.err.contains("could not be read: cloudwatch:GetMetricData"), "{}", ran.err);
    let world = broken(Duration::from_secs(2));
    let ran = enforce(&world, "--soak 0s");
    assert_eq!((ran.exit.code(), changed(&world).len(), world.slept()), (0, 30, vec![]), "{}", ran.err);
    assert!(ran.err.contains("note: whether they still call IMDSv1 could not be read"), "{}", ran.err);
}

#[test]
fn cloudwatch_is_not_asked_before_the_minute_of_the_start_has_ended() {
    let world = world(estate(FakeAws::default(), "eu-central-1", 0..30));
    let ran = enforce(&world, "--soak 0s --output json");
    assert_eq!((ran.exit.code(), changed(&world).len()), (0, 30), "{}", ran.err);
    assert_eq!(world.aws.calls_of("cloudwatch:GetMetricData"), 0);
    assert_eq!(ran.json()["rollout"]["watched"]["unknown"], 30, "no data is not zero");
}

#[test]
fn what_already_required_tokens_is_not_watched() {
    let hops = |number: usize| {
        let mut it = instance(&id(number));
        it.options.http_tokens = HttpTokens::Required;
        it.options.hop_limit = Some(5);
        it
    };
    let aws = (0..30).fold(FakeAws::default(), |aws, it| aws.instance("eu-central-1", hops(it)));
    let policy = POLICY.replace("instances: {", "instances: { hop_limit: { max: 2 },");
    let world = FakeWorld::with(aws.at_home("eu-central-1")).file("policy.yaml", &policy);
    let ran = enforce(&world, "");
    assert_eq!((ran.exit.code(), world.slept()), (0, vec![]), "{}", ran.err);
    assert_eq!(world.aws.calls_of("cloudwatch:GetMetricData"), 0, "nothing was taken from them");
}

#[test]
fn a_container_host_that_stays_at_hop_limit_1_is_warned_about_and_not_raised() {
    let host = tagged(instance(&id(0)), &[("eks:cluster-name", "blue")]);
    let aws = FakeAws::default().at_home("eu-central-1").instance("eu-central-1", host);
    let aws = aws.instance("eu-central-1", instance(&id(1)));
    let world = FakeWorld::with(aws).watched(120).stdin("y\n").file("policy.yaml", POLICY);
    let json = world.run("scan --policy DIR/policy.yaml --output json -q").json();
    assert_eq!(json["findings"][0]["notes"], serde_json::json!(["container-host-hop-limit"]));
    assert_eq!(json["findings"][1]["notes"], serde_json::json!([]));
    assert_snapshot!(world.run("scan --policy DIR/policy.yaml").out);
    let ran = world.run("enforce --policy DIR/policy.yaml --journal DIR/j.ndjson");
    assert_snapshot!(ran.err);
    assert_eq!(world.aws.described()[0].options.hop_limit, Some(1));
}

#[test]
fn flags_of_waves_that_are_none_are_explained() {
    let world = world(FakeAws::default());
    for (flag, expected) in [
        ("--canary 5.5%", "a whole number such as 10, or a share such as 5%"),
        ("--max-errors 101%", "a whole number such as 10, or a share such as 5%"),
        ("--soak 10", "a time such as 90s, 10m, 1h or 0s"),
    ] {
        let ran = enforce(&world, flag);
        assert_eq!(ran.exit.code(), 2);
        assert!(ran.err.contains(expected), "{}", ran.err);
    }
}
