//! Recorded calls as evidence: of the usage gate, of each step of the plan, and of what a policy denies.

use serde_json::{Value, json};
use v2only_enforcer::Kind;
use v2only_enforcer::ports::Metric;

use crate::fake_aws::{FakeAws, instance};
use crate::fake_world::FakeWorld;
use crate::from_trail::record;

const HERE: &str = "eu-central-1";
const QUIET: &str = "i-0000000000000000a";
const DELIVERED: &str = "i-0000000000000000b";
const POLICY: &str = "version: 1\nmode: enforce\n";
/// Denies launches without required tokens, and nothing else.
const SCP: &str = r#"{ "Version": "2012-10-17", "Statement": [{
    "Sid": "RequireV2", "Effect": "Deny", "Action": "ec2:RunInstances", "Resource": "arn:aws:ec2:*:*:instance/*",
    "Condition": { "StringNotEquals": { "ec2:MetadataHttpTokens": "required" } }
}] }"#;

/// A call with credentials that an instance got by IMDSv1 or IMDSv2. The call went to another Region.
fn call(delivery: &str, at: &str) -> Value {
    json!({
        "eventID": format!("event-{delivery}-{at}"), "eventSource": "iam.amazonaws.com", "eventName": "ListUsers",
        "eventType": "AwsApiCall", "eventTime": at, "awsRegion": "us-east-1", "recipientAccountId": "111122223333",
        "userAgent": "Boto3/1.9.0 Python/2.7.18",
        "userIdentity": {
            "type": "AssumedRole", "arn": format!("arn:aws:sts::111122223333:assumed-role/web/{DELIVERED}"),
            "sessionContext": {
                "sessionIssuer": { "arn": "arn:aws:iam::111122223333:role/web" }, "ec2RoleDelivery": delivery,
            },
        },
    })
}

fn trail(records: &[Value]) -> String {
    json!({ "Records": records }).to_string()
}

/// Two instances without a call in CloudWatch.
fn quiet() -> FakeAws {
    FakeAws::default()
        .at_home(HERE)
        .instance(HERE, instance(QUIET))
        .instance(HERE, instance(DELIVERED))
        .counted(QUIET, Metric::NoToken, &[0; 14])
        .counted(DELIVERED, Metric::NoToken, &[0; 14])
}

fn world(records: &[Value]) -> FakeWorld {
    FakeWorld::with(quiet()).file("policy.yaml", POLICY).file("trail.json", &trail(records))
}

fn held(world: &FakeWorld, line: &str) -> Vec<(String, String)> {
    let json = world.run(line).json();
    let findings = json["findings"].as_array().unwrap().clone();
    let on_hold = findings.iter().filter(|it| it["outcome"] == "held");
    on_hold.map(|it| (it["id"].as_str().unwrap().to_owned(), it.to_string())).collect()
}

#[test]
fn an_instance_with_credentials_of_imdsv1_is_held_like_one_with_calls() {
    let records = [call("1.0", "2026-11-10T08:00:00Z"), call("1.0", "2026-11-11T08:00:00Z")];
    let world = world(&records);
    let line = "scan --policy DIR/policy.yaml --kind instance --output json";
    assert_eq!(held(&world, line), [], "without records both are quiet");
    let on_hold = held(&world, &format!("{line} --trail-files DIR/trail.json"));
    assert_eq!(on_hold.len(), 1, "{on_hold:?}");
    let (id, finding) = &on_hold[0];
    assert_eq!(id, DELIVERED);
    assert!(finding.contains("CloudTrail recorded 2 such calls"), "{finding}");

    let line = "enforce --policy DIR/policy.yaml --kind instance --yes --journal DIR/journal.ndjson --trail-files DIR/trail.json";
    let ran = world.run(line);
    let changes = world.aws.changes();
    assert!(changes.iter().all(|it| !it.contains(DELIVERED)), "{changes:?}");
    assert!(changes.iter().any(|it| it.contains(QUIET)), "{changes:?} {}", ran.err);
}

#[test]
fn records_before_the_window_and_calls_with_credentials_of_imdsv2_hold_nothing() {
    for record in [call("1.0", "2026-11-01T08:00:00Z"), call("2.0", "2026-11-11T08:00:00Z")] {
        let line = "scan --policy DIR/policy.yaml --kind instance --output json --trail-files DIR/trail.json";
        assert_eq!(held(&world(&[record]), line), []);
    }
}

