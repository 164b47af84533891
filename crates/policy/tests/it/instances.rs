//! Instances: what comes before and after the rules for their options.

use v2only_policy::usage::Kinship;
use v2only_policy::{
    Compliance, Finding, HttpTokens, ImageId, Instance, InstanceState, OptionFinding, Switch, SwitchOption,
    compliant_anywhere,
};

use crate::words::*;

pub const ID: &str = "i-0abc0123456789def";
pub const FINE: &str = "compliant (HttpTokens is required) → nothing";
pub const CLOSE_V1: &str = "violation [http-tokens] → act: HttpTokens=required";

#[test]
fn states() {
    let it = |state| instance(ID).v1_allowed().state(state);
    check("being launched", it(InstanceState::Pending), enforce(), launch(), CLOSE_V1);
    check("running", it(InstanceState::Running), enforce(), launch(), CLOSE_V1);
    check("being stopped", it(InstanceState::Stopping), enforce(), launch(), CLOSE_V1);
    check("stopped", it(InstanceState::Stopped), enforce(), launch(), CLOSE_V1);
    check("a state of the future is alive", it(InstanceState::Unknown), enforce(), launch(), CLOSE_V1);
    check("gone", it(InstanceState::Gone), enforce(), launch(), "gone → nothing");
    check(
        "gone, and exempt",
        it(InstanceState::Gone).exempt_until("2030-01-01"),
        enforce(),
        launch(),
        "gone → nothing",
    );
    check("gone, options pending", it(InstanceState::Gone).pending(), enforce(), launch(), "gone → nothing");
    check(
        "gone, and nobody needs its organizational units",
        it(InstanceState::Gone),
        enforce().over(&[(units(&["ou-ab12-sandbox1"]), observe())]),
        launch(),
        "gone → nothing",
    );
}

#[test]
fn tags_of_aws_name_the_group_and_the_template() {
    let alone = instance(ID);
    assert_eq!((alone.group(), alone.template()), (None, None));
    let launched = instance(ID)
        .tag("aws:autoscaling:groupName", "web")
        .tag("aws:ec2launchtemplate:id", "lt-0123456789abcdef0");
    assert_eq!((launched.group(), launched.template()), (Some("web"), Some("lt-0123456789abcdef0")));
    assert_eq!(Kinship::of(&alone), []);
    let image = Some(ImageId::parse("ami-0123456789abcdef0").unwrap());
    let kinships = Kinship::of(&launched.edit(|launched| launched.image = image));
    assert_eq!(
        kinships.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["Auto Scaling group web", "launch template lt-0123456789abcdef0", "image ami-0123456789abcdef0"]
    );
}

#[test]
fn options_that_are_not_applied_yet_are_noted() {
    let it = || instance(ID).pending();
    check(
        "accepted, not applied",
        it(),
        enforce(),
        seen(),
        "compliant (HttpTokens is required) → nothing; options-pending",
    );
    check(
        "switched off, not applied",
        it().endpoint(Switch::Disabled),
        enforce(),
        seen(),
        "compliant (HttpEndpoint is disabled) → nothing; options-pending",
    );
    check(
        "v1 allowed, not applied: it is judged by what it will be",
        it().v1_allowed(),
        enforce(),
        launch(),
        "violation [http-tokens] → act: HttpTokens=required; options-pending",
    );
}

#[test]
fn what_a_service_manages_is_reported_and_never_touched() {
    let it = || instance(ID).managed_by("eks.amazonaws.com");
    let held = "violation [http-tokens] → hold: managed";
    check("v2 only", it(), enforce(), launch(), FINE);
    check("v1 answers, launch", it().v1_allowed(), enforce(), launch(), held);
    check("v1 answers, quiet", it().v1_allowed(), enforce(), seen().quiet(14), held);
    check("v1 answers, turned back", it().v1_allowed(), enforce(), flipped(now()), held);
    check("observed", it().v1_allowed(), observe(), launch(), held);
    check("by automation", it().v1_allowed(), enforce().by_automation(), launch(), held);
    check(
        "exempt",
        it().v1_allowed().exempt_until("2027-01-31"),
        enforce(),
        launch(),
        "exempt by tag through 2027-01-31 [http-tokens] → nothing",
    );
}

#[test]
fn observing_says_what_would_be_done() {
    let it = || instance(ID).v1_allowed().hop_limit(3);
    let rules = || observe().hops_at_most(2);
    let would = "HttpTokens=required HttpPutResponseHopLimit=2";
    check("v2 only", instance(ID), observe(), launch(), FINE);
    check(
        "a violation",
        it(),
        rules(),
        launch(),
        &format!("violation [http-tokens hop-limit] → hold: observe-mode, would {would}"),
    );
    check(
        "the more telling reason stays: evidence",
        it(),
        rules(),
        seen(),
        &format!("violation [http-tokens hop-limit] → hold: usage-gate, would {would}"),
    );
    check(
        "turned back: nothing is remembered, because nothing is written",
        it(),
        rules(),
        flipped(now()),
        &format!("violation [http-tokens hop-limit] → hold: observe-mode, would {would}"),
    );
    check(
        "exempt",
        it().exempt_until("2027-01-31"),
        rules(),
        launch(),
        "exempt by tag through 2027-01-31 [http-tokens hop-limit] → nothing",
    );
}

