//! The defaults of an account: what is set, what is cleared, what waits, and who else decides them.

use v2only_policy::plan::{EnforcementBar, Hold};
use v2only_policy::scope::Matcher;
use v2only_policy::source::DefaultsOwner;
use v2only_policy::verdict::Note;
use v2only_policy::{
    AccountDefaults, DefaultRule, Disabled, Preference, Rules, Switch, SwitchOption, decide_account_defaults,
};

use crate::sources::{OPTIONAL, REQUIRED, SILENT, account};
use crate::words::*;

fn wants(tokens: bool, hop_limit: Option<i64>, enforced: bool) -> Rules {
    enforce().edit(|rules| {
        rules.account_defaults.http_tokens_required = tokens;
        if let Some(limit) = hop_limit {
            rules.account_defaults.hop_limit = DefaultRule::Must(Preference::Set(hops(limit)));
        }
        rules.account_defaults.enforced = enforced;
    })
}

#[track_caller]
fn check_defaults(shows: &str, it: &AccountDefaults, failing: usize, policy: impl AsPolicy, expected: &str) {
    let decision = decide_account_defaults(it, failing, &policy.policy(), &seen().circumstances()).unwrap();
    assert_eq!(told(&decision), expected, "{shows}");
}

#[test]
fn account_defaults_are_changed_in_one_call() {
    check_defaults(
        "no opinion",
        &account(SILENT),
        0,
        enforce(),
        "compliant (account defaults are as the policy says) → nothing",
    );
    let all = || wants(true, Some(2), true);
    check_defaults(
        "nothing set",
        &account(SILENT),
        0,
        all(),
        "violation [account-default-tokens account-default-hop-limit http-tokens-enforced] → act: account default \
         HttpTokens=required HttpPutResponseHopLimit=2 HttpTokensEnforced=enabled",
    );
    check_defaults(
        "enforcing says the tokens again",
        &account(REQUIRED),
        0,
        wants(false, None, true),
        "violation [http-tokens-enforced] → act: account default HttpTokens=required HttpTokensEnforced=enabled",
    );
    check_defaults(
        "a default of optional wins over every image",
        &account(OPTIONAL),
        0,
        wants(true, None, false),
        "violation [account-default-tokens] → act: account default HttpTokens=required",
    );
    let done = AccountDefaults { enforced: Switch::Enabled, ..account(REQUIRED) };
    check_defaults(
        "as wanted",
        &done,
        3,
        wants(true, None, true),
        "compliant (account defaults are as the policy says) → nothing",
    );
}

/// Account defaults of the hop limit, the endpoint and tags in metadata.
fn with_defaults(hops: Option<u8>, endpoint: Option<Switch>, tags: Option<Switch>) -> AccountDefaults {
    let mut it = account(REQUIRED);
    it.options.hop_limit = hops;
    it.options.http_endpoint = endpoint;
    it.options.switches[SwitchOption::MetadataTags] = tags;
    it
}

const COMPLIANT: &str = "compliant (account defaults are as the policy says) → nothing";

#[test]
fn defaults_of_endpoint_and_tags_are_set() {
    let rules = || {
        enforce().edit(|rules| {
            rules.account_defaults.http_endpoint = DefaultRule::Must(Preference::Set(Disabled));
            rules.account_defaults.metadata_tags = DefaultRule::Must(Preference::Set(true));
        })
    };
    let both = "violation [account-default-endpoint account-default-metadata-tags] → act: account default \
                HttpEndpoint=disabled InstanceMetadataTags=enabled";
    let rows = [
        ("nothing set", None, None, both),
        ("the opposite", Some(Switch::Enabled), Some(Switch::Disabled), both),
        ("unknown words", Some(Switch::Unknown), Some(Switch::Unknown), both),
        ("as wanted", Some(Switch::Disabled), Some(Switch::Enabled), COMPLIANT),
    ];
    for (shows, endpoint, tags, expected) in rows {
        check_defaults(shows, &with_defaults(None, endpoint, tags), 0, rules(), expected);
    }
    let findings = decide_account_defaults(
        &with_defaults(None, Some(Switch::Enabled), None),
        0,
        &rules().policy(),
        &seen().circumstances(),
    );
    let texts: Vec<String> = findings.unwrap().verdict.findings().iter().map(ToString::to_string).collect();
    assert_eq!(
        texts,
        [
            "the account default for HttpEndpoint is enabled and must be disabled",
            "the account has no default for InstanceMetadataTags, and it must be enabled"
        ]
    );
}

