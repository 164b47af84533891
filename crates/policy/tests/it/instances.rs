//! Instances: every rule with every opinion, and what comes before and after the rules.

use v2only_policy::settings::SwitchRule;
use v2only_policy::{
    Compliance, Finding, HttpTokens, Instance, InstanceState, OptionFinding, Switch, SwitchOption,
    compliant_anywhere,
};

use crate::words::*;

const ID: &str = "i-0abc0123456789def";
const UNKNOWN: &str = "compliant (HttpTokens is required) → nothing; option-unknown";
const FINE: &str = "compliant (HttpTokens is required) → nothing";
const OFF: &str = "compliant (HttpEndpoint is disabled) → nothing";
const CLOSE_V1: &str = "violation [http-tokens] → act: HttpTokens=required";

#[test]
fn http_tokens() {
    let it = || instance(ID);
    check("v2 only, compliant", it(), enforce(), launch(), FINE);
    check("v1 answers, violation", it().v1_allowed(), enforce(), launch(), CLOSE_V1);
    check("tokens not described, violation", it().tokens_unknown(), enforce(), launch(), CLOSE_V1);
}

#[test]
fn http_endpoint() {
    let it = || instance(ID);
    let off = || enforce().endpoint_off();
    check("keep: enabled stays", it(), enforce(), launch(), FINE);
    check("keep: disabled stays", it().endpoint(Switch::Disabled), enforce(), launch(), OFF);
    check("keep: not described, v2 only", it().endpoint(Switch::Unknown), enforce(), launch(), FINE);
    check(
        "keep: not described, v1 answers: acting could switch it on",
        it().endpoint(Switch::Unknown).v1_allowed(),
        enforce(),
        launch(),
        "violation [http-tokens] → hold: endpoint-unknown",
    );
    check(
        "disabled: an enabled one goes off",
        it(),
        off(),
        launch(),
        "violation [http-endpoint] → act: HttpEndpoint=disabled",
    );
    check("disabled: a disabled one stays", it().endpoint(Switch::Disabled), off(), launch(), OFF);
    check(
        "disabled: switching it off is all, whatever else is wrong",
        it().v1_allowed().hop_limit(9),
        off().hops_at_most(2).ipv6(SwitchRule::Enabled).tags_in_metadata(SwitchRule::Enabled),
        launch(),
        "violation [http-tokens http-endpoint hop-limit ipv6-endpoint metadata-tags] \
         → act: HttpEndpoint=disabled",
    );
    check(
        "disabled: not described is left alone",
        it().endpoint(Switch::Unknown),
        off(),
        launch(),
        "violation [http-endpoint] → hold: endpoint-unknown",
    );
}

#[test]
fn hop_limit() {
    let it = || instance(ID);
    let at_most = || enforce().hops_at_most(2);
    let exactly = || enforce().hops_exactly(2);
    let to_2 = "violation [hop-limit] → act: HttpTokens=required HttpPutResponseHopLimit=2";

    check("keep: any number is kept", it().hop_limit(64), enforce(), launch(), FINE);
    check("keep: none described", it().hop_limit_unknown(), enforce(), launch(), FINE);
    check(
        "keep: closing v1 sends no hop limit",
        it().v1_allowed().hop_limit(64),
        enforce(),
        launch(),
        CLOSE_V1,
    );

    check("max: below", it().hop_limit(1), at_most(), launch(), FINE);
    check("max: at", it().hop_limit(2), at_most(), launch(), FINE);
    check("max: above is lowered", it().hop_limit(3), at_most(), launch(), to_2);
    check("max: not described is unknown, and stays", it().hop_limit_unknown(), at_most(), launch(), UNKNOWN);
    check(
        "max: not described, and closing v1 sends no hop limit",
        it().v1_allowed().hop_limit_unknown(),
        at_most(),
        launch(),
        "violation [http-tokens] → act: HttpTokens=required; option-unknown",
    );
    check(
        "max: below, and closing v1 sends no hop limit",
        it().v1_allowed().hop_limit(1),
        at_most(),
        launch(),
        CLOSE_V1,
    );

    check("exactly: below is raised", it().hop_limit(1), exactly(), launch(), to_2);
    check("exactly: at", it().hop_limit(2), exactly(), launch(), FINE);
    check("exactly: above is lowered", it().hop_limit(64), exactly(), launch(), to_2);
    check("exactly: not described is unknown", it().hop_limit_unknown(), exactly(), launch(), UNKNOWN);
}

#[test]
fn ipv6_endpoint() {
    let it = |is| instance(ID).ipv6(is);
    let rules = |rule| enforce().ipv6(rule);
    let on = "violation [ipv6-endpoint] → act: HttpTokens=required HttpProtocolIpv6=enabled";
    let off = "violation [ipv6-endpoint] → act: HttpTokens=required HttpProtocolIpv6=disabled";
    check("keep: enabled", it(Switch::Enabled), rules(SwitchRule::Keep), launch(), FINE);
    check("keep: disabled", it(Switch::Disabled), rules(SwitchRule::Keep), launch(), FINE);
    check("keep: not described", it(Switch::Unknown), rules(SwitchRule::Keep), launch(), FINE);
    check("enabled: enabled", it(Switch::Enabled), rules(SwitchRule::Enabled), launch(), FINE);
    check("enabled: disabled", it(Switch::Disabled), rules(SwitchRule::Enabled), launch(), on);
    check("enabled: not described", it(Switch::Unknown), rules(SwitchRule::Enabled), launch(), UNKNOWN);
    check("disabled: enabled", it(Switch::Enabled), rules(SwitchRule::Disabled), launch(), off);
    check("disabled: disabled", it(Switch::Disabled), rules(SwitchRule::Disabled), launch(), FINE);
    check("disabled: not described", it(Switch::Unknown), rules(SwitchRule::Disabled), launch(), UNKNOWN);
}

