//! `scan --output asff --import`.

use serde_json::{Value, json};
use v2only_enforcer::Kind;
use v2only_policy::notebook::NotebookStatus;

use crate::fake_aws::{FakeAws, instance, notebook};
use crate::fake_world::FakeWorld;

const IMPORT: &str = "scan --region eu-central-1 --region us-east-1 --output asff --import";
const FIRST: &str = "i-0000000000000000a";
const SECOND: &str = "i-0000000000000000b";

fn estate() -> FakeAws {
    FakeAws::default()
        .at_home("eu-central-1")
        .instance("eu-central-1", instance(FIRST))
        .instance("eu-central-1", instance(SECOND))
        .instance("us-east-1", instance("i-0000000000000000c"))
        .notebook("eu-central-1", notebook("training", NotebookStatus::InService))
}

fn states(aws: &FakeAws) -> Vec<(String, String, String)> {
    let text = |it: &Value| it.as_str().unwrap().to_owned();
    let one = |finding: &Value| {
        let id = text(&finding["Id"]).split('/').nth(5).unwrap().to_owned();
        (id, text(&finding["RecordState"]), text(&finding["Compliance"]["Status"]))
    };
    aws.findings().iter().map(one).collect()
}

fn state_of(aws: &FakeAws, id: &str) -> (String, String) {
    states(aws).into_iter().find(|it| it.0 == id).map(|it| (it.1, it.2)).unwrap()
}

fn active() -> (String, String) {
    ("ACTIVE".to_owned(), "FAILED".to_owned())
}

fn closed() -> (String, String) {
    ("ARCHIVED".to_owned(), "PASSED".to_owned())
}

#[test]
fn what_is_sent_is_what_is_printed_each_into_its_own_place() {
    let world = FakeWorld::with(estate());
    let ran = world.run(IMPORT);
    assert_eq!(ran.exit.code(), 10, "{}", ran.err);
    assert!(ran.err.contains("sent 4 findings to Security Hub, 0 of them to close"), "{}", ran.err);
    let mut printed = ran.json()["Findings"].as_array().unwrap().clone();
    printed.sort_by_key(|it| it["Id"].to_string());
    assert_eq!(printed, world.aws.findings());
    let without = world.run("scan --region eu-central-1 --region us-east-1 --output asff -q").json();
    assert_eq!(ran.json(), without);
    let sent: Vec<String> = world.aws.changes().into_iter().filter(|it| it.contains("BatchImport")).collect();
    assert_eq!(sent, ["securityhub:BatchImportFindings 3", "securityhub:BatchImportFindings 1"]);
}

#[test]
fn what_is_clean_now_is_closed_and_keeps_its_birthday() {
    let world = FakeWorld::with(estate());
    world.run(IMPORT);
    world.aws.fix(FIRST);
    let ran = world.run(IMPORT);
    assert!(ran.err.contains("sent 4 findings to Security Hub, 1 of them to close"), "{}", ran.err);
    assert_eq!(state_of(&world.aws, FIRST), closed());
    assert_eq!(state_of(&world.aws, SECOND), active());
    assert!(world.aws.findings().iter().all(|it| it["CreatedAt"] == "2026-11-20T10:15:00Z"));
    let third = world.run(IMPORT);
    assert!(third.err.contains("sent 3 findings to Security Hub, 0 of them to close"), "{}", third.err);
}

#[test]
fn an_incomplete_scan_closes_nothing() {
    let denied = ("sagemaker:ListNotebookInstances", Kind::Denied);
    let world = FakeWorld::with(estate());
    world.run(IMPORT);
    world.aws.fix(FIRST);
    let aws =
        world.aws.clone().failing(denied.0, Some("eu-central-1"), denied.1, "AccessDeniedException", "no");
    let world = FakeWorld::with(aws);
    assert_eq!(world.run(IMPORT).exit.code(), 3);
    assert_eq!(state_of(&world.aws, FIRST), active());
    assert_eq!(state_of(&world.aws, "training"), active());
}

