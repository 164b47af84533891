//! Changes taken apart, laid over options and compared with what AWS describes.

use v2only_policy::settings::{EndpointRule, HopLimitRule, SwitchRule};
use v2only_policy::{
    DefaultFinding, DefaultsChange, Finding, HttpTokens, InstanceChange, MetadataOption, MetadataOptions,
    Note, Plan, Preference, StatedOptions, Step, Switch, SwitchOption, Switches, Verdict, decision::Decision,
};

use crate::words::*;

fn both() -> InstanceChange {
    InstanceChange::RequireTokens {
        hop_limit: Some(hops(2)),
        switches: Switches::all(None).with(SwitchOption::MetadataTags, Some(true)),
    }
}

#[test]
fn a_change_names_every_option_that_is_not_as_asked() {
    let open = MetadataOptions { hop_limit: Some(1), ..MetadataOptions::UNKNOWN };
    assert_eq!(both().unmet_by(&open), ["HttpTokens", "HttpPutResponseHopLimit", "InstanceMetadataTags"]);
    assert_eq!(InstanceChange::TOKENS.unmet_by(&open), ["HttpTokens"]);
    assert_eq!(InstanceChange::DisableEndpoint.unmet_by(&open), ["HttpEndpoint"]);
}

#[test]
fn a_change_is_taken_apart_into_its_side_options() {
    let switches = Switches::all(None).with(SwitchOption::MetadataTags, Some(true));
    let wanted = [
        (
            MetadataOption::HopLimit,
            InstanceChange::RequireTokens { hop_limit: Some(hops(2)), switches: Switches::all(None) },
        ),
        (
            MetadataOption::Switch(SwitchOption::MetadataTags),
            InstanceChange::RequireTokens { hop_limit: None, switches },
        ),
    ];
    assert_eq!(both().side_options(), wanted);
    assert_eq!(InstanceChange::TOKENS.side_options(), []);
    assert_eq!(InstanceChange::DisableEndpoint.side_options(), []);
    assert_eq!(both().tokens_and_hop_limit(), None);
    assert_eq!(wanted[0].1.tokens_and_hop_limit(), Some(Some(hops(2))));
    assert_eq!(InstanceChange::TOKENS.tokens_and_hop_limit(), Some(None));
    assert_eq!(InstanceChange::DisableEndpoint.tokens_and_hop_limit(), None);
}

#[test]
fn tightened_options_keep_what_the_change_does_not_name() {
    let stated = StatedOptions {
        http_tokens: Some(HttpTokens::Optional),
        http_endpoint: Some(Switch::Enabled),
        hop_limit: Some(5),
        switches: Switches::all(Some(Switch::Disabled)),
    };
    let required = StatedOptions { http_tokens: Some(HttpTokens::Required), ..stated };
    assert_eq!(stated.tightened(InstanceChange::TOKENS), required);
    let switches = required.switches.with(SwitchOption::MetadataTags, Some(Switch::Enabled));
    assert_eq!(stated.tightened(both()), StatedOptions { hop_limit: Some(2), switches, ..required });
    let disabled = StatedOptions { http_endpoint: Some(Switch::Disabled), ..stated };
    assert_eq!(stated.tightened(InstanceChange::DisableEndpoint), disabled);
}

#[test]
fn what_is_not_described_is_completed_from_the_present() {
    let now = MetadataOptions {
        switches: Switches::all(Switch::Enabled),
        hop_limit: Some(9),
        ..MetadataOptions::UNKNOWN
    };
    let was = MetadataOptions {
        switches: Switches::all(Switch::Unknown).with(SwitchOption::MetadataTags, Switch::Disabled),
        ..MetadataOptions::UNKNOWN
    };
    let completed = was.completed_from(&now);
    assert_eq!(completed.switches, now.switches.with(SwitchOption::MetadataTags, Switch::Disabled));
    assert_eq!(completed.hop_limit, None);
}

#[test]
fn rules_without_side_options_judge_tokens_only() {
    let tokens_only =
        |edit: fn(&mut v2only_policy::Rules)| enforce().edit(edit).instances.judge_tokens_only();
    assert!(tokens_only(|_| {}));
    assert!(!tokens_only(|rules| rules.instances.hop_limit = HopLimitRule::Max(hops(2))));
    assert!(!tokens_only(|rules| rules.instances.http_endpoint = EndpointRule::Disabled));
    assert!(!tokens_only(|rules| rules.instances.switches = Switches::all(SwitchRule::Enabled)));
    let rows = [
        (SwitchRule::Keep, Switch::Enabled, None),
        (SwitchRule::Enabled, Switch::Enabled, None),
        (SwitchRule::Enabled, Switch::Disabled, Some(true)),
        (SwitchRule::Enabled, Switch::Unknown, Some(true)),
        (SwitchRule::Disabled, Switch::Disabled, None),
        (SwitchRule::Disabled, Switch::Enabled, Some(false)),
        (SwitchRule::Disabled, Switch::Unknown, Some(false)),
    ];
    for (rule, is, wanted) in rows {
        assert_eq!(rule.differs_from(is), wanted, "{rule:?}, {is:?}");
    }
}

/// Sources in use that would fail under `HttpTokensEnforced` hold only that switch back.
#[test]
fn enforcement_waits_and_the_default_does_not() {
    let enforce = DefaultsChange { require_tokens: true, enforce: true, ..DefaultsChange::default() };
    let decision = |findings: Vec<DefaultFinding>| {
        let findings = findings.into_iter().map(Finding::Default).collect();
        Decision {
            plan: Plan::Act(Step::from(enforce)),
            ..Decision::nothing_to_do(Verdict::Violation(findings))
        }
    };
    let tokens = || DefaultFinding::Tokens { is: None };
    let acts = decision(vec![tokens(), DefaultFinding::NotEnforced]).without_enforcement(enforce, 3);
    assert_eq!(acts.plan, Plan::Act(Step::from(DefaultsChange { enforce: false, ..enforce })));
    assert!(matches!(acts.notes[..], [Note::EnforcementWaits(_)]));
    let hop_limit = DefaultsChange { hop_limit: Some(Preference::Set(hops(2))), ..enforce };
    let acts = decision(vec![DefaultFinding::NotEnforced]).without_enforcement(hop_limit, 3);
    assert_eq!(
        acts.plan,
        Plan::Act(Step::from(DefaultsChange { enforce: false, require_tokens: false, ..hop_limit }))
    );
    let waits = decision(vec![DefaultFinding::NotEnforced]).without_enforcement(enforce, 3);
    assert_eq!(waits.plan.hold().map(|hold| hold.code()), Some("enforcement-would-fail-launches"));
    assert_eq!((waits.plan.step(), waits.notes.len()), (None, 0));
}
