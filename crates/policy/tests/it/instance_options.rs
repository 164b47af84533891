//! The options of an instance: every rule with every opinion.

use v2only_policy::settings::SwitchRule;
use v2only_policy::{Instance, Switch};

use crate::instances::{CLOSE_V1, FINE, ID};
use crate::words::*;

const UNKNOWN: &str = "compliant (HttpTokens is required) → nothing; option-unknown";
const OFF: &str = "compliant (HttpEndpoint is disabled) → nothing";

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
