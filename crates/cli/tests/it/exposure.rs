//! Which instances are the most exposed, and what their credentials are good for.

use insta::assert_snapshot;
use serde_json::Value;
use v2only_enforcer::Kind;
use v2only_policy::Instance;
use v2only_policy::instance::HttpTokens;

use crate::fake_aws::{FakeAws, instance};
use crate::fake_world::FakeWorld;

const HERE: &str = "eu-central-1";
const READ: &str = "iam:GetAccountAuthorizationDetails";
const ADMINISTRATORS: &str = "arn:aws:iam::111122223333:instance-profile/deploy";
const READERS: &str = "arn:aws:iam::111122223333:instance-profile/web";
const UNKNOWN: &str = "arn:aws:iam::111122223333:instance-profile/deleted";

fn with(id: &str, public_address: bool, profile: Option<&str>) -> Instance {
    Instance { public_address, profile: profile.map(str::to_owned), ..instance(id) }
}

/// One instance of each exposure, from the least exposed to the most.
fn estate() -> FakeAws {
    FakeAws::default()
        .at_home(HERE)
        .role(ADMINISTRATORS, "AdministratorAccess")
        .role(READERS, "ReadOnlyAccess")
        .instance(HERE, with("i-0000000000000000a", false, None))
        .instance(HERE, with("i-0000000000000000b", false, Some(ADMINISTRATORS)))
        .instance(HERE, with("i-0000000000000000c", true, None))
        .instance(HERE, with("i-0000000000000000d", true, Some(READERS)))
        .instance(HERE, with("i-0000000000000000e", true, Some(UNKNOWN)))
        .instance(HERE, with("i-0000000000000000f", true, Some(ADMINISTRATORS)))
}

#[test]
fn an_administrators_profile_comes_before_others_and_an_unknown_one_is_none_of_them() {
    let world = FakeWorld::with(estate()).watched(160);
    let ran = world.run("scan --list --kind instance");
    assert_eq!(ran.exit.code(), 10, "{}", ran.err);
    let positions: Vec<usize> =
        "fedcba".chars().map(|it| ran.out.find(&format!("i-0000000000000000{it}")).unwrap()).collect();
    assert!(positions.is_sorted(), "{}", ran.out);
    assert_snapshot!(ran.out);
    assert_eq!(world.aws.calls_of(READ), 1);
}

#[test]
fn what_the_credentials_are_good_for_has_its_published_shape() {
    let ran = FakeWorld::with(estate()).run("scan --kind instance --output json");
    let json = ran.json();
    let exposures: Vec<&Value> =
        json["findings"].as_array().unwrap().iter().map(|it| &it["exposure"]).collect();
    assert_snapshot!(serde_json::to_string_pretty(&exposures).unwrap());
    let csv = FakeWorld::with(estate()).run("scan --kind instance --output csv").out;
    assert!(csv.lines().next().unwrap().ends_with(",public_address,instance_profile,administrator"), "{csv}");
    assert!(csv.contains(&format!(",true,{ADMINISTRATORS},true\r\n")), "{csv}");
    assert!(csv.contains(&format!(",true,{UNKNOWN},\r\n")), "{csv}");
}

#[test]
fn the_summary_names_what_is_to_be_closed_first() {
    let ran = FakeWorld::with(estate()).run("scan --kind instance");
    let line = "2 instances hand out an administrator's credentials, 1 with a public address.\n";
    assert!(ran.out.contains(line), "{}", ran.out);
    let none =
        FakeWorld::with(FakeAws::default().at_home(HERE).instance(HERE, instance("i-0000000000000000a")));
    assert!(!none.run("scan").out.contains("administrator"));
}

#[test]
fn iam_is_asked_once_an_account_and_only_beside_a_violation() {
    let closed = |id: &str| {
        let mut it = with(id, true, Some(ADMINISTRATORS));
        it.options.http_tokens = HttpTokens::Required;
        it
    };
    let world =
        FakeWorld::with(FakeAws::default().at_home(HERE).instance(HERE, closed("i-0000000000000000a")));
    assert_eq!(world.run("scan").exit.code(), 0);
    assert_eq!(world.aws.calls_of(READ), 0, "nothing violates the policy");
    let world =
        FakeWorld::with(estate().instance("us-east-1", with("i-0000000000000000b", true, Some(READERS))));
    world.run("scan --region eu-central-1 --region us-east-1");
    assert_eq!(world.aws.calls_of(READ), 1, "IAM has no Regions");
    let world = FakeWorld::with(estate()).file("policy.yaml", "version: 1\nmode: enforce\n");
    world.run("enforce --policy DIR/policy.yaml --dry-run");
    assert_eq!(world.aws.calls_of(READ), 0, "nothing is sorted by exposure");
}

#[test]
fn a_role_without_the_permission_reads_everything_else_and_that_is_said_once() {
    let members = [("111122223333", "payments"), ("444455556666", "sandbox")];
    let world = FakeWorld::with(estate().members(&members).failing(
        READ,
        None,
        Kind::Denied,
        "AccessDenied",
        "not granted",
    ));
    let ran = world.run("scan --org --role-name r --list");
    assert_eq!(ran.exit.code(), 10, "{}", ran.err);
    let note =
        "whether an instance profile is an administrator's is not known in 2 accounts, such as 111122223333";
    assert_eq!(ran.err.matches(note).count(), 1, "{}", ran.err);
    assert!(ran.err.contains("grant `iam:GetAccountAuthorizationDetails`"), "{}", ran.err);
    assert!(!ran.out.contains("administrator's"), "{}", ran.out);
    let json = world.run("scan --org --role-name r --output json").json();
    assert_eq!(json["incomplete"], serde_json::json!([]));
    assert_eq!(json["instance_profiles_unread"].as_array().unwrap().len(), 2);
    let with_profile = json["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|it| it["exposure"]["instance_profile"].is_string());
    for finding in with_profile {
        assert_eq!(finding["exposure"]["administrator"], Value::Null, "not known is not `false`");
    }
    let html = world.run("scan --org --role-name r --output html").out;
    assert!(html.contains("Roles of instance profiles"));
}

#[test]
fn the_report_lists_the_most_exposed_first() {
    let html = FakeWorld::with(estate()).run("scan --kind instance --output html").out;
    let table = html.split("id=\"findings\"").nth(1).unwrap();
    let positions: Vec<usize> =
        "fedcba".chars().map(|it| table.find(&format!("i-0000000000000000{it}")).unwrap()).collect();
    assert!(positions.is_sorted(), "{positions:?}");
    assert!(table.contains("Public address, administrator&#39;s instance profile"), "{table}");
}