#[test]
fn a_document_requires_a_default_only_with_a_value() {
    let value = |rule: DefaultRule<u8>| rule.value();
    assert_eq!(value(DefaultRule::Must(Preference::Set(2))), Some(2));
    assert_eq!(value(DefaultRule::Must(Preference::Clear)), None);
    assert_eq!(value(DefaultRule::Keep), None);
}

#[test]
fn defaults_are_cleared_and_an_endpoint_stays_disabled() {
    let rules = || {
        enforce().edit(|rules| {
            rules.account_defaults.hop_limit = DefaultRule::Must(Preference::Clear);
            rules.account_defaults.http_endpoint = DefaultRule::Must(Preference::Clear);
            rules.account_defaults.metadata_tags = DefaultRule::Must(Preference::Clear);
        })
    };
    let (on, off, strange) = (Some(Switch::Enabled), Some(Switch::Disabled), Some(Switch::Unknown));
    let rows = [
        ("nothing set", None, None, None, COMPLIANT),
        (
            "everything set",
            Some(2),
            on,
            on,
            "violation [account-default-hop-limit account-default-endpoint account-default-metadata-tags] → act: \
             account default HttpPutResponseHopLimit=no-preference HttpEndpoint=no-preference \
             InstanceMetadataTags=no-preference",
        ),
        ("a disabled endpoint would be enabled", None, off, None, COMPLIANT),
        (
            "only the tags beside a disabled endpoint",
            None,
            off,
            off,
            "violation [account-default-metadata-tags] → act: account default InstanceMetadataTags=no-preference",
        ),
        (
            "a word of tomorrow may be a disabled endpoint",
            None,
            strange,
            None,
            "violation [account-default-endpoint] → hold: endpoint-unknown",
        ),
    ];
    for (shows, hops, endpoint, tags, expected) in rows {
        check_defaults(shows, &with_defaults(hops, endpoint, tags), 0, rules(), expected);
    }
}

#[test]
fn enforcement_waits_until_it_breaks_no_launch() {
    check_defaults(
        "no default",
        &account(SILENT),
        0,
        wants(false, None, true),
        "violation [http-tokens-enforced] → hold: enforcement-without-default",
    );
    check_defaults(
        "templates that say optional",
        &account(REQUIRED),
        2,
        wants(true, None, true),
        "violation [http-tokens-enforced] → hold: enforcement-would-fail-launches",
    );
    check_defaults(
        "the rest does not wait",
        &account(SILENT),
        2,
        wants(true, None, true),
        "violation [account-default-tokens http-tokens-enforced] → act: account default HttpTokens=required; \
         enforcement-waits",
    );
    let note = Note::EnforcementWaits(EnforcementBar::Failing { sources: 1 });
    assert!(note.to_string().contains("1 template version or launch configuration in use says optional"));
}

#[test]
fn defaults_of_a_declarative_policy_are_reported() {
    let message = Some("IMDSv2 is required".to_owned());
    let it = AccountDefaults { owner: DefaultsOwner::DeclarativePolicy(message), ..account(OPTIONAL) };
    let rules = || wants(true, Some(2), true);
    let expected = "violation [account-default-tokens account-default-hop-limit http-tokens-enforced] → hold: \
                    declarative-policy";
    check_defaults("owned by the organization", &it, 0, rules(), expected);
    let hold = Hold::DeclarativePolicy(Some("IMDSv2 is required".to_owned()));
    assert!(hold.to_string().ends_with(": IMDSv2 is required"));
    let strange = AccountDefaults { owner: DefaultsOwner::Unknown("tower".to_owned()), ..account(SILENT) };
    check_defaults(
        "owned by a word of tomorrow",
        &strange,
        0,
        wants(true, None, false),
        "violation [account-default-tokens] → hold: managed",
    );
}

#[test]
fn account_defaults_can_be_exempt_and_overridden() {
    let here = Matcher { regions: regions(&["eu-*"]).regions, ..Matcher::default() };
    let exempt = wants(true, None, false).with(&[exemption(here.clone(), "2027-01-31")]);
    check_defaults(
        "exempt",
        &account(SILENT),
        0,
        exempt,
        "exempt by exemptions[0] through 2027-01-31 [account-default-tokens] → nothing",
    );
    let elsewhere = wants(true, None, false).over(&[(here, observe())]);
    check_defaults(
        "no opinion here",
        &account(SILENT),
        0,
        elsewhere,
        "compliant (account defaults are as the policy says) → nothing",
    );
}
