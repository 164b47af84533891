//! `policies/README.md` has one heading for each Sid, and one line for each file.

use std::collections::BTreeSet;
use std::fs;

use v2only_guardrails::{File, Settings, render};

fn readme() -> String {
    fs::read_to_string(super::policies().join("README.md")).unwrap()
}

/// With everything that a document can make appear.
fn everything() -> Settings {
    Settings { disables_endpoints: true, repoints_groups: true, ..Settings::shipped() }
}

#[test]
fn every_sid_has_a_heading_and_every_heading_a_sid() {
    let sids: BTreeSet<String> = render(&everything()).unwrap().iter().flat_map(File::sids).collect();
    let text = readme();
    let headings: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("### ")).collect();
    assert_eq!(headings.iter().map(|it| (*it).to_owned()).collect::<BTreeSet<_>>(), sids);
    assert_eq!(headings.len(), sids.len(), "a heading occurs twice");
}

#[test]
fn every_file_is_named() {
    let text = readme();
    for file in render(&Settings::shipped()).unwrap() {
        assert!(text.contains(&format!("`{}`", file.path)), "{} is not mentioned", file.path);
    }
}

/// Each denial says what it denies, what it lets through, and how to roll it back or whom it spares.
#[test]
fn every_denial_is_described_in_full() {
    let text = readme();
    for file in render(&everything()).unwrap() {
        for statement in super::statements(&file.json) {
            let sid = statement["Sid"].as_str().unwrap();
            let section = text.split(&format!("\n### {sid}\n")).nth(1).unwrap_or_default();
            let section = section.split("\n#").next().unwrap_or_default();
            let wanted: &[&str] = if statement["Effect"] == "Deny" {
                &["Denies", "Lets through", "Spares"]
            } else {
                &["Grants"]
            };
            for word in wanted {
                assert!(section.contains(&format!("**{word}**")), "{sid} does not say what it {word}");
            }
        }
    }
}
