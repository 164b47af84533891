//! The shipped Guard rules, run by Guard's own test command over the tests that lie beside them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use cfn_guard::commands::Executable;
use cfn_guard::utils::reader::Reader;
use cfn_guard::utils::writer::{WriteBuffer, Writer};
use cfn_guard::{CommandBuilder, TestBuilder};

fn rules() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../policies/guard")
}

/// What Guard says of each rule file, and the number it leaves with.
fn tested(verbose: bool) -> (i32, String) {
    let folder = rules().to_str().unwrap().to_owned();
    let command = TestBuilder::default()
        .directory(Some(folder))
        .alphabetical(true)
        .verbose(verbose)
        .try_build()
        .unwrap();
    let mut writer = Writer::new(WriteBuffer::Vec(Vec::new())).unwrap();
    let code = command.execute(&mut writer, &mut Reader::default()).unwrap();
    (code, writer.into_string().unwrap())
}

#[test]
fn every_shipped_rule_does_what_its_tests_say() {
    let (code, said) = tested(false);
    assert_eq!(code, 0, "{said}");
    assert!(!said.contains("FAIL Rules:"), "{said}");
}

#[test]
fn every_shipped_rule_has_a_pass_a_fail_and_a_skip_test() {
    let mut seen: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut tests = String::new();
    for file in std::fs::read_dir(rules().join("tests")).unwrap() {
        tests.push_str(&std::fs::read_to_string(file.unwrap().path()).unwrap());
    }
    for line in tests.lines() {
        if let Some((name, status)) = line.trim().split_once(": ")
            && ["PASS", "FAIL", "SKIP"].contains(&status)
        {
            seen.entry(name).or_default().push(status);
        }
    }
    let files = v2only_guardrails::iac::guard::files(&v2only_guardrails::Settings::shipped());
    for rule in files.iter().flat_map(|it| it.rules()) {
        let statuses = seen.get(rule).cloned().unwrap_or_default();
        for status in ["PASS", "FAIL", "SKIP"] {
            assert!(statuses.contains(&status), "{rule} has no {status} test");
        }
    }
}
