//! Who on an instance calls version 1, as a command of Systems Manager reports it over the wire.

use std::process::{Command, Output};
use std::time::Duration;

use serde_json::Value;
use v2only_sandbox::{Actor, ActorCall, ClockMode, Config, ManagedInstance, Sandbox};
use v2only_tests::stage::v1;
use v2only_tests::{HOME, REGION, binaries};

const REPORT: &str = concat!(
    r#"{"v2only": "trace-imds-v1", "version": 1, "method": "packets", "seconds": 1, "without_token": 2, "with_token": 0, "unclear": 0}"#,
    "\n",
    r#"{"process": "java", "pids": [7], "user": "app", "without_token": 2, "with_token": 0, "unclear": 0}"#,
);

fn aws() -> (Sandbox, String) {
    let aws = Sandbox::start(Config { clock: ClockMode::System, ..Config::default() }).unwrap();
    aws.put_command_document(
        HOME,
        REGION,
        "v2only-TraceImdsV1",
        &[("traceLinux", "Linux"), ("traceWindows", "Windows")],
    );
    let ids = aws.launch_as(HOME, REGION, &Actor::User("alice".to_owned()), v1()).unwrap();
    // It is `pending` for five seconds.
    while aws.instance(HOME, REGION, &ids[0]).unwrap().state.as_str() != "running" {
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    (aws, ids[0].clone())
}

fn managed(aws: &Sandbox, id: &str, platform: &str, output: &str, status: &str) {
    let it = ManagedInstance {
        platform: platform.to_owned(),
        status: status.to_owned(),
        output: output.to_owned(),
        errors: "no such shell".to_owned(),
        ..ManagedInstance::default()
    };
    aws.manage_instance(HOME, REGION, id, it);
}

fn trace(aws: &Sandbox, id: &str) -> Output {
    trace_with(aws, id, &["--trace-seconds", "1"])
}

fn trace_with(aws: &Sandbox, id: &str, arguments: &[&str]) -> Output {
    let mut command = Command::new(binaries::function("v2only"));
    command.args(["readiness", "--trace", id, "--output", "json"]).args(arguments);
    command.env_clear().envs([
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

fn told(output: &Output, exit: i32) -> Value {
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(exit), "{said}");
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn a_command_is_sent_waited_for_and_read_on_either_platform() {
    let (aws, id) = aws();
    for platform in ["Linux", "Windows"] {
        managed(&aws, &id, platform, REPORT, "Success");
        let found = told(&trace(&aws, &id), 10);
        assert_eq!(found["instances"][0]["callers"][0]["process"], "java", "{platform}");
        assert_eq!(found["instances"][0]["without_token"], 2);
    }
    let sent = aws.calls().iter().filter(|it| it.name() == "ssm:SendCommand").count();
    assert_eq!(sent, 2);
}

#[test]
fn the_inventory_is_read_page_by_page_and_names_old_sdks_of_a_group() {
    let (aws, id) = aws();
    let many = (0..60).map(|number| (format!("package-{number}"), "1.0".to_owned()));
    let boto3 = ("python3-boto3".to_owned(), "1.9.253".to_owned());
    let it = ManagedInstance {
        platform: "Linux".to_owned(),
        status: "Success".to_owned(),
        output: REPORT.replace("java", "python3"),
        applications: many.chain([boto3]).collect(),
        ..ManagedInstance::default()
    };
    aws.manage_instance(HOME, REGION, &id, it);
    let found = told(&trace(&aws, &id), 10);
    let outdated = &found["instances"][0]["outdated"][0];
    assert_eq!((&outdated["product"], &outdated["minimum"]), (&"boto3".into(), &"1.12.6".into()));
    assert_eq!(aws.calls().iter().filter(|it| it.name() == "ssm:ListInventoryEntries").count(), 2);
}

#[test]
fn what_is_not_managed_has_failed_or_lacks_the_document_is_told_apart() {
    let (aws, id) = aws();
    let outcome = |aws: &Sandbox| told(&trace(aws, &id), 3)["instances"][0]["outcome"].clone();
    assert_eq!(outcome(&aws), "not-managed");
    managed(&aws, &id, "Linux", "", "Failed");
    assert_eq!(outcome(&aws), "command-failed");
    managed(&aws, &id, "Linux", "nothing of ours", "Success");
    assert_eq!(outcome(&aws), "unreadable");
    aws.put_command_document(HOME, REGION, "other", &[]);
    let bare = Sandbox::start(Config { clock: ClockMode::System, ..Config::default() }).unwrap();
    let ids = bare.launch_as(HOME, REGION, &Actor::User("alice".to_owned()), v1()).unwrap();
    while bare.instance(HOME, REGION, &ids[0]).unwrap().state.as_str() != "running" {
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    managed(&bare, &ids[0], "Linux", REPORT, "Success");
    assert_eq!(told(&trace(&bare, &ids[0]), 3)["instances"][0]["outcome"], "no-document");
}

/// An instance is stopped and started, as its owner would do.
fn restart(aws: &Sandbox, id: &str) {
    let until = |state: &str| {
        while aws.instance(HOME, REGION, id).unwrap().state.as_str() != state {
            std::thread::sleep(Duration::from_millis(50));
        }
    };
    for (action, state) in [("StopInstances", "stopped"), ("StartInstances", "running")] {
        let call = ActorCall::new(HOME, REGION, Actor::User("alice".to_owned()));
        aws.call_as(&call.query("ec2", action, [("InstanceId.1", id)])).unwrap();
        until(state);
    }
}

#[test]
fn a_trace_at_boot_waits_for_a_restart_and_is_collected_once() {
    let (aws, id) = aws();
    managed(&aws, &id, "Linux", REPORT, "Success");
    let folder = tempfile::tempdir().unwrap();
    let policy = folder.path().join("policy.yaml");
    std::fs::write(&policy, "version: 1\nmode: observe\ninstances: { trace_at_boot: allow }\n").unwrap();
    let install =
        ["--at-boot", "install", "--yes", "--trace-seconds", "1", "--policy", policy.to_str().unwrap()];
    let collect = ["--at-boot", "collect"];
    let state =
        |arguments: &[&str], exit| told(&trace_with(&aws, &id, arguments), exit)["instances"][0].clone();

    assert_eq!(state(&collect, 3)["outcome"], "none");
    assert_eq!(state(&install, 0)["state"], "installed");
    assert_eq!(state(&install, 3)["state"], "waiting");
    assert_eq!(state(&collect, 3)["outcome"], "waiting");
    assert_eq!(state(&["--at-boot", "remove"], 0)["state"], "removed");
    assert_eq!(state(&install, 0)["state"], "installed");

    restart(&aws, &id);
    assert_eq!(state(&["--trace-seconds", "1"], 10)["at_boot"]["state"], "finished");
    let collected = state(&collect, 10);
    assert_eq!(
        (&collected["outcome"], &collected["callers"][0]["process"]),
        (&"traced".into(), &"java".into())
    );
    let began: jiff::Timestamp = collected["boot_time"].as_str().unwrap().parse().unwrap();
    assert!(jiff::Timestamp::now().duration_since(began).as_secs() < 60, "{began}");
    assert_eq!(state(&collect, 3)["outcome"], "none");

    managed(&aws, &id, "Windows", REPORT, "Success");
    assert_eq!(state(&install, 3)["state"], "unsupported");
}
