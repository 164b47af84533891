//! Every table, at each width that people have: three accounts, mixed kinds, long names and wide characters.

use std::fmt::Write as _;

use insta::assert_snapshot;
use v2only_enforcer::ports::Metric;
use v2only_policy::instance::{HttpTokens, Instance};
use v2only_policy::notebook::NotebookStatus;

use crate::fake_aws::{FakeAws, instance, notebook, tagged};
use crate::fake_deployment::Deployment;
use crate::fake_world::FakeWorld;

const POLICY: &str = "\
version: 1
mode: enforce
instances:
  hop_limit: { max: 2 }
  usage_gate: { applies_to: none }
exemptions:
  - match: { tag: { key: app, value: legacy-billing } }
    reason: vendor agent speaks only v1
    owner: billing@example.com
    until: 2026-11-25
";

fn exposed(it: Instance) -> Instance {
    Instance {
        public_address: true,
        profile: Some("arn:aws:iam::111122223333:instance-profile/web".to_owned()),
        ..it
    }
}

fn estate() -> FakeAws {
    let mut hops = tagged(instance("i-0000000000000000b"), &[("Name", "決済サーバー")]);
    hops.options.http_tokens = HttpTokens::Required;
    hops.options.hop_limit = Some(5);
    let name = "batch-processing-of-nightly-invoices-primary-worker-0001";
    FakeAws::default()
        .at_home("eu-central-1")
        .members(&[
            ("111122223333", "payments"),
            ("444455556666", "a-data-science-sandbox-of-the-research-department"),
            ("777788889999", "運用"),
        ])
        .instance("eu-central-1", tagged(instance("i-0000000000000000a"), &[("Name", "web")]))
        .instance("eu-central-1", hops)
        .instance("eu-central-1", tagged(instance("i-0000000000000000c"), &[("app", "legacy-billing")]))
        .instance("eu-central-1", exposed(tagged(instance("i-0000000000000000d"), &[("Name", name)])))
        .counted("i-0000000000000000a", Metric::NoToken, &[7; 14])
        .notebook("eu-central-1", notebook("training", NotebookStatus::Stopped))
}

/// What each width prints, and a pipe.
fn at_widths(world: impl Fn() -> FakeWorld, lines: &[&str]) -> String {
    let mut text = String::new();
    for width in [Some(60), Some(80), Some(120), Some(200), None] {
        let world = width.map_or_else(&world, |width| world().watched(width));
        for (number, line) in lines.iter().enumerate() {
            let ran = world.run(line);
            assert!(ran.exit.code() != 2, "{}", ran.err);
            if number + 1 == lines.len() {
                let width = width.map_or_else(|| "a pipe".to_owned(), |width| width.to_string());
                writeln!(text, "== {width}\n{}", ran.out).unwrap();
            }
        }
    }
    text
}

fn world() -> FakeWorld {
    FakeWorld::with(estate()).file("policy.yaml", POLICY)
}

const ORGANIZATION: &str = "--org --role-name v2only-scanner";

#[test]
fn scan_by_cause() {
    assert_snapshot!(at_widths(world, &[&format!("scan {ORGANIZATION} --policy DIR/policy.yaml")]));
}

#[test]
fn scan_by_resource() {
    assert_snapshot!(at_widths(world, &[&format!("scan --list {ORGANIZATION} --policy DIR/policy.yaml")]));
}

#[test]
fn enforce() {
    assert_snapshot!(at_widths(world, &["enforce --yes --policy DIR/policy.yaml --journal DIR/j.ndjson"]));
}

#[test]
fn rollback() {
    let enforce = "enforce --yes --policy DIR/policy.yaml --journal DIR/j.ndjson";
    assert_snapshot!(at_widths(world, &[enforce, "rollback --yes DIR/j.ndjson"]));
}

#[test]
fn readiness() {
    assert_snapshot!(at_widths(world, &[&format!("readiness {ORGANIZATION} --tag Name")]));
}

#[test]
fn doctor() {
    let broken = || {
        let mut deployment = Deployment::organization();
        deployment.functions.values_mut().for_each(|(_, mappings)| mappings.clear());
        FakeWorld::with(FakeAws::default().at_home("eu-central-1").deployed(deployment))
    };
    assert_snapshot!(at_widths(broken, &["doctor"]));
}

#[test]
fn policies_list() {
    assert_snapshot!(at_widths(world, &["policies list"]));
}