#[test]
fn no_record_is_no_proof() {
    let aws = FakeAws::default().at_home(HERE).instance(HERE, instance(QUIET));
    let world = FakeWorld::with(aws).file("policy.yaml", POLICY).file("trail.json", &trail(&[]));
    let line = "scan --policy DIR/policy.yaml --kind instance --output json --trail-files DIR/trail.json";
    assert_eq!(held(&world, line).len(), 1, "an instance without data stays on hold");
}

#[test]
fn readiness_counts_recorded_calls_beside_the_metric_and_names_the_roles_that_a_policy_would_break() {
    let world = world(&[call("1.0", "2026-11-10T08:00:00Z")]);
    let ran = world.run("readiness --output json --trail-files DIR/trail.json");
    let json = ran.json();
    let of =
        |id: &str| json["instances"].as_array().unwrap().iter().find(|it| it["id"] == id).unwrap().clone();
    assert_eq!(of(DELIVERED)["state"], "busy");
    assert_eq!(of(DELIVERED)["calls_with_v1_credentials"], 1);
    assert_eq!(of(QUIET)["calls_with_v1_credentials"], 0);
    assert!(ran.err.contains("denies the calls of 1 role today: web"), "{}", ran.err);
    let ran = world.run("readiness --from-trail --trail-files DIR/trail.json");
    assert!(
        ran.err.contains("`credentials-delivered-by-v2` denies the calls of 1 role today: web"),
        "{}",
        ran.err
    );
    assert_eq!(world.run(&format!("readiness --trace {QUIET} --trail-files DIR/trail.json")).exit.code(), 2);
}

#[test]
fn the_gate_knows_an_instance_whose_calls_went_to_another_region() {
    let world = world(&[call("1.0", "2026-11-10T08:00:00Z")]);
    let json = world.run("gate --output json --trail-files DIR/trail.json").json();
    let codes: Vec<&str> = json["places"][0]["reasons"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|it| it["code"].as_str())
        .collect();
    let delivered = codes.iter().filter(|it| **it == "credentials-delivered-by-v1").count();
    assert_eq!(delivered, 1, "{codes:?}");
}

fn step(json: &Value, code: &str) -> Value {
    json["steps"].as_array().unwrap().iter().find(|it| it["step"] == code).unwrap().clone()
}

#[test]
fn a_plan_has_recorded_evidence_for_each_step_about_launches() {
    let aws = quiet().launched(record(1, "2026-11-01T08:00:00Z", None, "optional"));
    let world = FakeWorld::with(aws)
        .file("policy.yaml", POLICY)
        .file("trail.json", &trail(&[call("1.0", "2026-11-10T08:00:00Z")]));
    let before = world.run("plan --policy DIR/policy.yaml --output json");
    assert_eq!(step(&before.json(), "account-defaults")["evidence"], "not-read");
    assert_eq!(before.json()["recorded"], Value::Null);

    let ran = world.run("plan --policy DIR/policy.yaml --from-trail --output json");
    let json = ran.json();
    assert_eq!(json["recorded"]["changed_by_default"], 1);
    assert_eq!(json["recorded"]["denied_by_scp"], 1);
    assert_eq!(json["recorded"]["complete"], true);
    assert_eq!(step(&json, "account-defaults")["against"], 1);
    let scp = step(&json, "service-control-policies");
    assert_eq!((&scp["state"], &scp["risk"]), (&"not-read".into(), &"high".into()));
    assert!(world.aws.calls_of("cloudtrail:LookupEvents") > 0);

    let ran = world.run("plan --policy DIR/policy.yaml --trail-files DIR/trail.json --output json");
    let json = ran.json();
    assert_eq!(json["recorded"]["roles_with_v1_credentials"], json!(["web"]));
    assert_eq!(step(&json, "account-defaults")["evidence"], "not-read", "a file may lack launches");
    assert_eq!(
        (&json["recorded"]["complete"], step(&json, "enforcement")["risk"].as_str()),
        (&false.into(), Some("high"))
    );
    assert!(ran.err.contains("denies the calls of 1 role today: web"), "{}", ran.err);
    assert!(
        step(&json, "instances-and-notebooks")["evidence_words"]
            .as_str()
            .unwrap()
            .contains("1 instance uses")
    );
}

