//! `scan --inventory config`: what AWS Config names is described before it is judged, and what it does not record is unread.

use v2only_policy::instance::HttpTokens;

use crate::fake_aws::{FakeAws, instance};
use crate::fake_world::FakeWorld;

const POLICY: &str = "version: 1\nmode: enforce\ninstances: { usage_gate: { applies_to: none } }\n";
const SCAN: &str = "scan --policy DIR/policy.yaml --inventory config --aggregator all";
const HERE: &str = r#"{"accountId":"111122223333","awsRegion":"eu-central-1","COUNT(*)":3}"#;

fn candidate(id: &str, region: &str) -> String {
    format!(r#"{{"resourceId":"{id}","accountId":"111122223333","awsRegion":"{region}"}}"#)
}

fn world(candidates: &[String], recorded: &[&str]) -> FakeWorld {
    let mut closed = instance("i-0000000000000000b");
    closed.options.http_tokens = HttpTokens::Required;
    let aws = FakeAws::default()
        .at_home("eu-central-1")
        .instance("eu-central-1", instance("i-0000000000000000a"))
        .instance("eu-central-1", closed);
    let candidates: Vec<&str> = candidates.iter().map(String::as_str).collect();
    FakeWorld::with(aws.inventory(&candidates, recorded)).file("policy.yaml", POLICY)
}

#[test]
fn only_what_ec2_describes_as_open_is_a_violation() {
    let named = ["i-0000000000000000a", "i-0000000000000000b", "i-0000000000000000c"];
    let mut candidates = named.map(|id| candidate(id, "eu-central-1")).to_vec();
    candidates.push(candidate("i-0000000000000000d", "us-east-1"));
    let world = world(&candidates, &[HERE]);
    let ran = world.run(SCAN);
    assert_eq!(ran.exit.code(), 10, "{}", ran.err);
    let told = "Candidates by AWS Config aggregator all; 2 of 3 verified by DescribeInstances.";
    assert!(ran.out.contains(told), "{}", ran.out);
    assert!(ran.out.contains("1 candidate in other accounts and Regions"), "{}", ran.out);
    let json: serde_json::Value =
        serde_json::from_str(&world.run(&format!("{SCAN} --output json")).out).unwrap();
    let ids: Vec<&str> =
        json["findings"].as_array().unwrap().iter().map(|it| it["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["i-0000000000000000a"]);
    assert_eq!(json["inventory"]["verified"], 2);
}

#[test]
fn without_a_candidate_the_scan_is_clean_only_where_aws_config_records() {
    let ran = world(&[], &[HERE]).run(SCAN);
    assert_eq!(ran.exit.code(), 0, "{}", ran.err);
    assert!(ran.out.contains("No instance that could be read answers IMDSv1"), "{}", ran.out);
    let ran = world(&[], &[]).run(SCAN);
    assert_eq!(ran.exit.code(), 3, "{}", ran.err);
    assert!(ran.err.contains("holds no instance of this account and Region"), "{}", ran.err);
}

#[test]
fn an_inventory_that_cannot_be_read_is_an_error() {
    let ran = world(&["{}".to_owned()], &[HERE]).run(SCAN);
    assert!(ran.err.contains("a row that is not understood"), "{}", ran.err);
    assert!(![0, 10].contains(&ran.exit.code()), "{}", ran.err);
}
