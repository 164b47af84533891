//! What `scan` reports of exemptions: which have expired, end soon, or match no resource any more.

use serde_json::{Value, json};
use v2only_enforcer::Kind;

use crate::fake_aws::{ACCOUNT, FakeAws, instance, tagged};
use crate::fake_world::FakeWorld;

/// In the order of the entries: in use for long, over, in use and ending soon, and four that match no resource. The last is
/// over.
const POLICY: &str = r#"
version: 1
mode: enforce
instances: { usage_gate: { applies_to: none } }
exemptions:
  - { match: { tag: { key: app, value: legacy } }, reason: vendor agent, owner: a@example.com, until: 2027-01-31 }
  - { match: { tag: { key: app, value: wiki } }, reason: to be rebuilt, owner: b@example.com, until: 2026-10-31 }
  - { match: { tag: { key: app, value: crm } }, reason: waits for release 7, until: 2026-11-29 }
  - match: { account: "111122223333", regions: [eu-central-1], resources: [i-gone] }
    reason: decommissioned
    owner: c@example.com
    until: 2027-06-30
  - { match: { account: "111122223333", resources: [i-gone] }, reason: somewhere else, until: 2027-06-30 }
  - { match: { resources: [i-gone] }, reason: everywhere, until: 2027-06-30 }
  - { match: { resources: [i-gone] }, reason: long ago, until: 2026-11-19 }
"#;

fn estate() -> FakeAws {
    let by_tag = [("v2only:exempt-until", "2026-11-21"), ("v2only:exempt-reason", "until tomorrow")];
    let it = |id: &str, app: &str| tagged(instance(id), &[("app", app)]);
    FakeAws::default()
        .at_home("eu-central-1")
        .enabled(&["us-east-1"])
        .instance("eu-central-1", it("i-0000000000000000a", "legacy"))
        .instance("eu-central-1", it("i-0000000000000000b", "wiki"))
        .instance("eu-central-1", it("i-0000000000000000c", "crm"))
        .instance("eu-central-1", tagged(instance("i-0000000000000000d"), &by_tag))
}

fn world(aws: FakeAws) -> FakeWorld {
    FakeWorld::with(aws).file("policy.yaml", POLICY)
}

/// What JSON says of each entry and tag: which, its state, and why it is not judged.
#[track_caller]
fn told(aws: FakeAws, line: &str) -> Vec<(String, String, String)> {
    let ran = world(aws).run(&format!("scan --policy DIR/policy.yaml --output json {line}"));
    let document: Value = serde_json::from_str(&ran.out).unwrap();
    let text = |it: &Value| it.as_str().unwrap_or_default().to_owned();
    let all = document["exemptions"].as_array().cloned().unwrap_or_default();
    all.iter().map(|it| (text(&it["exemption"]), text(&it["state"]), text(&it["because"]))).collect()
}

fn state(told: &[(String, String, String)], index: usize) -> (&str, &str) {
    let name = format!("exemptions[{index}]");
    let found = told.iter().find(|it| it.0 == name);
    found.map_or(("", ""), |(_, state, because)| (state, because))
}

#[test]
fn json_says_what_is_to_be_looked_after() {
    let ran = world(estate()).run("scan --policy DIR/policy.yaml --output json -q");
    let document: Value = serde_json::from_str(&ran.out).unwrap();
    let accounts = "it may mean accounts that were not looked at";
    let regions = "it may mean Regions that were not looked at";
    assert_eq!(
        document["exemptions"],
        json!([
            { "exemption": "exemptions[1]", "state": "expired", "days": 20, "until": "2026-10-31",
              "reason": "to be rebuilt", "owner": "b@example.com" },
            { "exemption": "exemptions[2]", "state": "expires", "days": 9, "until": "2026-11-29",
              "reason": "waits for release 7", "owner": null },
            { "exemption": "exemptions[3]", "state": "stale", "until": "2027-06-30",
              "reason": "decommissioned", "owner": "c@example.com" },
            { "exemption": "exemptions[4]", "state": "unjudged", "because": regions, "until": "2027-06-30",
              "reason": "somewhere else", "owner": null },
            { "exemption": "exemptions[5]", "state": "unjudged", "because": accounts, "until": "2027-06-30",
              "reason": "everywhere", "owner": null },
            { "exemption": "exemptions[6]", "state": "expired", "days": 1, "until": "2026-11-19",
              "reason": "long ago", "owner": null },
            { "exemption": "i-0000000000000000d", "account": ACCOUNT, "region": "eu-central-1",
              "state": "expires", "days": 1, "until": "2026-11-21", "reason": "until tomorrow", "owner": null },
        ])
    );
    assert!(document["schema"] == "v2only.findings.v1");
}

