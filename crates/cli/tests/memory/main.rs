//! Memory does not grow with the estate: a process of its own, because all of its memory is measured.
//!
//! An estate four times as large is reported, planned for and changed after a smaller one, which leaves behind as much memory
//! as that takes. Code that keeps what was found, or its result, keeps some kilobytes of each instance, and fails here.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
#![expect(clippy::indexing_slicing, reason = "a wrong index is a failed test")]
#![expect(dead_code, reason = "the other tests use the rest of their fakes")]

#[path = "../it/fake_aws.rs"]
mod fake_aws;
#[path = "../it/fake_deployment.rs"]
mod fake_deployment;
#[path = "../it/fake_world.rs"]
mod fake_world;

use std::io::{self, Write};

use fake_aws::{FakeAws, instance, tagged};
use fake_world::FakeWorld;

const POLICY: &str = "\
version: 1
mode: enforce
instances: { usage_gate: { applies_to: none } }
";

const FEW: usize = 2_500;
const MANY: usize = 10_000;

/// What `MANY` may take beyond what `FEW` left behind, in kilobytes. Keeping them would take 40 MB, and their text 15 MB.
const MORE: usize = 8 * 1024;

/// So many instances that answer version 1, with many tags, as instances have.
fn world(number: usize) -> FakeWorld {
    let tags: Vec<(String, String)> = (0..30).map(|it| (format!("team:key-{it}"), "x".repeat(32))).collect();
    let tags: Vec<(&str, &str)> = tags.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    let aws = (0..number).fold(FakeAws::default(), |aws, number| {
        aws.instance("eu-central-1", tagged(instance(&format!("i-{number:017x}")), &tags))
    });
    // No disk: each line of a journal is synchronized.
    FakeWorld::within("/dev/shm", aws.at_home("eu-central-1")).file("policy.yaml", POLICY)
}

/// Counts lines, and keeps none.
#[derive(Default)]
struct Lines(usize);

impl Write for Lines {
    fn write(&mut self, some: &[u8]) -> io::Result<usize> {
        self.0 += some.iter().filter(|it| **it == b'\n').count();
        Ok(some.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A line of what Linux says of this process, in kilobytes.
fn kilobytes(name: &str) -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|it| it.starts_with(name)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// How much memory a run takes at its peak beyond what is taken before it, and how many lines it prints.
fn taken(world: &FakeWorld, line: &str) -> (usize, usize) {
    // From here on the peak is counted anew.
    std::fs::write("/proc/self/clear_refs", "5").unwrap();
    let before = kilobytes("VmRSS:");
    let (mut out, mut err) = (Lines::default(), Lines::default());
    let exit = world.run_into(line, &mut out, &mut err);
    assert!([0, 10].contains(&exit.code()), "{line}: {}", exit.code());
    (kilobytes("VmHWM:").saturating_sub(before), out.0)
}

#[test]
fn four_times_the_instances_take_no_more_memory() {
    let question = "enforce --policy DIR/policy.yaml";
    let done = "enforce --policy DIR/policy.yaml --yes --soak 0s --journal DIR/j.ndjson";
    let formats = ["table", "json", "ndjson", "csv", "sarif", "asff", "ocsf", "html"];
    let mut lines: Vec<String> = formats.iter().map(|it| format!("scan --output {it}")).collect();
    lines.extend(["scan --list", question, done].map(str::to_owned));
    let asked = |number: usize| world(number).watched(200).stdin("n\n");

    let (few, many) = (asked(FEW), asked(MANY));
    for line in &lines {
        taken(&few, line);
    }
    let mut grown = Vec::new();
    for line in &lines {
        let (more, printed) = taken(&many, line);
        grown.push((line.as_str(), more));
        if line.contains("--list") {
            assert!(printed > MANY, "a row for each: {printed}");
        }
    }
    assert_eq!(many.read("j.ndjson").lines().count(), MANY, "all of them are changed in the end");
    let too_much: Vec<_> = grown.iter().filter(|(_, more)| *more > MORE).collect();
    assert!(too_much.is_empty(), "more than {MORE} KB: {too_much:?} of {grown:?}");
}
