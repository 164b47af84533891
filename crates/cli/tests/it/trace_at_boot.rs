//! `readiness --trace --at-boot`.

use insta::assert_snapshot;
use v2only_enforcer::Kind;
use v2only_enforcer::ports::TraceStep;
use v2only_policy::InstanceState;

use crate::fake_aws::operator::Traced;
use crate::fake_aws::{FakeAws, instance};
use crate::fake_world::FakeWorld;

const HERE: &str = "eu-central-1";
const A: &str = "i-0000000000000000a";
const B: &str = "i-0000000000000000b";
const C: &str = "i-0000000000000000c";

const ALLOWED: &str = "version: 1\nmode: observe\ninstances: { trace_at_boot: allow }\n";
const REPORT: &str = r#"{"v2only": "trace-imds-v1", "version": 1, "method": "packets", "seconds": 300, "without_token": 4, "with_token": 0, "unclear": 0, "connections": null, "not_seen": []}
{"process": "agent", "pids": [812], "user": "root", "uid": 0, "without_token": 4, "with_token": 0, "unclear": 0, "connections": null}
"#;

/// The line that the command prints about the trace of a boot: 2026-11-26T06:13:20Z is 1795673600.
fn boot(state: &str) -> String {
    let time = if matches!(state, "none" | "removed" | "unsupported") { 0 } else { 1_795_673_600 };
    format!(
        "{{\"v2only\": \"trace-imds-v1-boot\", \"version\": 1, \"state\": \"{state}\", \"time\": {time}, \"uptime\": 4}}\n"
    )
}

fn printing(output: &str) -> FakeWorld {
    let aws = FakeAws::default().at_home(HERE).instance(HERE, instance(A));
    FakeWorld::with(aws.traced(A, Traced::printing(TraceStep::Linux, output))).file("policy.yaml", ALLOWED)
}

#[test]
fn a_person_is_asked_before_anything_is_installed_and_knows_what() {
    let world = printing(&boot("installed")).watched(160).stdin("y\n");
    assert_snapshot!(world.run(&format!("readiness --trace {A} --at-boot --policy DIR/policy.yaml")).seen());
    assert_eq!(world.aws.asked_of("ssm:SendCommand"), [format!("{HERE} {A} 300 at-boot install")]);

    let world = printing(&boot("installed")).watched(160).stdin("\n");
    let ran = world.run(&format!("readiness --trace {A} --at-boot install --policy DIR/policy.yaml"));
    assert_eq!(ran.exit.code(), 3);
    assert!(ran.err.contains("nothing was installed"), "{}", ran.err);
    assert_eq!(world.aws.calls_of("ssm:SendCommand"), 0);
}

#[test]
fn without_a_policy_document_or_somebody_to_ask_nothing_is_sent() {
    let world = printing(&boot("installed"));
    for line in ["--at-boot --yes", "--at-boot --policy DIR/policy.yaml", "--at-boot install --yes", "--yes"]
    {
        assert_eq!(world.run(&format!("readiness --trace {A} {line}")).exit.code(), 2, "{line}");
    }
    for line in ["--at-boot", "--at-boot collect", "--trace i-1 --at-boot later"] {
        assert_eq!(world.run(&format!("readiness {line}")).exit.code(), 2, "{line}");
    }
    assert_eq!(world.aws.calls_of("ssm:SendCommand"), 0);
}

#[test]
fn the_policy_decides_for_each_instance() {
    let mut tagged = instance(A);
    tagged.tags.insert("app".to_owned(), "canary".to_owned());
    let mut stopped = instance(C);
    stopped.state = InstanceState::Stopped;
    let installed = || Traced::printing(TraceStep::Linux, &boot("installed"));
    let aws = FakeAws::default().at_home(HERE).instance(HERE, tagged).instance(HERE, instance(B));
    let world = FakeWorld::with(aws.instance(HERE, stopped).traced(A, installed()).traced(B, installed())).file(
        "policy.yaml",
        "version: 1\nmode: observe\noverrides:\n- match: { tag: { key: app, value: canary } }\n  instances: { trace_at_boot: allow }\n",
    );
    let line = format!("readiness --trace {A} {B} {C} --at-boot --yes --policy DIR/policy.yaml");
    let ran = world.run(&format!("{line} --output json"));
    assert_eq!(ran.exit.code(), 3);
    let json = ran.json();
    let states: Vec<&str> =
        json["instances"].as_array().unwrap().iter().filter_map(|it| it["state"].as_str()).collect();
    assert_eq!(states, ["installed", "not-allowed", "not-running"]);
    assert_eq!(world.aws.asked_of("ssm:SendCommand"), [format!("{HERE} {A} 300 at-boot install")]);
    assert!(ran.err.contains("instances: { trace_at_boot: allow }"), "{}", ran.err);
    // Where nothing may be installed, nobody is asked.
    let ran = world.run(&format!("readiness --trace {B} --at-boot --yes --policy DIR/policy.yaml"));
    assert!(!ran.err.contains("is to be installed"), "{}", ran.err);
}