#[test]
fn what_automation_changes_is_left_to_it() {
    let it = || instance(ID).v1_allowed();
    let rules = || enforce().by_automation();
    let held = "violation [http-tokens] → hold: ssm-automation, would HttpTokens=required";
    check("v2 only", instance(ID), rules(), launch(), FINE);
    check("launch", it(), rules(), launch(), held);
    check("turned back", it(), rules(), flipped(now()), held);
    check("existing and quiet", it(), rules(), seen().quiet(14), held);
    check(
        "existing and busy: the gate comes first, so that automation is never handed what it must not do",
        it(),
        rules(),
        seen().busy(1),
        "violation [http-tokens] → hold: usage-gate, would HttpTokens=required",
    );
    let observed = || observe().by_automation();
    check(
        "observed: automation is handed nothing",
        it(),
        observed(),
        launch(),
        "violation [http-tokens] → hold: observe-mode, would HttpTokens=required",
    );
    check(
        "observed and busy: the more telling reason stays",
        it(),
        observed(),
        seen().busy(1),
        "violation [http-tokens] → hold: usage-gate, would HttpTokens=required",
    );
    check(
        "hop limit only",
        instance(ID).hop_limit(3),
        rules().hops_at_most(2),
        seen(),
        "violation [hop-limit] → hold: ssm-automation, would HttpTokens=required HttpPutResponseHopLimit=2",
    );
}

#[test]
fn a_launch_that_is_compliant_by_its_record_needs_no_look() {
    #[track_caller]
    fn passes(shows: &str, it: Instance, policy: impl AsPolicy, expected: Option<Compliance>) {
        assert_eq!(compliant_anywhere(&it.options, &policy.policy()), expected, "{shows}");
    }
    let it = || instance(ID).nothing_described();
    let v2 = || it().edit(|it| it.options.http_tokens = HttpTokens::Required);
    passes("v2 only, nothing else recorded", v2(), enforce(), Some(Compliance::TokensRequired));
    passes("switched off", it().endpoint(Switch::Disabled), enforce(), Some(Compliance::EndpointDisabled));
    passes("nothing recorded", it(), enforce(), None);
    passes("v1 asked for", it().v1_allowed(), enforce(), None);
    passes("hop limit matters and is not recorded", v2(), enforce().hops_at_most(2), None);
    passes(
        "hop limit matters and is recorded",
        v2().hop_limit(2),
        enforce().hops_at_most(2),
        Some(Compliance::TokensRequired),
    );
    passes("endpoint must be off", v2(), enforce().endpoint_off(), None);
    let stricter = enforce().over(&[(tagged("tier", "gold"), enforce().hops_exactly(1))]);
    passes("an override that may mean it is stricter", v2().hop_limit(2), stricter, None);
    let milder = enforce().hops_exactly(1).over(&[(tagged("tier", "gold"), enforce())]);
    passes("an override that may mean it is milder", v2().hop_limit(2), milder, None);
}

#[test]
fn findings_say_what_is_and_what_must_be() {
    #[track_caller]
    fn says(finding: impl Into<Finding>, expected: &str) {
        assert_eq!(finding.into().to_string(), expected);
    }
    says(OptionFinding::TokensOptional, "HttpTokens is optional: IMDSv1 is answered");
    says(OptionFinding::TokensUnknown, "HttpTokens was not described");
    says(OptionFinding::EndpointEnabled, "HttpEndpoint is enabled and must be disabled");
    says(OptionFinding::HopLimitAbove { is: Some(3), max: hops(2) }, "hop limit is 3, at most 2 is allowed");
    says(
        OptionFinding::HopLimitAbove { is: None, max: hops(2) },
        "hop limit is not described, at most 2 is allowed",
    );
    says(OptionFinding::HopLimitOther { is: Some(1), exactly: hops(2) }, "hop limit is 1 and must be 2");
    says(
        OptionFinding::Switch { option: SwitchOption::Ipv6Endpoint, enable: false },
        "HttpProtocolIpv6 must be disabled",
    );
    says(
        OptionFinding::Switch { option: SwitchOption::MetadataTags, enable: true },
        "InstanceMetadataTags must be enabled",
    );
    says(Finding::MinimumVersion1, "minimum IMDS version is 1: IMDSv1 is answered");
}