#[test]
fn metadata_tags() {
    let it = |is| instance(ID).tags_in_metadata(is);
    let rules = |rule| enforce().tags_in_metadata(rule);
    let on = "violation [metadata-tags] → act: HttpTokens=required InstanceMetadataTags=enabled";
    let off = "violation [metadata-tags] → act: HttpTokens=required InstanceMetadataTags=disabled";
    check("keep: enabled", it(Switch::Enabled), rules(SwitchRule::Keep), launch(), FINE);
    check("keep: disabled", it(Switch::Disabled), rules(SwitchRule::Keep), launch(), FINE);
    check("keep: not described", it(Switch::Unknown), rules(SwitchRule::Keep), launch(), FINE);
    check("enabled: enabled", it(Switch::Enabled), rules(SwitchRule::Enabled), launch(), FINE);
    check("enabled: disabled", it(Switch::Disabled), rules(SwitchRule::Enabled), launch(), on);
    check("enabled: not described", it(Switch::Unknown), rules(SwitchRule::Enabled), launch(), UNKNOWN);
    check("disabled: enabled", it(Switch::Enabled), rules(SwitchRule::Disabled), launch(), off);
    check("disabled: disabled", it(Switch::Disabled), rules(SwitchRule::Disabled), launch(), FINE);
    check("disabled: not described", it(Switch::Unknown), rules(SwitchRule::Disabled), launch(), UNKNOWN);
}

#[test]
fn a_tag_key_that_metadata_cannot_show_keeps_tags_out_of_metadata_and_never_v1_open() {
    let rules = || enforce().tags_in_metadata(SwitchRule::Enabled);
    for key in ["kubernetes.io/cluster/prod", "Patch Group", "..", ".", "_index", "größe"] {
        let it = || instance(ID).hop_limit(2).tags_in_metadata(Switch::Disabled).tag(key, "x");
        check(key, it(), rules(), launch(), "violation [metadata-tags] → hold: metadata-tag-key");
        check(
            key,
            it().v1_allowed(),
            rules(),
            launch(),
            "violation [http-tokens metadata-tags] → act: HttpTokens=required; metadata-tag-key",
        );
        check(key, it(), enforce().tags_in_metadata(SwitchRule::Disabled), launch(), FINE);
    }
    let fits = instance(ID).tags_in_metadata(Switch::Disabled).tag("a-z_A:Z+=,.@0", "x");
    let on = "violation [metadata-tags] → act: HttpTokens=required InstanceMetadataTags=enabled";
    check("every letter that fits", fits, rules(), launch(), on);
}

#[test]
fn an_instance_type_without_the_ipv6_endpoint_is_said_before_anybody_tries() {
    let rules = || enforce().ipv6(SwitchRule::Enabled);
    let of = |kind: &str| {
        let it = instance(ID).hop_limit(2).ipv6(Switch::Disabled);
        Instance { instance_type: Some(kind.to_owned()), ..it }
    };
    check("Xen", of("t2.micro"), rules(), launch(), "violation [ipv6-endpoint] → hold: ipv6-instance-type");
    check(
        "Xen, and v1 is closed all the same",
        of("m4.large").v1_allowed(),
        rules(),
        launch(),
        "violation [http-tokens ipv6-endpoint] → act: HttpTokens=required; ipv6-instance-type",
    );
    let on = "violation [ipv6-endpoint] → act: HttpTokens=required HttpProtocolIpv6=enabled";
    for kind in ["m7g.large", "t3.micro", "i3.metal"] {
        check(kind, of(kind), rules(), launch(), on);
    }
    check(
        "off everywhere",
        of("t2.micro").ipv6(Switch::Enabled),
        enforce().ipv6(SwitchRule::Disabled),
        launch(),
        "violation [ipv6-endpoint] → act: HttpTokens=required HttpProtocolIpv6=disabled",
    );
}

#[test]
fn everything_at_once_is_one_change() {
    let opinionated =
        || enforce().hops_exactly(2).ipv6(SwitchRule::Disabled).tags_in_metadata(SwitchRule::Enabled);
    let wrong = || instance(ID).v1_allowed().hop_limit(7).ipv6(Switch::Enabled);
    let all = "violation [http-tokens hop-limit ipv6-endpoint metadata-tags] → act: HttpTokens=required \
               HttpPutResponseHopLimit=2 HttpProtocolIpv6=disabled InstanceMetadataTags=enabled";
    check("all of it in one call", wrong(), opinionated(), launch(), all);
    check(
        "endpoint disabled wins over everything",
        wrong().endpoint(Switch::Disabled),
        opinionated(),
        launch(),
        OFF,
    );
    check(
        "nothing described: nothing is done, for the endpoint may be off",
        wrong().nothing_described(),
        opinionated(),
        launch(),
        "violation [http-tokens] → hold: endpoint-unknown; option-unknown; option-unknown; option-unknown",
    );
}

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
