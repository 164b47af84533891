//! Overrides: first match wins, whole rules hold, and unknown organizational units decide nothing.

use v2only_policy::scope::Matcher;
use v2only_policy::{Instance, Policy};

use crate::words::*;

const ACT: &str = "violation [http-tokens] → act: HttpTokens=required";
const WATCH: &str = "violation [http-tokens] → hold: observe-mode, would HttpTokens=required";

fn it() -> Instance {
    instance("i-0abc0123456789def").v1_allowed()
}

fn watched(matcher: Matcher) -> Policy {
    enforce().over(&[(matcher, observe())])
}

#[test]
fn by_account() {
    let policy = watched(accounts(&["222233334444", "333344445555"]));
    check("named", it(), &policy, launch().in_account("333344445555"), WATCH);
    check("not named", it(), &policy, launch(), ACT);
}

#[test]
fn by_region() {
    let policy = watched(regions(&["eu-*"]));
    check("matched", it(), &policy, launch(), WATCH);
    check("not matched", it(), &policy, launch().in_region("us-east-1"), ACT);
}

#[test]
fn by_tag() {
    let policy = watched(tagged("app", "*"));
    check("tagged", it().tag("app", "blue"), &policy, launch(), WATCH);
    check("not tagged", it(), &policy, launch(), ACT);
}

#[test]
fn by_resource() {
    let policy = watched(resources("i-0abc*"));
    check("matched", it(), &policy, launch(), WATCH);
    check("not matched", instance("i-0def0123456789abc").v1_allowed(), &policy, launch(), ACT);
    check(
        "a notebook by its name",
        notebook("i-0abc-no-instance").v1_allowed().stopped(),
        &policy,
        seen(),
        "violation [minimum-version] → hold: observe-mode, would minimum IMDS version=2",
    );
}

#[test]
fn by_organizational_unit() {
    let policy = watched(units(&["ou-ab12-sandbox1"]));
    check(
        "in the unit",
        it(),
        &policy,
        launch().under(&["ou-ab12-team0001", "ou-ab12-sandbox1", "r-ab12"]),
        WATCH,
    );
    check("elsewhere", it(), &policy, launch().under(&["r-ab12"]), ACT);
    check_undecided("not known: it could say observe", it(), &policy, launch());
    check_undecided(
        "not known: it could say so of a compliant one too",
        instance("i-0abc0123456789def"),
        &policy,
        launch(),
    );
    check_undecided("not known, a notebook", notebook("n").v1_allowed(), &policy, seen());
    let elsewhere = Matcher { regions: regions(&["us-*"]).regions, ..units(&["ou-ab12-sandbox1"]) };
    check("not known, and of another Region anyway", it(), watched(elsewhere), launch(), ACT);
}

#[test]
fn the_first_match_wins() {
    let policy = observe().over(&[
        (tagged("tier", "gold"), enforce().hops_exactly(3)),
        (regions(&["eu-*"]), enforce().hops_at_most(2)),
        (units(&["ou-ab12-sandbox1"]), observe()),
    ]);
    let it = || it().hop_limit(5);
    let act = |hops: u8| {
        format!("violation [http-tokens hop-limit] → act: HttpTokens=required HttpPutResponseHopLimit={hops}")
    };
    check("the first and the second match", it().tag("tier", "gold"), &policy, launch(), &act(3));
    check("the second matches, and hides that units are not known", it(), &policy, launch(), &act(2));
    check(
        "none matches: the document's own rules, and none of an override's",
        it(),
        &policy,
        launch().in_region("us-east-1").under(&[]),
        WATCH,
    );
    check_undecided("only the third could match", it(), &policy, launch().in_region("us-east-1"));
}

#[test]
fn an_override_can_also_be_stricter() {
    let policy = observe().over(&[(accounts(&["111122223333"]), enforce())]);
    check("enforced here", it(), &policy, launch(), ACT);
    check("observed elsewhere", it(), &policy, launch().in_account("222233334444"), WATCH);
}

#[test]
fn an_exemption_holds_under_every_override() {
    let policy = Policy {
        exemptions: vec![exemption(resources("i-*"), "2027-01-31")],
        ..observe().over(&[(regions(&["eu-*"]), enforce())])
    };
    let excused = "exempt by exemptions[0] through 2027-01-31 [http-tokens] → nothing";
    check("where it matches", it(), &policy, launch(), excused);
    check("where none matches", it(), &policy, launch().in_region("us-east-1"), excused);
}

#[test]
fn a_policy_knows_whether_it_needs_organizational_units() {
    assert!(watched(units(&["r-ab12"])).names_organizational_units());
    assert!(enforce().with(&[exemption(units(&["r-ab12"]), "2027-01-31")]).names_organizational_units());
    assert!(!watched(regions(&["eu-*"])).names_organizational_units());
}

/// The name of the cluster is part of the key.
#[test]
fn by_a_pattern_of_tag_keys() {
    let in_cluster =
        || enforce().over(&[(tagged("kubernetes.io/cluster/*", "owned"), enforce().hops_exactly(2))]);
    let host = |value: &str| it().v1_allowed().tag("kubernetes.io/cluster/prod", value).hop_limit(2);
    let raised = "violation [http-tokens] → act: HttpTokens=required";
    check("owned by the cluster", host("owned"), in_cluster(), launch(), raised);
    check(
        "not owned",
        host("shared").hop_limit(1),
        in_cluster(),
        launch(),
        &format!("{raised}; container-host-hop-limit"),
    );
    check(
        "another hop limit",
        host("owned").hop_limit(1),
        in_cluster(),
        launch(),
        "violation [http-tokens hop-limit] → act: HttpTokens=required HttpPutResponseHopLimit=2",
    );
}
