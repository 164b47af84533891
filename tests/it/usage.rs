//! Who still uses version 1, as CloudWatch reports it over the wire, and what the built `v2only` makes of it. The AWS
//! is on a clock that stands ten days ago, so that what is launched in it has existed for long, and was started in the
//! usage window.

use std::process::{Command, Output};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use v2only_sandbox::{AwsError, ClockMode, Config, Effect, Fault, HttpTokens, Sandbox};
use v2only_tests::stage::{this_second, v1, v2};
use v2only_tests::{ENFORCE, HOME, MEMBER, REGION, binaries};

const DAY: SignedDuration = SignedDuration::from_hours(24);
const NO_TOKEN: &str = "MetadataNoToken";
const REJECTED: &str = "MetadataNoTokenRejected";

struct Estate {
    aws: Sandbox,
    folder: tempfile::TempDir,
}

impl Estate {
    fn new() -> Self {
        let clock = ClockMode::Manual(this_second() - DAY * 10);
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("policy.yaml"), ENFORCE).unwrap();
        Self { aws: Sandbox::start(Config { clock, ..Config::default() }).unwrap(), folder }
    }

    fn launch(&self, tokens: HttpTokens, count: i64) -> Vec<String> {
        let spec = if tokens == HttpTokens::Optional { v1() } else { v2() };
        let actor = v2only_sandbox::Actor::AutoScaling("web".to_owned());
        let ids = self.aws.launch_as(HOME, REGION, &actor, spec.count(count)).unwrap();
        self.aws.advance(std::time::Duration::from_secs(60));
        ids
    }

    /// Three times a day, a value for each of the days before today, the nearest first.
    fn counted(&self, id: &str, metric: &str, days: &[f64]) {
        let today = midnight();
        let points = (1..).zip(days).flat_map(|(ago, value)| {
            let day = today - DAY * ago;
            [(day, *value), (day + DAY / 3, 0.0), (day + DAY / 2, 0.0)]
        });
        self.aws.put_datapoints(HOME, REGION, id, metric, points);
    }

    fn v2only(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(binaries::function("v2only"));
        command.args(arguments).args(["--policy", "policy.yaml", "--output", "json"]);
        command.current_dir(self.folder.path()).env_clear().envs([
            ("AWS_ENDPOINT_URL", self.aws.endpoint().as_str()),
            ("AWS_ACCESS_KEY_ID", HOME),
            ("AWS_SECRET_ACCESS_KEY", "test"),
            ("AWS_REGION", REGION),
            ("AWS_EC2_METADATA_DISABLED", "true"),
            ("AWS_MAX_ATTEMPTS", "1"),
            ("V2ONLY_LOOPBACK_ONLY", "1"),
        ]);
        command.output().unwrap()
    }

    fn json(&self, arguments: &[&str], exit: i32) -> Value {
        let output = self.v2only(arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(exit), "{said}");
        serde_json::from_slice(&output.stdout).unwrap()
    }

    fn tokens(&self, id: &str) -> HttpTokens {
        let all = self.aws.instances(HOME, REGION);
        all.iter().find(|it| it.id == id).unwrap().metadata.http_tokens
    }

    fn reads(&self) -> usize {
        self.aws.calls().iter().filter(|it| it.name() == "cloudwatch:GetMetricData").count()
    }
}

fn midnight() -> Timestamp {
    let now = this_second().as_second();
    Timestamp::from_second(now - now.rem_euclid(24 * 60 * 60)).unwrap()
}