#[test]
fn a_scan_of_one_kind_closes_no_other() {
    let world = FakeWorld::with(estate());
    world.run(IMPORT);
    world.aws.fix(FIRST);
    world.run(&format!("{IMPORT} --kind notebook"));
    assert_eq!(state_of(&world.aws, FIRST), active());
    world.run(&format!("{IMPORT} --kind instance"));
    assert_eq!(state_of(&world.aws, FIRST), closed());
    assert_eq!(state_of(&world.aws, "training"), active());
}

#[test]
fn what_security_hub_does_not_take_is_named_and_the_run_incomplete() {
    let world = FakeWorld::with(estate().refusing_findings(SECOND));
    let ran = world.run(IMPORT);
    assert_eq!(ran.exit.code(), 3);
    let named = format!(
        "finding v2only/aws/111122223333/eu-central-1/instance/{SECOND}/http-tokens in 111122223333/eu-central-1: InvalidInput: no such thing"
    );
    assert!(ran.err.contains(&named), "{}", ran.err);
    assert_eq!(world.aws.findings().len(), 3);
}

#[test]
fn a_place_without_security_hub_is_named_and_the_others_are_told() {
    let why = "Account 111122223333 is not subscribed to AWS Security Hub";
    let aws = estate().failing(
        "securityhub:GetFindings",
        Some("us-east-1"),
        Kind::Refused,
        "InvalidAccessException",
        why,
    );
    let world = FakeWorld::with(aws);
    let ran = world.run(IMPORT);
    assert_eq!(ran.exit.code(), 3);
    assert!(
        ran.err.contains(
            "Security Hub of 111122223333/us-east-1: securityhub:GetFindings: InvalidAccessException"
        ),
        "{}",
        ran.err
    );
    assert_eq!(world.aws.findings().len(), 3);
}

#[test]
fn many_findings_go_a_hundred_at_a_time() {
    let mut aws = FakeAws::default().at_home("eu-central-1");
    for number in 0..250 {
        aws = aws.instance("eu-central-1", instance(&format!("i-{number:017}")));
    }
    let world = FakeWorld::with(aws);
    let ran = world.run("scan --kind instance --output asff --import");
    assert_eq!(world.aws.calls_of("securityhub:BatchImportFindings"), 3);
    assert_eq!(ran.json()["Findings"].as_array().unwrap().len(), 250);
}

#[test]
fn import_is_asked_for_in_its_format() {
    let world = FakeWorld::with(estate());
    let ran = world.run("scan --import --output json");
    assert_eq!((ran.exit.code(), ran.out.as_str()), (2, ""));
    assert!(ran.err.contains("v2only scan --output asff --import"), "{}", ran.err);
    assert_eq!(world.aws.asked(), [""; 0]);
    let nothing = FakeWorld::with(FakeAws::default().at_home("eu-central-1"));
    assert_eq!(nothing.run("scan --output asff --import -q").json(), json!({ "Findings": [] }));
    assert_eq!(nothing.aws.calls_of("securityhub:BatchImportFindings"), 0);
}

const INSTANCE: &str = "arn:aws:ec2:eu-central-1:111122223333:instance/i-0000000000000000a";
const OTHER: &str = "arn:aws:ec2:eu-central-1:111122223333:instance/i-0000000000000000b";
const EXEMPT: &str = "\
version: 1
mode: enforce
exemptions:
  - match: { resources: [i-0000000000000000a] }
    reason: vendor agent speaks only v1
    owner: billing@example.com
    until: 2026-11-21
";
const WITH_POLICY: &str = "scan --policy DIR/policy.yaml --output asff --import";

fn with_controls() -> FakeAws {
    estate().control("eu-central-1", "EC2.8", INSTANCE).control("eu-central-1", "EC2.8", OTHER)
}

fn status(world: &FakeWorld, resource: &str) -> (String, Option<String>) {
    let all = world.aws.workflows();
    all.into_iter().find(|it| it.0.ends_with(resource)).map(|it| (it.1, it.2)).unwrap()
}

