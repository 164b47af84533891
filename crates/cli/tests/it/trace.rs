//! `readiness --trace`.

use std::time::Duration;

use insta::assert_snapshot;
use v2only_enforcer::Kind;
use v2only_enforcer::ports::TraceStep;
use v2only_policy::{HttpTokens, InstanceState};

use crate::fake_aws::operator::Traced;
use crate::fake_aws::{FakeAws, instance};
use crate::fake_world::FakeWorld;

const HERE: &str = "eu-central-1";
const A: &str = "i-0000000000000000a";
const B: &str = "i-0000000000000000b";

const PACKETS: &str = r#"{"v2only": "trace-imds-v1", "version": 1, "method": "packets", "seconds": 60, "without_token": 14, "with_token": 3, "unclear": 1, "connections": null, "namespaces": 2, "left_out": 0, "not_seen": ["callers that had ended before they could be looked up have no name here"]}
{"process": "java", "pids": [812, 840], "user": "tomcat", "uid": 91, "exe": "/usr/bin/java", "parent": "systemd", "container": null, "sources": ["10.0.0.5"], "paths": ["/latest/meta-data/iam/security-credentials/"], "without_token": 12, "with_token": 3, "unclear": 1, "connections": null}
{"process": null, "pids": [], "user": null, "uid": null, "exe": null, "parent": null, "container": null, "sources": ["172.17.0.2"], "paths": ["/latest/user-data"], "without_token": 2, "with_token": 0, "unclear": 0, "connections": null}
"#;
const NOBODY: &str = r#"{"v2only": "trace-imds-v1", "version": 1, "method": "packets", "seconds": 60, "without_token": 0, "with_token": 7, "unclear": 0, "connections": null}"#;
const SAMPLED: &str = r#"{"v2only": "trace-imds-v1", "version": 1, "method": "sampling", "seconds": 60, "without_token": null, "with_token": null, "unclear": null, "connections": 2, "not_seen": ["connections shorter than a tenth of a second"]}
{"process": "Agent", "pids": [4], "user": "NT AUTHORITY\\SYSTEM", "uid": null, "exe": "C:\\Agent.exe", "without_token": null, "connections": 2}"#;

fn one(output: &str) -> FakeWorld {
    let aws = FakeAws::default().at_home(HERE).instance(HERE, instance(A));
    FakeWorld::with(aws.traced(A, Traced::printing(TraceStep::Linux, output))).watched(160)
}

#[test]
fn callers_are_reported_with_what_could_not_be_seen() {
    let world = one(PACKETS);
    assert_snapshot!(world.run(&format!("readiness --trace {A}")).seen());
    let asked = world.aws.asked_of("ssm:SendCommand");
    assert_eq!(asked, [format!("{HERE} {A} 60")]);
    assert!(world.aws.asked().iter().all(|it| !it.contains("Modify")));
}

#[test]
fn a_trace_has_its_published_shape() {
    let aws = FakeAws::default().at_home(HERE).instance(HERE, instance(A));
    let world = FakeWorld::with(aws.traced(A, Traced::printing(TraceStep::Linux, PACKETS)));
    assert_snapshot!(world.run(&format!("readiness --trace {A} --output json -q")).seen());
}

#[test]
fn each_instance_is_a_line_for_programs_and_nothing_for_spreadsheets() {
    let world = one(PACKETS);
    let ran = world.run(&format!("readiness --trace {A} --output ndjson"));
    let lines: Vec<serde_json::Value> = ran.out.lines().map(|it| serde_json::from_str(it).unwrap()).collect();
    assert_eq!((lines.len(), &lines[0]["id"]), (1, &A.into()));
    let started = world.aws.calls_of("ssm:SendCommand");
    assert_eq!(world.run(&format!("readiness --trace {A} --output csv")).exit.code(), 2);
    assert_eq!(world.aws.calls_of("ssm:SendCommand"), started);
}

#[test]
fn the_exit_code_says_whether_version_1_was_called_or_may_have_been() {
    let code = |output: &str| one(output).run(&format!("readiness --trace {A}")).exit.code();
    assert_eq!(code(PACKETS), 10);
    assert_eq!(code(NOBODY), 0);
    assert_eq!(code(SAMPLED), 10, "what is not known may be version 1");
    assert_eq!(code(&SAMPLED.replace("\"connections\": 2", "\"connections\": 0")), 0);
    assert_eq!(code("no report"), 3);
}