#[test]
fn what_is_kept_says_the_same_as_what_is_streamed() {
    assert_eq!(told(estate(), "--launched-by"), told(estate(), ""));
    assert_eq!(told(estate(), "").len(), 7);
}

#[test]
fn a_scan_that_reads_more_can_judge_more() {
    let all_regions = told(estate(), "--region all");
    assert_eq!(state(&all_regions, 4), ("stale", ""));
    assert_eq!(state(&all_regions, 5).0, "unjudged");
    let some_kinds = told(estate(), "--region all --kind instance");
    assert_eq!(state(&some_kinds, 3), ("unjudged", "only some kinds of resources were read"));
    assert_eq!(state(&some_kinds, 1).0, "expired");
}

#[test]
fn what_could_not_be_read_may_hold_what_is_excused() {
    let denied = |region| {
        estate().failing(
            "sagemaker:ListNotebookInstances",
            Some(region),
            Kind::Denied,
            "AccessDeniedException",
            "no",
        )
    };
    let here = told(denied("eu-central-1"), "--region all");
    let why = "111122223333/eu-central-1 could not be read completely";
    assert_eq!((state(&here, 3), state(&here, 4)), (("unjudged", why), ("unjudged", why)));
    let elsewhere = told(denied("us-east-1"), "--region all");
    let why = "111122223333/us-east-1 could not be read completely";
    assert_eq!((state(&elsewhere, 3), state(&elsewhere, 4)), (("stale", ""), ("unjudged", why)));
}

#[test]
fn an_organization_is_read_where_every_account_is() {
    let aws = estate();
    let told = told(aws, "--org --role-name v2only-scanner --region all");
    assert_eq!((state(&told, 3), state(&told, 4)), (("stale", ""), ("stale", "")));
    // The fake lets nobody into another account.
    assert!(state(&told, 5).1.starts_with("444455556666/"), "{told:?}");
}

#[test]
fn a_table_of_its_own_follows_the_findings() {
    let ran = world(estate()).run("scan --list --policy DIR/policy.yaml");
    let table = ran.out.split("\n\n").nth(1).unwrap();
    for line in [
        "exemptions[1]  2026-10-31  ended 20 days ago  to be rebuilt; owner b@example.com",
        "exemptions[2]  2026-11-29  ends in 9 days  waits for release 7",
        "exemptions[3]  2027-06-30  matches no scanned resource  decommissioned; owner c@example.com",
        "exemptions[6]  2026-11-19  ended yesterday  long ago",
        "i-0000000000000000d; 111122223333/eu-central-1  2026-11-21  ends tomorrow  until tomorrow",
    ] {
        let wanted: Vec<&str> = line.split("  ").collect();
        let found = table.lines().any(|it| wanted.iter().all(|word| it.contains(word)));
        assert!(found, "{line}\n{table}");
    }
    assert!(!table.contains("exemptions[0]") && !table.contains("exemptions[4]"), "{table}");
    for line in [
        "5 exemptions that need attention: 2 expired, 2 about to expire, 1 unused",
        "note: whether anything is excused by exemptions[4] cannot be judged: it may mean Regions that were not looked at; \
         `--region all` reads all",
        "note: whether anything is excused by exemptions[5] cannot be judged: it may mean accounts that were not looked at; \
         `--org` reads all of an organization",
    ] {
        assert!(ran.err.contains(line), "{line}\n{}", ran.err);
    }
}

#[test]
fn the_table_is_there_where_nothing_else_is_found() {
    let policy = "version: 1\nmode: observe\nexemptions:\n  \
                  - { match: { resources: [i-gone] }, reason: long ago, until: 2026-11-19 }\n";
    let world = FakeWorld::with(FakeAws::default().at_home("eu-central-1")).file("policy.yaml", policy);
    let ran = world.run("scan --policy DIR/policy.yaml --kind instance");
    assert!(ran.out.contains("exemptions[0]") && ran.out.contains("ended yesterday"), "{}", ran.out);
    assert_eq!(ran.exit.code(), 0);
}

#[test]
fn the_report_has_each_under_what_is_to_be_done() {
    let page = world(estate()).run("scan --policy DIR/policy.yaml -q --output html").out;
    let section = |title: &str| {
        let begin = page.find(&format!("<h3>{title}</h3>")).unwrap();
        page[begin..].split("</table>").next().unwrap().to_owned()
    };
    // An exemption that matches a resource is reported with it.
    assert!(section("Over").contains("i-0000000000000000b") && section("Over").contains("exemptions[6]"));
    assert!(section("End within 14 days").contains("i-0000000000000000c"));
    assert!(section("End later").contains("i-0000000000000000a"));
    assert!(section("Excused nothing").contains("exemptions[3]"));
    let unjudged = section("Cannot be judged");
    assert!(unjudged.contains("exemptions[4]") && unjudged.contains("It may mean Regions"), "{unjudged}");
}
