//! Templates and defaults at random, against a model of AWS: carried out, plans only tighten, change nothing
//! else, and leave nothing for a second run.

use proptest::prelude::*;
use v2only_policy::settings::{AccountDefaultRules, HopLimitRule, LaunchTemplateFix};
use v2only_policy::source::{GroupUse, LaunchTemplate, TemplateVersion, VersionChoice};
use v2only_policy::{
    AccountDefaults, HttpTokens, ImdsSupport, Plan, Policy, Rules, StatedOptions, Switch, TemplateChange,
    Verdict, decide_account_defaults, decide_launch_template, effective,
};

use crate::sources::template;
use crate::words::*;

fn stated() -> impl Strategy<Value = StatedOptions> {
    let tokens = prop::sample::select(vec![None, Some(HttpTokens::Required), Some(HttpTokens::Optional)]);
    let switch = || prop::sample::select(vec![None, Some(Switch::Enabled), Some(Switch::Disabled)]);
    let hops = prop::option::of(1_u8..=4);
    (tokens, switch(), hops, switch(), switch()).prop_map(
        |(http_tokens, http_endpoint, hop_limit, ipv6_endpoint, metadata_tags)| StatedOptions {
            http_tokens,
            http_endpoint,
            hop_limit,
            ipv6_endpoint,
            metadata_tags,
        },
    )
}

fn defaults() -> impl Strategy<Value = AccountDefaults> {
    let enforced = prop::sample::select(vec![Switch::Unknown, Switch::Disabled, Switch::Enabled]);
    (stated(), enforced).prop_map(|(options, enforced)| AccountDefaults {
        options: StatedOptions { ipv6_endpoint: None, ..options },
        enforced,
        ..AccountDefaults::UNSET
    })
}

fn templates() -> impl Strategy<Value = LaunchTemplate> {
    let support = prop::sample::select(vec![ImdsSupport::V2, ImdsSupport::Unmarked]);
    let versions = prop::collection::vec((stated(), support), 1..5);
    (versions, any::<prop::sample::Index>(), any::<bool>()).prop_map(|(versions, default, followed)| {
        let latest = versions.len() as u64;
        let default = default.index(versions.len()) as u64 + 1;
        let versions = (1..).zip(versions).map(|(number, (options, imds_support))| TemplateVersion {
            number,
            options,
            image: None,
            imds_support,
        });
        let mut it = template(default, latest, versions.collect());
        if followed {
            it.groups.push(GroupUse { group: "web".to_owned(), version: VersionChoice::Latest });
        }
        it
    })
}

fn rules() -> impl Strategy<Value = Rules> {
    prop::option::of(1_i64..=4).prop_map(|max| {
        let rules = enforce().edit(|it| it.launch_templates = LaunchTemplateFix::NewVersion);
        match max {
            Some(max) => rules.hops_at_most(max),
            None => rules,
        }
    })
}

/// `CreateLaunchTemplateVersion` and `ModifyLaunchTemplate`, as the plan asks for them.
fn carry_out(it: &mut LaunchTemplate, step: TemplateChange) {
    let source = |it: &LaunchTemplate, number| {
        it.versions.iter().find(|version| version.number == number).unwrap().clone()
    };
    let mut made = source(it, step.from);
    made.number = it.latest + 1;
    made.options = made.options.tightened(step.change);
    it.latest = made.number;
    if step.make_default {
        it.default = made.number;
    }
    it.versions.push(made);
    if let Some(again) = step.then_repeat {
        let repeated = TemplateVersion { number: it.latest + 1, ..source(it, again) };
        it.latest = repeated.number;
        it.versions.push(repeated);
    }
}

/// What somebody launches from who names no number.
fn in_use(mut it: LaunchTemplate) -> LaunchTemplate {
    let (default, latest) = (it.default, it.latest);
    it.versions.retain(|version| [default, latest].contains(&version.number));
    it
}

proptest! {
    #[test]
    fn new_versions_mend_default_and_latest_and_change_nothing_else(
        before in templates(),
        account in defaults(),
        rules in rules(),
    ) {
        let policy = Policy::plain(rules);
        let decide = |it: &LaunchTemplate| {
            decide_launch_template(it, &account, &policy, &seen().circumstances()).unwrap()
        };
        let at = |it: &LaunchTemplate, number: u64| {
            it.versions.iter().find(|version| version.number == number).unwrap().clone()
        };
        let before = in_use(before);
        let mut after = before.clone();
        let mut held = false;
        for decided in decide(&before) {
            match decided.decision.plan {
                Plan::Act(step) => carry_out(&mut after, step),
                Plan::Hold { .. } => held = true,
                _ => {}
            }
        }
        for (was, is) in [(before.default, after.default), (before.latest, after.latest)] {
            let (was, is) = (at(&before, was), at(&after, is));
            prop_assert_eq!(was.imds_support, is.imds_support);
            let endpoint = (was.options.http_endpoint, is.options.http_endpoint);
            prop_assert!(endpoint.0 == endpoint.1);
            let tokens = |it: &TemplateVersion| {
                effective(&it.options, &account, it.imds_support).http_tokens.is
            };
            prop_assert!(tokens(&was) != HttpTokens::Required || tokens(&is) == HttpTokens::Required);
            let kept = policy.rules.instances.hop_limit == HopLimitRule::Keep;
            prop_assert!(!kept || was.options.hop_limit == is.options.hop_limit);
            prop_assert_eq!(was.options.ipv6_endpoint, is.options.ipv6_endpoint);
            prop_assert_eq!(was.options.metadata_tags, is.options.metadata_tags);
        }
        let second = decide(&in_use(after));
        for decided in second {
            prop_assert!(
                held || matches!(decided.decision.verdict, Verdict::Compliant(_)),
                "left: {:?}", decided
            );
            prop_assert!(!matches!(decided.decision.plan, Plan::Act(_)), "a second run acts: {:?}", decided);
        }
    }

    #[test]
    fn defaults_only_tighten_and_a_second_run_changes_nothing(
        before in defaults(),
        tokens in any::<bool>(),
        hop_limit in prop::option::of(1_i64..=4),
        enforced in any::<bool>(),
        failing in 0_usize..3,
    ) {
        let wanted = AccountDefaultRules {
            http_tokens_required: tokens,
            hop_limit: hop_limit.map(hops),
            enforced,
        };
        let policy = Policy::plain(enforce().edit(|it| it.account_defaults = wanted));
        let decide = |it: &AccountDefaults| {
            decide_account_defaults(it, failing, &policy, &seen().circumstances()).unwrap()
        };
        let mut after = before.clone();
        if let Plan::Act(change) = decide(&before).plan {
            prop_assert!(change.require_tokens || change.hop_limit.is_some() || change.enforce);
            prop_assert!(!change.enforce || change.require_tokens && failing == 0, "{change}");
            if change.require_tokens {
                after.options.http_tokens = Some(HttpTokens::Required);
            }
            if let Some(hops) = change.hop_limit {
                after.options.hop_limit = Some(hops.get());
            }
            if change.enforce {
                after.enforced = Switch::Enabled;
            }
        }
        let tokens = |it: &AccountDefaults| it.options.http_tokens == Some(HttpTokens::Required);
        prop_assert!(!tokens(&before) || tokens(&after));
        prop_assert!(before.enforced != Switch::Enabled || after.enforced == Switch::Enabled);
        prop_assert!(!matches!(decide(&after).plan, Plan::Act(_)), "a second run changes something");
    }
}
