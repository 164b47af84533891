//! The section `instances`.

use std::ops::RangeInclusive;

use v2only_policy::SwitchOption;
use v2only_policy::settings::{
    EndpointRule, Engine, GateScope, HopLimit, HopLimitRule, InstanceRules, SwitchRule, UsageGate,
};

use crate::keys;
use crate::notice::Notice;
use crate::reader::{Reader, Words, set};
use crate::spot::Spot;

/// `HttpPutResponseHopLimit`.
pub(super) const HOPS: RangeInclusive<u8> = 1..=64;
/// CloudWatch keeps hourly data for 455 days.
const QUIET_DAYS: RangeInclusive<u16> = 1..=455;
/// Up to a week.
pub(super) const FRESH_MINUTES: RangeInclusive<u32> = 0..=10_080;

const REQUIRED: Words<()> = Words {
    all: &[("required", ())],
    told: &[
        (
            "optional",
            "version 1 is never allowed by a rule; a resource that still needs it gets an exemption",
        ),
        ("keep", "leave the key out: closing version 1 is what this is for"),
    ],
};
const ENDPOINT: Words<EndpointRule> = Words {
    all: &[("keep", EndpointRule::Keep), ("disabled", EndpointRule::Disabled)],
    told: &[("enabled", "an endpoint that somebody disabled is never enabled; write `keep`")],
};
const SWITCH: Words<SwitchRule> = Words {
    all: &[("keep", SwitchRule::Keep), ("enabled", SwitchRule::Enabled), ("disabled", SwitchRule::Disabled)],
    told: &[("true", "did you mean `enabled`?"), ("false", "did you mean `disabled`?")],
};
const ENGINE: Words<Engine> =
    Words { all: &[("api", Engine::Api), ("ssm-automation", Engine::SsmAutomation)], told: &[] };
const TRACE_AT_BOOT: Words<bool> = Words {
    all: &[("deny", false), ("allow", true)],
    told: &[("true", "did you mean `allow`?"), ("false", "did you mean `deny`?")],
};
const GATE: Words<GateScope> = Words {
    all: &[
        ("existing", GateScope::Existing),
        ("all", GateScope::All),
        ("none", GateScope::None),
        ("siblings", GateScope::Siblings),
    ],
    told: &[],
};

const ENDPOINT_NEEDS_A_GRANT: &str = "the shipped roles of the functions cannot disable an endpoint: add the statement \
     `DisableEndpoints` of `v2only policies render --policy FILE` to them";
/// Amazon EC2 User Guide: all of these read the metadata service from inside the instance.
const ENDPOINT_STOPS: &str = "without a metadata service, EC2 Instance Connect, SSH keys at launch, user data and the \
     credentials of the instance's role stop working";

pub(super) fn lay(reader: &mut Reader, spot: &Spot<'_>, rules: &mut InstanceRules) {
    let Some(fields) = reader.fields(spot, &keys::INSTANCES) else { return };
    // The only legal word, so that there is nothing to keep.
    reader.word(&fields, "http_tokens", &REQUIRED);
    if let Some(spot) = fields.get("hop_limit") {
        lay_hop_limit(reader, &spot, &mut rules.hop_limit);
    }
    let endpoint = reader.word(&fields, "http_endpoint", &ENDPOINT);
    if let (Some(EndpointRule::Disabled), Some(spot)) = (endpoint, fields.get("http_endpoint")) {
        for message in [ENDPOINT_NEEDS_A_GRANT, ENDPOINT_STOPS] {
            reader.notices.push(Notice::at(&spot, message.to_owned()));
        }
    }
    set(&mut rules.http_endpoint, endpoint);
    for option in SwitchOption::ALL {
        set(&mut rules.switches[*option], reader.word(&fields, option.key(), &SWITCH));
    }
    set(&mut rules.remediate_with, reader.word(&fields, "remediate_with", &ENGINE));
    if let Some(spot) = fields.get("usage_gate") {
        lay_usage_gate(reader, &spot, &mut rules.usage_gate);
    }
    set(&mut rules.fresh_minutes, reader.number(&fields, "fresh_minutes", &FRESH_MINUTES));
    set(&mut rules.trace_at_boot, reader.word(&fields, "trace_at_boot", &TRACE_AT_BOOT));
}

fn lay_usage_gate(reader: &mut Reader, spot: &Spot<'_>, gate: &mut UsageGate) {
    let Some(fields) = reader.fields(spot, &keys::USAGE_GATE) else { return };
    if fields.keys().next().is_none() {
        reader.mismatch(spot, keys::USAGE_GATE.expected, None);
    }
    set(&mut gate.quiet_days, reader.number(&fields, "quiet_days", &QUIET_DAYS));
    set(&mut gate.applies_to, reader.word(&fields, "applies_to", &GATE));
    set(&mut gate.require_restart, reader.flag(&fields, "require_restart"));
}

fn lay_hop_limit(reader: &mut Reader, spot: &Spot<'_>, rule: &mut HopLimitRule) {
    if spot.text() == Some("keep") {
        *rule = HopLimitRule::Keep;
        return;
    }
    if let Some(hops) = spot.text().filter(|text| text.parse::<u8>().is_ok()) {
        let hint =
            format!("write `{{ max: {hops} }}`, or `{{ exactly: {hops} }}` if fewer are wrong as well");
        reader.mismatch(spot, keys::HOP_LIMIT.expected, Some(hint));
        return;
    }
    let Some(fields) = reader.fields(spot, &keys::HOP_LIMIT) else { return };
    let mut hops = |key| fields.get(key).map(|it| limit(reader, &it));
    match (hops("max"), hops("exactly")) {
        (Some(max), None) => set(rule, max.map(HopLimitRule::Max)),
        (None, Some(exactly)) => set(rule, exactly.map(HopLimitRule::Exactly)),
        (Some(_), Some(_)) => {
            let hint = "`{ max: … }` allows fewer hops, `{ exactly: … }` does not".to_owned();
            reader.problem(spot.node.at, &spot.path, "`max` and `exactly` contradict each other", Some(hint));
        }
        // An unknown key instead has been reported.
        (None, None) if fields.keys().next().is_some() => {}
        (None, None) => reader.mismatch(spot, keys::HOP_LIMIT.expected, None),
    }
}

fn limit(reader: &mut Reader, spot: &Spot<'_>) -> Option<HopLimit> {
    let hops = reader.number_at(spot, &HOPS, "")?;
    HopLimit::new(i64::from(hops)).ok()
}