#[test]
fn an_installation_has_its_published_shape() {
    let world = printing(&boot("installed"));
    let line =
        format!("readiness --trace {A} --at-boot --yes --trace-seconds 120 --policy DIR/policy.yaml -q");
    assert_snapshot!(world.run(&format!("{line} --output json")).seen());
}

#[test]
fn a_second_installation_is_refused_with_what_to_type() {
    for (state, hint) in [
        ("waiting", "`--at-boot remove` takes the trace back"),
        ("finished", "type `--at-boot collect` to read the result"),
        ("tracing", "type `--at-boot collect` later"),
        ("unsupported", "a trace at boot needs Linux with systemd"),
    ] {
        let world = printing(&boot(state));
        let ran = world.run(&format!("readiness --trace {A} --at-boot --yes --policy DIR/policy.yaml"));
        assert_eq!(ran.exit.code(), 3, "{state}");
        assert!(ran.err.contains("nothing was changed") && ran.err.contains(hint), "{state}: {}", ran.err);
        assert!(!ran.err.contains("1 trace installed"), "{}", ran.err);
    }
}

#[test]
fn a_result_is_collected_and_marked_with_its_boot() {
    let world = printing(&format!("{}{REPORT}", boot("finished"))).watched(160);
    assert_snapshot!(world.run(&format!("readiness --trace {A} --at-boot collect")).seen());
    assert_eq!(world.aws.asked_of("ssm:SendCommand"), [format!("{HERE} {A} 1 at-boot collect")]);
    let json = world.run(&format!("readiness --trace {A} --at-boot collect --output json")).json();
    let it = &json["instances"][0];
    assert_eq!(
        (&it["boot_time"], &it["at_boot"]),
        (&"2026-11-26T06:13:20Z".into(), &serde_json::Value::Null)
    );
    assert_eq!(it["callers"][0]["process"], "agent");
}

#[test]
fn what_is_not_finished_is_incomplete_and_named() {
    for (state, words) in [
        ("none", "no trace at boot is there"),
        ("waiting", "waits for the next boot, until 2026-11-26T06:13:20Z"),
        ("tracing", "still looks on, until 2026-11-26T06:13:20Z"),
        ("expired", "was not restarted in time"),
        ("failed", "began and left no result"),
        ("unsupported", "needs Linux with systemd"),
    ] {
        let world = printing(&boot(state));
        let line = format!("readiness --trace {A} --at-boot collect");
        let ran = world.run(&line);
        assert_eq!(ran.exit.code(), 3, "{state}");
        assert!(ran.err.contains(words), "{state}: {}", ran.err);
        assert_eq!(world.run(&format!("{line} --output json")).json()["instances"][0]["outcome"], state);
    }
}

#[test]
fn a_trace_of_the_running_system_names_what_waits() {
    let ran = printing(&format!("{}{REPORT}", boot("finished")))
        .run(&format!("readiness --trace {A} --output json"));
    assert_eq!(ran.exit.code(), 10);
    assert!(ran.err.contains("type `--at-boot collect` to read the result"), "{}", ran.err);
    let it = &ran.json()["instances"][0];
    assert_eq!((&it["boot_time"], &it["at_boot"]["state"]), (&serde_json::Value::Null, &"finished".into()));
}

#[test]
fn a_trace_is_taken_back_without_a_policy_document() {
    for state in ["removed", "none"] {
        let world = printing(&boot(state));
        let ran = world.run(&format!("readiness --trace {A} --at-boot remove"));
        assert_eq!(ran.exit.code(), 0, "{}", ran.err);
        assert!(ran.out.contains(state), "{}", ran.out);
    }
}

#[test]
fn a_document_of_an_earlier_release_is_named_as_one() {
    let aws = FakeAws::default().at_home(HERE).instance(HERE, instance(A));
    let aws = aws.failing("ssm:SendCommand", None, Kind::Invalid, "InvalidParameters", "no");
    let world = FakeWorld::with(aws).file("policy.yaml", ALLOWED);
    let ran = world.run(&format!("readiness --trace {A} --at-boot --yes --policy DIR/policy.yaml"));
    assert_eq!(ran.exit.code(), 3);
    assert!(ran.err.contains("is of a release without traces at boot"), "{}", ran.err);
    assert!(ran.err.contains("hint: deploy the templates of infra/ there anew"), "{}", ran.err);
}