#[test]
fn on_windows_the_other_step_is_asked_for() {
    let aws = FakeAws::default().at_home(HERE).instance(HERE, instance(A));
    let world = FakeWorld::with(aws.traced(A, Traced::printing(TraceStep::Windows, SAMPLED))).watched(160);
    assert_snapshot!(world.run(&format!("readiness --trace {A} -q")).seen());
    let asked = world.aws.asked_of("ssm:GetCommandInvocation");
    assert!(
        asked.first().unwrap().ends_with("traceLinux") && asked.last().unwrap().ends_with("traceWindows")
    );
}

#[test]
fn what_cannot_be_traced_is_named_with_what_to_do_and_the_others_are_traced() {
    let mut stopped = instance("i-0000000000000000c");
    stopped.state = InstanceState::Stopped;
    let aws = FakeAws::default()
        .at_home(HERE)
        .instance(HERE, instance(A))
        .instance(HERE, instance(B))
        .instance(HERE, stopped)
        .traced(A, Traced::printing(TraceStep::Linux, NOBODY));
    let world = FakeWorld::with(aws).watched(160);
    let line = format!("readiness --trace {A} {B} i-0000000000000000c i-0000000000000000d");
    let ran = world.run(&line);
    assert_snapshot!(ran.seen());
    assert_eq!(ran.exit.code(), 3);
    let json = world.run(&format!("{line} --output json")).json();
    let outcomes: Vec<&str> =
        json["instances"].as_array().unwrap().iter().filter_map(|it| it["outcome"].as_str()).collect();
    assert_eq!(outcomes, ["traced", "not-managed", "not-running", "not-found"]);
}

#[test]
fn a_command_that_ends_otherwise_is_told_with_its_last_words() {
    let aws = FakeAws::default().at_home(HERE).instance(HERE, instance(A));
    let world = FakeWorld::with(aws.traced(A, Traced::ending("Failed", "sh: line 1\nout of memory\n\n")));
    let ran = world.run(&format!("readiness --trace {A}"));
    assert_eq!(ran.exit.code(), 3);
    assert!(ran.err.contains("the command ended as Failed: out of memory"), "{}", ran.err);
}

#[test]
fn it_is_waited_for_as_long_as_a_trace_takes_and_not_for_ever() {
    let aws = FakeAws::default().at_home(HERE).instance(HERE, instance(A));
    let aws = aws.traced(A, Traced::printing(TraceStep::Linux, PACKETS).never_ending());
    let world = FakeWorld::with(aws);
    let ran = world.run(&format!("readiness --trace {A} --trace-seconds 300"));
    assert_eq!(ran.exit.code(), 3);
    assert!(ran.err.contains("has not ended yet"), "{}", ran.err);
    let waited = world.aws.waited();
    assert!(Duration::from_secs(500) < waited && waited <= Duration::from_secs(540), "{waited:?}");
    assert!(world.aws.calls_of("ssm:GetCommandInvocation") < 70);
}

#[test]
fn an_instance_that_requires_tokens_is_traced_too_because_its_software_may_still_try() {
    let mut shut = instance(A);
    shut.options.http_tokens = HttpTokens::Required;
    let aws = FakeAws::default().at_home(HERE).instance(HERE, shut);
    let world = FakeWorld::with(aws.traced(A, Traced::printing(TraceStep::Linux, PACKETS)));
    assert_eq!(world.run(&format!("readiness --trace {A}")).exit.code(), 10);
}

#[test]
fn a_missing_document_and_a_denied_command_say_what_to_do() {
    let failing = |kind: Kind, code: &str| {
        let aws = FakeAws::default().at_home(HERE).instance(HERE, instance(A));
        let world = FakeWorld::with(aws.failing("ssm:SendCommand", None, kind, code, "no"));
        let ran = world.run(&format!("readiness --trace {A}"));
        assert_eq!(ran.exit.code(), 3);
        ran.err
    };
    let said = failing(Kind::Invalid, "InvalidDocument");
    assert!(said.contains("the document v2only-TraceImdsV1 is not here"), "{said}");
    assert!(said.contains("hint: deploy the templates of infra/ there"), "{said}");
    assert!(failing(Kind::Denied, "AccessDeniedException").contains("hint: grant the action to the role"));
}