#[test]
fn a_later_plan_shows_how_the_risk_changed() {
    let aws = quiet().launched(record(1, "2026-11-01T08:00:00Z", None, "optional"));
    let first = FakeWorld::with(aws).file("policy.yaml", POLICY).watched(150);
    let earlier = first.run("plan --policy DIR/policy.yaml --from-trail --output json -q").out;
    let later =
        FakeWorld::with(quiet()).file("policy.yaml", POLICY).file("earlier.json", &earlier).watched(150);
    let ran = later.run("plan --policy DIR/policy.yaml --from-trail --earlier DIR/earlier.json");
    assert!(ran.out.contains("Risk low (high on 2026-11-20): Every recorded launch keeps"), "{}", ran.out);
}

#[test]
fn where_cloudtrail_does_not_answer_nothing_is_proved() {
    let aws = quiet().failing("cloudtrail:LookupEvents", None, Kind::Denied, "AccessDeniedException", "no");
    let world = FakeWorld::with(aws).file("policy.yaml", POLICY);
    let ran = world.run("plan --policy DIR/policy.yaml --from-trail --output json");
    assert_eq!(step(&ran.json(), "account-defaults")["evidence"], "not-read");
    assert!(ran.err.contains("the launches of 111122223333"), "{}", ran.err);
    let json = world.run("gate --from-trail --output json").json();
    assert!(json["places"][0]["reasons"].to_string().contains("not-read"), "{json}");
}

#[test]
fn no_scp_is_evidence_against_launches_of_the_management_account() {
    let scp = |aws: FakeAws| {
        let aws = aws.launched(record(1, "2026-11-01T08:00:00Z", None, "optional"));
        let world = FakeWorld::with(aws.members(&[("111122223333", "root")])).file("scp.json", SCP);
        let line = "--from-trail --org --role-name scanner --output json";
        let plan = world.run(&format!("plan {line}")).json();
        let trail = world.run(&format!("readiness {line}")).json();
        let impact = world.run(&format!("policies impact DIR/scp.json {line}")).json();
        (
            plan["recorded"]["denied_by_scp"].clone(),
            trail["switches"].as_array().unwrap().iter().find(|it| it["switch"] == "scp").unwrap()["recorded_launches"].to_string(),
            impact["policies"][0]["denied"].clone(),
        )
    };
    let (plan, trail, impact) = scp(quiet());
    assert_eq!((plan, impact), (1.into(), 1.into()));
    assert!(trail.contains("\"refused\":1"), "{trail}");
    let (plan, trail, impact) = scp(quiet().managed_by("111122223333"));
    assert_eq!((plan, impact), (0.into(), 0.into()));
    assert!(trail.contains("\"refused\":0"), "{trail}");
}

#[test]
fn the_impact_of_a_policy_is_looked_up_by_its_actions() {
    let aws = quiet().launched(record(1, "2026-11-01T08:00:00Z", None, "optional"));
    let world =
        FakeWorld::with(aws).file("scp.json", SCP).file("all.json", &SCP.replace("ec2:RunInstances", "*"));
    let ran = world.run("policies impact DIR/scp.json --from-trail --output json");
    let json = ran.json();
    assert_eq!((ran.exit.code(), &json["policies"][0]["denied"]), (10, &1.into()), "{}", ran.err);
    assert_eq!(json["places"][0]["region"], HERE);
    assert_eq!(world.aws.asked_of("cloudtrail:LookupEvents"), ["RunInstances"]);
    assert_eq!(world.aws.changes(), [""; 0]);

    let ran = world.run("policies impact DIR/all.json --from-trail");
    assert_eq!(ran.exit.code(), 3, "what is not looked up is not clean");
    assert!(ran.err.contains("RequireV2 is about more actions"), "{}", ran.err);
    assert_eq!(world.run("policies impact DIR/scp.json").exit.code(), 2);

    let denied =
        quiet().failing("cloudtrail:LookupEvents", None, Kind::Denied, "AccessDeniedException", "no");
    let ran = FakeWorld::with(denied).file("scp.json", SCP).run("policies impact DIR/scp.json --from-trail");
    assert_eq!(ran.exit.code(), 3, "{}", ran.err);
}