#[test]
fn enforce_changes_the_quiet_ones_and_says_of_the_others_what_cloudwatch_said() {
    let estate = Estate::new();
    let ids = estate.launch(HttpTokens::Optional, 5);
    estate.counted(&ids[0], NO_TOKEN, &[0.0; 14]);
    estate.counted(
        &ids[1],
        NO_TOKEN,
        &[0.0, 0.0, 31.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
    );
    estate.counted(&ids[2], NO_TOKEN, &[0.0; 13]);
    estate.counted(&ids[4], NO_TOKEN, &[0.0; 14]);
    estate.aws.break_metric(HOME, REGION, &ids[4], NO_TOKEN);
    let done = estate.json(&["enforce", "--kind", "instance", "--yes"], 10);
    let why = |id: &str| {
        let finding = done["findings"].as_array().unwrap().iter().find(|it| it["id"] == id).unwrap();
        (finding["outcome"].as_str().unwrap().to_owned(), finding["reasons"].to_string())
    };
    assert_eq!(why(&ids[0]).0, "fixed");
    for (id, reason) in
        ids[1..].iter().zip(["31 in the window", "only 13 days", "only 0 days", "only a part"])
    {
        let (outcome, reasons) = why(id);
        assert_eq!(outcome, "held");
        assert!(reasons.contains(reason), "{reasons}");
    }
    let tokens: Vec<HttpTokens> = ids.iter().map(|id| estate.tokens(id)).collect();
    let mut expected = [HttpTokens::Optional; 5];
    expected[0] = HttpTokens::Required;
    assert_eq!(tokens, expected);
    assert_eq!(estate.reads(), 1);
    estate.json(&["enforce", "--kind", "instance", "--yes"], 10);
    assert_eq!(estate.tokens(&ids[1]), HttpTokens::Optional, "a second run changes nothing");
}

#[test]
fn an_instance_without_a_start_in_the_window_is_changed_once_somebody_started_it_again() {
    let estate = Estate::new();
    let actor = v2only_sandbox::Actor::User("ana".to_owned());
    let ids = estate.aws.launch_as(HOME, REGION, &actor, v1()).unwrap();
    estate.aws.advance(std::time::Duration::from_secs(60));
    estate.counted(&ids[0], NO_TOKEN, &[0.0; 14]);
    estate.aws.age_instance(HOME, REGION, &ids[0], std::time::Duration::from_secs(90 * 24 * 3600));
    let started = estate.aws.instance(HOME, REGION, &ids[0]).unwrap().launch_time;
    let done = estate.json(&["enforce", "--kind", "instance", "--yes"], 10);
    assert_eq!(done["findings"][0]["hold"], "not-restarted");
    let reasons = done["findings"][0]["reasons"].to_string();
    assert!(reasons.contains(&format!("last started at {started}")), "{reasons}");
    assert!(reasons.contains(&format!("aws ec2 stop-instances --region {REGION} --instance-ids {}", ids[0])));
    assert_eq!(estate.tokens(&ids[0]), HttpTokens::Optional);
    let people = v2only_tests::People::of(&estate.aws, HOME);
    people.stop(REGION, &ids[0]);
    estate.aws.advance(std::time::Duration::from_secs(120));
    people.start(REGION, &ids[0]);
    estate.json(&["enforce", "--kind", "instance", "--yes"], 0);
    assert_eq!(estate.tokens(&ids[0]), HttpTokens::Required);
}

#[test]
fn more_instances_than_one_call_takes_and_more_data_than_a_page_holds() {
    let estate = Estate::new();
    let ids: Vec<String> = (0..60).flat_map(|_| estate.launch(HttpTokens::Optional, 10)).collect();
    for id in &ids {
        estate.counted(id, NO_TOKEN, &[0.0; 14]);
    }
    estate.counted(
        &ids[599],
        NO_TOKEN,
        &[0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0],
    );
    // In the middle of the datapoints of an instance.
    estate.aws.set_datapoints_per_page(2_999);
    let found = estate.json(&["scan", "--kind", "instance"], 10);
    let plans =
        |word: &str| found["findings"].as_array().unwrap().iter().filter(|it| it["plan"] == word).count();
    assert_eq!((plans("act"), plans("hold")), (599, 1));
    // 500 instances with 14 datapoints on three pages, and 100 on one.
    assert_eq!(estate.reads(), 4);
}

#[test]
fn where_cloudwatch_denies_nothing_is_changed_and_the_permission_is_named() {
    let estate = Estate::new();
    let ids = estate.launch(HttpTokens::Optional, 1);
    estate.counted(&ids[0], NO_TOKEN, &[0.0; 14]);
    let denied = AwsError::client("AccessDenied", "not authorized").with_status(403);
    estate.aws.inject(Fault::on("monitoring", "GetMetricData", Effect::ErrorBefore(denied)));
    let output = estate.v2only(&["enforce", "--yes", "--kind", "instance"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(10), "{said}");
    assert!(said.contains("cloudwatch:GetMetricData: AccessDenied: not authorized"), "{said}");
    assert!(said.contains("grant `cloudwatch:GetMetricData` to the role"), "{said}");
    assert_eq!(estate.tokens(&ids[0]), HttpTokens::Optional);
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(found["usage_unread"][0]["error"], "denied");
    estate.json(&["readiness"], 3);
}

#[test]
fn what_is_denied_once_is_not_asked_for_again_on_the_next_page() {
    let estate = Estate::new();
    (0..101).for_each(|_| drop(estate.launch(HttpTokens::Optional, 10)));
    let denied = AwsError::client("AccessDenied", "not authorized").with_status(403);
    estate.aws.inject(Fault::on("monitoring", "GetMetricData", Effect::ErrorBefore(denied)));
    let found = estate.json(&["scan", "--kind", "instance"], 10);
    assert_eq!(found["totals"]["held"]["usage-gate"], 1010);
    assert_eq!(estate.reads(), 1);
}

#[test]
fn counts_are_read_in_the_account_of_the_instance() {
    let estate = Estate::new();
    estate.aws.add_role(MEMBER, "v2only-scanner", None);
    let actor = v2only_sandbox::Actor::AutoScaling("web".to_owned());
    let there = estate.aws.launch_as(MEMBER, REGION, &actor, v1()).unwrap();
    let here = estate.launch(HttpTokens::Optional, 1);
    estate.counted(&here[0], NO_TOKEN, &[0.0; 14]);
    let yesterday = midnight() - DAY;
    estate.aws.put_datapoints(MEMBER, REGION, &there[0], NO_TOKEN, [(yesterday, 5.0)]);
    let accounts = format!("{HOME},{MEMBER}");
    let found = estate.json(&["readiness", "--accounts", &accounts, "--role-name", "v2only-scanner"], 10);
    let states: Vec<(&str, &str)> = found["instances"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (it["account"].as_str().unwrap(), it["state"].as_str().unwrap()))
        .collect();
    assert_eq!(states, [(HOME, "ready"), (MEMBER, "busy")]);
    assert_eq!(estate.reads(), 4);
}

#[test]
fn readiness_reads_both_counts_and_changes_nothing() {
    let estate = Estate::new();
    let open = estate.launch(HttpTokens::Optional, 2);
    let shut = estate.launch(HttpTokens::Required, 1);
    estate.counted(&open[0], NO_TOKEN, &[0.0; 14]);
    estate.counted(&open[1], NO_TOKEN, &[1.0; 14]);
    estate.counted(&shut[0], REJECTED, &[2.0; 14]);
    let found = estate.json(&["readiness"], 10);
    assert_eq!(found["schema"], "v2only.readiness.v1");
    let of = |id: &str| found["instances"].as_array().unwrap().iter().find(|it| it["id"] == id).unwrap();
    assert_eq!((&of(&open[0])["state"], &of(&open[0])["days_with_data"]), (&"ready".into(), &14.into()));
    assert_eq!((&of(&open[1])["state"], &of(&open[1])["metadata_no_token"]), (&"busy".into(), &14.into()));
    let required = of(&shut[0]);
    assert_eq!(
        (&required["state"], &required["metadata_no_token_rejected"]),
        (&"required".into(), &28.into())
    );
    assert_eq!(found["roll_ups"][0]["value"], "web");
    assert_eq!(found["roll_ups"][0]["busy"], 1);
    let changes = estate.aws.calls().iter().filter(|it| it.action.starts_with("Modify")).count();
    assert_eq!((changes, estate.reads()), (0, 2));
}

#[test]
fn a_canary_whose_calls_are_refused_ends_the_run_and_the_rest_is_left() {
    let estate = Estate::new();
    let ids = estate.launch(HttpTokens::Optional, 25);
    // Second by second, from a moment ago: whichever minutes the run asks about, there is data.
    let since = this_second() - SignedDuration::from_secs(30);
    for id in &ids {
        estate.counted(id, NO_TOKEN, &[0.0; 14]);
        let points = (0..180).map(|it| (since + SignedDuration::from_secs(it), 1.0));
        estate.aws.put_datapoints(HOME, REGION, id, REJECTED, points);
    }
    // In the minute in which the run began, CloudWatch is not asked.
    let run = ["enforce", "--kind", "instance", "--yes", "--soak", "1m", "--journal", "before.ndjson"];
    let told = estate.json(&run, 10);
    assert_eq!(told["rollout"]["stopped"]["because"], "rejecting");
    assert_eq!((&told["totals"]["fixed"], &told["totals"]["held"]["wave-stopped"]), (&2.into(), &23.into()));
    let rejecting = told["rollout"]["watched"]["rejecting"].as_array().unwrap();
    assert!(rejecting.iter().all(|it| it["metadata_no_token_rejected"].as_u64().unwrap() > 0), "{told}");
    let open = |it: &&String| estate.tokens(it) == HttpTokens::Optional;
    assert_eq!(ids.iter().filter(open).count(), 23);
    let journal = std::fs::read_to_string(estate.folder.path().join("before.ndjson")).unwrap();
    assert_eq!(journal.lines().count(), 2);
    let only = rejecting.iter().flat_map(|it| ["--only", it["id"].as_str().unwrap()]);
    let back: Vec<&str> = ["rollback", "before.ndjson", "--yes"].into_iter().chain(only).collect();
    estate.json(&back, 0);
    assert_eq!(ids.iter().filter(open).count(), 25);
}

#[test]
fn a_canary_without_data_in_cloudwatch_is_unknown_and_the_run_goes_on() {
    let estate = Estate::new();
    let ids = estate.launch(HttpTokens::Optional, 25);
    for id in &ids {
        estate.counted(id, NO_TOKEN, &[0.0; 14]);
    }
    let told = estate.json(&["enforce", "--kind", "instance", "--yes", "--soak", "0s"], 0);
    assert_eq!(told["totals"]["fixed"], 25);
    let watched = &told["rollout"]["watched"];
    assert_eq!((&watched["quiet"], &watched["unknown"]), (&0.into(), &25.into()), "no data is not zero");
    let stages: Vec<&str> =
        told["rollout"]["waves"].as_array().unwrap().iter().map(|it| it["stage"].as_str().unwrap()).collect();
    assert_eq!(stages, ["canary", "rest", "rest"]);
}
