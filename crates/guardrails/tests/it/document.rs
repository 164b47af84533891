//! What a rendering takes from the policy document, and which principals it accepts.

use rstest::rstest;
use v2only_guardrails::settings::{Principals, RolePattern, RolePatternError};
use v2only_guardrails::{Settings, render};
use v2only_policy::scope::Matcher;
use v2only_policy::settings::{EndpointRule, HopLimit, HopLimitRule, Override, Rules};
use v2only_policy::{DefaultRule, Disabled, Mode, Partition, Policy, Preference};

fn rules(hop_limit: HopLimitRule) -> Rules {
    let mut rules = Rules::new(Mode::Enforce);
    rules.instances.hop_limit = hop_limit;
    rules
}

fn max(hops: i64) -> HopLimitRule {
    HopLimitRule::Max(HopLimit::new(hops).unwrap())
}

fn exactly(hops: i64) -> HopLimitRule {
    HopLimitRule::Exactly(HopLimit::new(hops).unwrap())
}

fn settings(document: HopLimitRule, overrides: &[HopLimitRule]) -> Settings {
    let mut policy = Policy::plain(rules(document));
    policy.overrides =
        overrides.iter().map(|it| Override { matcher: Matcher::default(), rules: rules(*it) }).collect();
    Settings::from_policy(&policy, Partition::Aws, Principals::default())
}

/// What an override accepts is never denied to a whole account.
#[rstest]
#[case::no_opinion(HopLimitRule::Keep, &[], HopLimitRule::Keep)]
#[case::at_most(max(2), &[], max(2))]
#[case::exactly(exactly(1), &[], exactly(1))]
#[case::looser_override(max(1), &[max(3)], max(3))]
#[case::tighter_override(max(3), &[max(1)], max(3))]
#[case::exact_override(max(1), &[exactly(2)], max(2))]
#[case::two_exact_ones(exactly(1), &[exactly(2)], max(2))]
#[case::the_same_twice(exactly(2), &[exactly(2)], exactly(2))]
#[case::an_override_without_opinion(max(1), &[HopLimitRule::Keep], HopLimitRule::Keep)]
fn the_hop_limit_is_the_loosest_of_the_document(
    #[case] document: HopLimitRule,
    #[case] overrides: &[HopLimitRule],
    #[case] rendered: HopLimitRule,
) {
    assert_eq!(settings(document, overrides).hop_limit, rendered);
}

#[test]
fn a_document_without_opinion_renders_no_hop_limit() {
    let files = render(&settings(HopLimitRule::Keep, &[])).unwrap();
    assert!(files.iter().all(|it| !it.path.contains("hop-limit")));
    assert!(files.iter().all(|it| !it.json.contains("HopLimit\"") && !it.json.contains("HopLimitAtLaunch")));
    let defaults = files.iter().find(|it| it.path.ends_with("defaults.json")).unwrap();
    assert!(defaults.json.contains(r#""http_put_response_hop_limit":{"@@assign":"-1"}"#));
}

#[test]
fn the_declarative_policy_sets_the_defaults_of_the_document() {
    let mut policy = Policy::plain(Rules::new(Mode::Enforce));
    let defaults = &mut policy.rules.account_defaults;
    defaults.http_endpoint = DefaultRule::Must(Preference::Set(Disabled));
    defaults.metadata_tags = DefaultRule::Must(Preference::Set(true));
    policy.rules.instances.hop_limit = max(2);
    let rendered = |policy: &Policy| {
        let files = render(&Settings::from_policy(policy, Partition::Aws, Principals::default())).unwrap();
        files.into_iter().find(|it| it.path.ends_with("defaults.json")).unwrap().json
    };
    let json = rendered(&policy);
    for part in [
        r#""http_endpoint":{"@@assign":"disabled"}"#,
        r#""instance_metadata_tags":{"@@assign":"enabled"}"#,
        r#""http_put_response_hop_limit":{"@@assign":"2"}"#,
    ] {
        assert!(json.contains(part), "{json} lacks {part}");
    }
    // A default that the document clears is not the hop limit of instances.
    policy.rules.account_defaults.hop_limit = DefaultRule::Must(Preference::Clear);
    policy.rules.account_defaults.http_endpoint = DefaultRule::Must(Preference::Clear);
    let json = rendered(&policy);
    assert!(json.contains(r#""http_put_response_hop_limit":{"@@assign":"-1"}"#), "{json}");
    assert!(json.contains(r#""http_endpoint":{"@@assign":"no_preference"}"#), "{json}");
}

#[test]
fn the_enforcer_may_disable_endpoints_only_where_the_document_says_so() {
    let grants = |settings: &Settings| {
        let files = render(settings).unwrap();
        files.iter().any(|it| it.path == "iam/role-ec2-enforcer.json" && it.json.contains("DisableEndpoints"))
    };
    assert!(!grants(&Settings::shipped()));
    let mut somewhere = Rules::new(Mode::Enforce);
    somewhere.instances.http_endpoint = EndpointRule::Disabled;
    let mut policy = Policy::plain(Rules::new(Mode::Enforce));
    policy.overrides = vec![Override { matcher: Matcher::default(), rules: somewhere }];
    assert!(grants(&Settings::from_policy(&policy, Partition::Aws, Principals::default())));
}

#[rstest]
#[case::a_role("arn:aws:iam::111122223333:role/break-glass")]
#[case::everywhere("arn:aws:iam::*:role/break-glass")]
#[case::a_path("arn:aws-cn:iam::*:role/aws-reserved/sso.amazonaws.com/*/AWSReservedSSO_Admin_*")]
#[case::any_partition("arn:*:iam::*:role/x")]
fn a_role_may_be_spared(#[case] arn: &str) {
    assert!(RolePattern::parse(arn).is_ok());
}

#[rstest]
#[case::everybody("arn:aws:iam::*:role/*", true)]
#[case::everybody_in_disguise("arn:aws:iam::111122223333:role/?*/*", true)]
#[case::a_user("arn:aws:iam::*:user/break-glass", false)]
#[case::a_session("arn:aws:sts::111122223333:assumed-role/x/y", false)]
#[case::an_account("111122223333", false)]
#[case::no_name("arn:aws:iam::*:role/", false)]
#[case::eleven_digits("arn:aws:iam::11112222333:role/x", false)]
#[case::twelve_letters("arn:aws:iam::abcdefabcdef:role/x", false)]
#[case::half_an_account("arn:aws:iam::1111*:role/x", false)]
#[case::a_variable("arn:aws:iam::*:role/${aws:username}", false)]
#[case::nothing("", false)]
fn nobody_else_may(#[case] arn: &str, #[case] everybody: bool) {
    let problem = RolePattern::parse(arn).unwrap_err();
    assert_eq!(matches!(problem, RolePatternError::Everybody(_)), everybody);
    assert!(problem.to_string().contains(arn));
}
