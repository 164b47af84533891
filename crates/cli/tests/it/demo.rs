//! `v2only demo` as a stranger runs it: the built command alone in a folder, no AWS environment.

use std::io::ErrorKind;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use serde_json::Value;

/// Name, how many, verdict, end, steps, and what AWS says afterwards.
type Expected = (&'static str, usize, &'static str, &'static str, &'static [&'static str], &'static str);

const TOKENS: &[&str] = &["HttpTokens=required"];
const VERSION_2: &[&str] = &["minimum IMDS version=2"];

#[rustfmt::skip]
const FLEET: [Expected; 26] = [
    ("asks-for-v1", 1, "violation", "fixed", TOKENS, "required enabled 1"),
    ("asks-nothing", 1, "violation", "fixed", TOKENS, "required enabled 1"),
    ("three-hops", 1, "violation", "fixed", TOKENS, "required enabled 3"),
    ("eks-node", 1, "violation", "fixed", &["HttpTokens=required HttpPutResponseHopLimit=2"], "required enabled 2"),
    ("exempt-expired", 1, "violation", "fixed", TOKENS, "required enabled 1"),
    ("exempt-no-reason", 1, "violation", "fixed", TOKENS, "required enabled 1"),
    ("burst", 60, "violation", "fixed", TOKENS, "required enabled 1"),
    ("in-a-member", 1, "violation", "fixed", TOKENS, "required enabled 2"),
    ("auto-scaling", 3, "violation", "fixed", TOKENS, "required enabled 1"),
    ("spot", 1, "violation", "fixed", TOKENS, "required enabled 1"),
    ("turned-back", 1, "violation", "fixed", TOKENS, "required enabled 2"),
    ("asks-for-v2", 1, "compliant", "compliant", &[], "required enabled 2"),
    ("endpoint-off", 1, "compliant", "compliant", &[], "optional disabled 1"),
    ("account-default", 1, "compliant", "compliant", &[], "required enabled 2"),
    ("exempt-by-policy", 1, "exempt", "exempt", &[], "optional enabled 1"),
    ("exempt-by-tag", 1, "exempt", "exempt", &[], "optional enabled 1"),
    ("eks-auto-mode", 1, "violation", "held: managed", &[], "optional enabled 1"),
    ("started-again", 1, "violation", "held: usage-gate", &[], "optional enabled 1"),
    ("contested", 1, "violation", "held: contested", &["HttpTokens=required", "HttpTokens=required"], "optional enabled 2"),
    ("created-v1", 1, "violation", "fixed",
     &["mark as running, then stop", "minimum IMDS version=2", "start again", "remove the restart mark"], "2 InService"),
    ("created-v2", 1, "compliant", "compliant", &[], "2 InService"),
    ("stopped-v1", 1, "violation", "fixed", VERSION_2, "2 Stopped"),
    ("failed-v1", 1, "violation", "fixed", VERSION_2, "2 Stopped"),
    ("started-v1", 1, "violation", "held: in-service", &[], "1 InService"),
    ("amazon-linux-2", 1, "violation", "held: amazon-linux-2", &[], "1 InService"),
    ("amazon-linux-1", 1, "violation", "held: amazon-linux-1", &[], "unknown InService"),
];

/// A copy of the command alone in a folder, run with nothing in its environment.
fn demo(arguments: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let command = folder.path().join(format!("v2only{}", std::env::consts::EXE_SUFFIX));
    std::fs::copy(env!("CARGO_BIN_EXE_v2only"), &command).unwrap();
    loop {
        match Command::new(&command).arg("demo").args(arguments).env_clear().output() {
            // A test beside this one was just starting a process, which has our open file until it is started.
            Err(error) if error.kind() == ErrorKind::ExecutableFileBusy => {}
            output => return output.unwrap(),
        }
    }
}

#[test]
fn every_resource_ends_as_the_policy_says() {
    let begun = Instant::now();
    let output = demo(&["--output", "json"]);
    let took = begun.elapsed();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(!output.stdout.is_empty(), "{stderr}");
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();

    let resources = document["resources"].as_array().unwrap();
    assert_eq!(resources.len(), FLEET.len(), "{resources:#?}");
    for expected in FLEET {
        check(resources, expected);
    }
    for invariant in document["checks"].as_array().unwrap() {
        assert_eq!(invariant["holds"], true, "{invariant} {}", document["cost"]);
    }
    assert!(output.status.success(), "{stderr}");
    assert_eq!(
        (document["schema"].as_str(), document["exit_code"].as_u64()),
        (Some("v2only.demo.v1"), Some(0))
    );
    assert!(took < Duration::from_secs(60), "{took:?}");
    cost(&document["cost"]);
    assert_eq!(document["aside"]["ignored"].as_array().unwrap().len(), 2, "{}", document["aside"]);
    assert_eq!(document["aside"]["malformed"].as_array().unwrap().len(), 1, "{}", document["aside"]);
}

#[track_caller]
fn check(resources: &[Value], (name, count, verdict, end, done, after): Expected) {
    let found: Vec<&Value> = resources.iter().filter(|it| it["name"] == name).collect();
    assert_eq!(found.len(), 1, "rows of {name}");
    let it = found[0];
    assert_eq!(it["ids"].as_array().unwrap().len(), count, "{it}");
    assert_eq!(it["verdict"], verdict, "{it}");
    let hold = it["hold"].as_str().map(|hold| format!(": {hold}")).unwrap_or_default();
    assert_eq!(format!("{}{hold}", it["end"].as_str().unwrap()), end, "{it}");
    assert_eq!(it["done"], Value::from(done.to_vec()), "{it}");
    assert!(!it["reasons"].as_array().unwrap().is_empty(), "{it}");
    let now = &it["after"];
    let text = |key: &str| now[key].as_str().unwrap_or("unknown").to_owned();
    let described = if it["kind"] == "notebook" {
        format!("{} {}", text("minimum_version"), text("status"))
    } else {
        format!("{} {} {}", text("http_tokens"), text("http_endpoint"), now["hop_limit"])
    };
    assert_eq!(described, after, "{it}");
}

/// What is changed is exact. How often something is read depends on how events fall into batches.
fn cost(cost: &Value) {
    let calls = &cost["calls"];
    assert_eq!(calls["ec2:ModifyInstanceMetadataOptions"], 74, "one for each violating instance: {calls}");
    assert_eq!(calls["ec2:CreateTags"], 4, "one for each time version 1 was turned back on: {calls}");
    for (action, times) in [("Stop", 1), ("Update", 3), ("Start", 1)] {
        assert_eq!(calls[format!("sagemaker:{action}NotebookInstance")], times, "{calls}");
    }
    assert_eq!(cost["compliant_launch_calls"], 0, "{cost}");
    assert!(cost["calls_total"].as_u64().unwrap() <= 260, "{cost}");
    assert_eq!(cost["dead_letters"], 0, "{cost}");
}

#[test]
fn the_report_says_what_was_done_without_colour_and_within_100_columns() {
    let output = demo(&[]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text}");
    for part in
        ["RESOURCE", "Launched by role/developer (ana)", "What it cost", "Checked at the end", "Try next"]
    {
        assert!(text.contains(part), "{part} is missing in:\n{text}");
    }
    assert!(!text.contains('\u{1b}'), "colours in a pipe");
    for line in text.lines() {
        assert!(line.chars().count() <= 100, "{} columns: {line}", line.chars().count());
        assert_eq!(line, line.trim_end(), "blanks at the end");
    }
}

#[test]
fn a_folder_without_functions_is_a_usage_error() {
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_v2only"))
        .args(["demo", "--functions"])
        .arg(folder.path())
        .env_clear()
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.contains("`ec2-enforcer` is not in"), "{stderr}");
}

/// Only the demo starts the command as a function; a name that no function has is an error.
#[test]
fn the_command_is_a_function_only_by_its_name() {
    let output = Command::new(env!("CARGO_BIN_EXE_v2only"))
        .args(["--run-function", "other"])
        .env_clear()
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("no function is named `other`"));
}