#[test]
fn what_an_instance_prints_cannot_speak_to_the_terminal() {
    let evil = PACKETS.replace("tomcat", "\\u001b[2Jroot").replace("have no name here", "\\u001b[31m");
    let ran = one(&evil).run(&format!("readiness --trace {A}"));
    assert!(!ran.out.contains('\u{1b}') && !ran.err.contains('\u{1b}'), "{:?}", ran.out);
    assert!(ran.out.contains("root"));
}

/// Three instances of a group. The canaries are two: one calls IMDSv1, and the other does not.
fn group() -> FakeAws {
    let tagged = |id: &str| {
        let mut it = instance(id);
        it.tags.insert("aws:autoscaling:groupName".to_owned(), "web".to_owned());
        it.tags.insert("app".to_owned(), "shop".to_owned());
        it
    };
    let python = PACKETS.replace("\"java\"", "\"python3.8\"");
    FakeAws::default()
        .at_home(HERE)
        .instance(HERE, tagged(A))
        .instance(HERE, tagged(B))
        .instance(HERE, tagged("i-0000000000000000c"))
        .instance(HERE, instance("i-0000000000000000d"))
        .traced(A, Traced::printing(TraceStep::Linux, &python))
        .traced(B, Traced::printing(TraceStep::Linux, NOBODY))
        .installed(A, "bash", "5.1")
        .installed(A, "python3-boto3", "1.12")
}

#[test]
fn a_group_is_traced_by_its_canaries_and_old_sdks_are_named() {
    let world = FakeWorld::with(group()).watched(170);
    let ran = world.run("readiness --trace asg:web --canary 2");
    assert_eq!(ran.exit.code(), 10, "{}", ran.err);
    assert_eq!(world.aws.asked_of("ssm:SendCommand").len(), 2, "two of three instances");
    let words = "python3.8 with boto3 1.12 in group web: needs >= 1.12.6";
    assert!(ran.err.contains(words), "{}", ran.err);
    assert!(ran.err.contains("group web: 2 of 3 running instances traced"), "{}", ran.err);
    assert!(ran.out.contains("1 of 2"), "{}", ran.out);
    // The inventory is read of the instance with callers only, all pages of it.
    assert_eq!(world.aws.asked_of("ssm:ListInventoryEntries"), [A, A]);

    let json = world.run("readiness --trace tag:app=shop --canary 2 --output json").json();
    let group = &json["groups"][0];
    assert_eq!((&group["group"], &group["running"]), (&"tag app=shop".into(), &3.into()));
    assert_eq!((&group["traced"], &group["calling"]), (&2.into(), &1.into()));
    let caller = &group["callers"][0];
    assert_eq!((&caller["process"], &caller["instances"]), (&"python3.8".into(), &1.into()));
    assert_eq!(caller["outdated"][0]["minimum"], "1.12.6");
    let outcomes: Vec<&str> =
        json["instances"].as_array().unwrap().iter().filter_map(|it| it["inventory"].as_str()).collect();
    assert_eq!(outcomes, ["read", "not-needed"]);
}

#[test]
fn a_group_without_a_running_instance_is_incomplete() {
    let ran = FakeWorld::with(group()).run("readiness --trace asg:db");
    assert_eq!(ran.exit.code(), 3);
    assert!(ran.err.contains("no running instance of group db was found"), "{}", ran.err);
}

#[test]
fn a_trace_counts_without_an_inventory() {
    let world = one(PACKETS);
    let ran = world.run(&format!("readiness --trace {A}"));
    assert!(ran.err.contains("AWS-GatherSoftwareInventory"), "{}", ran.err);
    let aws = group().failing("ssm:ListInventoryEntries", None, Kind::Denied, "AccessDeniedException", "no");
    let ran = FakeWorld::with(aws).run(&format!("readiness --trace {A}"));
    assert_eq!(ran.exit.code(), 10);
    assert!(ran.err.contains("its inventory could not be read"), "{}", ran.err);
}

#[test]
fn what_is_typed_wrong_starts_nothing() {
    let world = one(PACKETS);
    for line in [
        "--trace web-1",
        "--trace",
        "--trace-seconds 5",
        "--trace asg:",
        "--trace tag:app",
        "--canary 3",
        "--trace asg:web --canary 0",
        &format!("--trace {A} --trace-seconds 901"),
        &format!("--trace {A} --days 3"),
    ] {
        assert_eq!(world.run(&format!("readiness {line}")).exit.code(), 2, "{line}");
    }
    assert_eq!(world.aws.changes(), [""; 0]);
}