/// Security Hub and the document say the same of an exempt resource, and only until its exemption ends.
#[test]
fn findings_of_aws_own_controls_are_suppressed_until_the_exemption_ends() {
    let world = FakeWorld::with(with_controls()).file("policy.yaml", EXEMPT);
    let ran = world.run(WITH_POLICY);
    assert!(
        ran.err.contains("suppressed 1 of AWS's own controls for exempt resources, and took back 0"),
        "{}",
        ran.err
    );
    let note =
        "Exempt through 2026-11-21: vendor agent speaks only v1, owner billing@example.com (exemptions[0])";
    assert_eq!(status(&world, INSTANCE), ("SUPPRESSED".to_owned(), Some(note.to_owned())));
    assert_eq!(status(&world, OTHER), ("NEW".to_owned(), None));
    world.run(WITH_POLICY);
    assert_eq!(world.aws.calls_of("securityhub:BatchUpdateFindings"), 1, "a second run changes nothing");
    let world = world.file("policy.yaml", &EXEMPT.replace("2026-11-21", "2026-11-19"));
    let ran = world.run(WITH_POLICY);
    assert!(
        ran.err.contains("suppressed 0 of AWS's own controls for exempt resources, and took back 1"),
        "{}",
        ran.err
    );
    let (workflow, note) = status(&world, INSTANCE);
    assert_eq!(workflow, "NEW");
    assert!(note.unwrap().contains("ended"));
}

#[test]
fn an_incomplete_scan_takes_no_suppression_back() {
    let world = FakeWorld::with(with_controls()).file("policy.yaml", EXEMPT);
    world.run(WITH_POLICY);
    let aws = world.aws.clone().failing(
        "sagemaker:ListNotebookInstances",
        None,
        Kind::Denied,
        "AccessDenied",
        "no",
    );
    let world = FakeWorld::with(aws).file("policy.yaml", "version: 1\nmode: enforce\n");
    assert_eq!(world.run(WITH_POLICY).exit.code(), 3);
    assert_eq!(status(&world, INSTANCE).0, "SUPPRESSED");
}

#[test]
fn an_update_that_security_hub_refuses_is_named_and_the_run_incomplete() {
    let aws = with_controls().refusing_findings("EC2.8/");
    let world = FakeWorld::with(aws).file("policy.yaml", EXEMPT);
    let ran = world.run(WITH_POLICY);
    assert_eq!(ran.exit.code(), 3);
    assert!(
        ran.err.contains("in 111122223333/eu-central-1: FindingNotFound: no such finding"),
        "{}",
        ran.err
    );
    let aws = with_controls().failing(
        "securityhub:BatchUpdateFindings",
        None,
        Kind::Denied,
        "AccessDeniedException",
        "not authorized",
    );
    let ran = FakeWorld::with(aws).file("policy.yaml", EXEMPT).run(WITH_POLICY);
    assert_eq!(ran.exit.code(), 3);
    assert!(
        ran.err.contains("AWS's own controls in Security Hub of 111122223333/eu-central-1"),
        "{}",
        ran.err
    );
}

#[test]
fn findings_name_the_requirements_that_aws_relates_to_its_own_control() {
    let printed = FakeWorld::with(estate()).run("scan --kind instance --output asff -q").json();
    let requirements =
        printed["Findings"][0]["Compliance"]["RelatedRequirements"].as_array().unwrap().clone();
    for wanted in ["CIS AWS Foundations Benchmark v5.0.0/5.7", "NIST.800-53.r5 AC-6", "PCI DSS v4.0.1/2.2.6"]
    {
        assert!(requirements.contains(&wanted.into()), "{requirements:?}");
    }
    let notebook = FakeWorld::with(estate()).run("scan --kind notebook --output asff -q").json();
    assert_eq!(
        notebook["Findings"][0]["Compliance"],
        json!({ "Status": "FAILED" }),
        "no control checks notebooks"
    );
}
