//! Templates and defaults at random, against a model of AWS: carried out, plans only tighten, change nothing
//! else, and leave nothing for a second run.

use proptest::prelude::*;
use v2only_policy::settings::{AccountDefaultRules, HopLimitRule, LaunchTemplateFix};
use v2only_policy::source::{
    ConsumerKind, ConsumerUse, LaunchTemplate, Made, TemplateSlot, TemplateVersion, VersionChoice,
};
use v2only_policy::{
    AccountDefaults, DefaultRule, DefaultsChange, Disabled, HttpTokens, ImdsSupport, InstanceChange, Plan,
    Policy, Preference, Rules, StatedOptions, Step, Switch, SwitchOption, Switches, Tags, TemplateChange,
    Verdict, decide_account_defaults, decide_launch_template, effective,
};

use crate::sources::template;
use crate::words::*;

fn rule<T: Copy + std::fmt::Debug>(value: impl Strategy<Value = T>) -> impl Strategy<Value = DefaultRule<T>> {
    prop_oneof![
        Just(DefaultRule::Keep),
        Just(DefaultRule::Must(Preference::Clear)),
        value.prop_map(|value| DefaultRule::Must(Preference::Set(value))),
    ]
}

fn stated() -> impl Strategy<Value = StatedOptions> {
    let tokens = prop::sample::select(vec![None, Some(HttpTokens::Required), Some(HttpTokens::Optional)]);
    let switch = || prop::sample::select(vec![None, Some(Switch::Enabled), Some(Switch::Disabled)]);
    let hops = prop::option::of(1_u8..=4);
    (tokens, switch(), hops, switch(), switch()).prop_map(
        |(http_tokens, http_endpoint, hop_limit, ipv6_endpoint, metadata_tags)| StatedOptions {
            http_tokens,
            http_endpoint,
            hop_limit,
            switches: Switches::all(ipv6_endpoint).with(SwitchOption::MetadataTags, metadata_tags),
        },
    )
}

fn defaults() -> impl Strategy<Value = AccountDefaults> {
    let enforced = prop::sample::select(vec![Switch::Unknown, Switch::Disabled, Switch::Enabled]);
    (stated(), enforced).prop_map(|(options, enforced)| AccountDefaults {
        options: StatedOptions {
            switches: options.switches.with(SwitchOption::Ipv6Endpoint, None),
            ..options
        },
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
            instance_type: None,
            instance_tags: Tags::new(),
            image: Some(format!("what version {number} launches")),
            imds_support,
            made: None,
            exempts: false,
        });
        let mut it = template(default, latest, versions.collect());
        if followed {
            it.consumers.push(ConsumerUse {
                kind: ConsumerKind::AutoScalingGroup,
                consumer: "web".to_owned(),
                version: VersionChoice::Latest,
                part: TemplateSlot::Own,
                instances: 0,
                is_repointed: false,
            });
        }
        it
    })
}

fn rules() -> impl Strategy<Value = Rules> {
    prop::option::of(1_i64..=4).prop_map(|max| {
        let rules = enforce().edit(|it| it.launch_templates.fix = LaunchTemplateFix::NewVersion);
        match max {
            Some(max) => rules.hops_at_most(max),
            None => rules,
        }
    })
}

/// A template as AWS keeps it, with all of its versions, and how many more calls are made before the run is killed.
#[derive(Debug, Clone)]
struct StoredTemplate {
    template: LaunchTemplate,
    calls_left: usize,
}

impl StoredTemplate {
    fn call(&mut self) -> bool {
        let alive = self.calls_left > 0;
        self.calls_left = self.calls_left.saturating_sub(1);
        alive
    }

    /// `CreateLaunchTemplateVersion`.
    fn create(&mut self, from: u64, change: Option<InstanceChange>, made: Option<Made>) -> Option<u64> {
        if !self.call() {
            return None;
        }
        let source = at(&self.template, from);
        let options = change.map_or(source.options, |it| source.options.tightened(it));
        self.template.latest += 1;
        let number = self.template.latest;
        // What was written down is what is read.
        let made = made.map(|it| if change.is_some() { it.changed() } else { it.repeated() });
        let made = made.and_then(|it| Made::read(&it));
        self.template.versions.push(TemplateVersion { number, options, made, ..source });
        Some(number)
    }

    /// The calls that one step takes, in their order; `None` if the run was killed.
    fn carry_out(&mut self, planned: &LaunchTemplate, step: TemplateChange) -> Option<()> {
        let made = match step.made {
            Some(number) => number,
            None => {
                let made = Made { from: step.from, latest: planned.latest };
                self.create(step.from, step.change, Some(made))?
            }
        };
        if let Some(again) = step.then_repeat {
            self.create(again, None, Some(Made::again(again)))?;
        }
        if step.make_default {
            self.call().then_some(())?;
            self.template.default = made;
        }
        Some(())
    }

    /// What a scan is given.
    fn described(&self) -> LaunchTemplate {
        let mut it = in_use(self.template.clone());
        if let Some(was) = it.seems_displaced() {
            let since: Vec<_> =
                self.template.versions.iter().filter(|it| it.number >= was).cloned().collect();
            it.set_displaced(&since);
        }
        it
    }

    /// One run; whether something was held.
    fn run(&mut self, account: &AccountDefaults, policy: &Policy) -> bool {
        let planned = self.described();
        let decided = decide_launch_template(&planned, account, policy, &seen().circumstances()).unwrap();
        let mut held = false;
        for it in decided {
            match it.decision.plan {
                Plan::Act(Step::LaunchTemplate(step)) if self.carry_out(&planned, step).is_none() => break,
                Plan::Hold { .. } => held = true,
                Plan::Act(_) | Plan::Nothing | Plan::Wait(_) => {}
            }
        }
        held
    }
}

fn at(it: &LaunchTemplate, number: u64) -> TemplateVersion {
    it.versions.iter().find(|version| version.number == number).unwrap().clone()
}

/// What somebody launches from who names no number.
fn in_use(mut it: LaunchTemplate) -> LaunchTemplate {
    let (default, latest) = (it.default, it.latest);
    it.versions.retain(|version| [default, latest].contains(&version.number));
    it
}

proptest! {
    #[test]
    fn new_versions_fix_default_and_latest_and_change_nothing_else(
        before in templates(),
        account in defaults(),
        rules in rules(),
    ) {
        let policy = Policy::plain(rules);
        let decide = |template: &LaunchTemplate| {
            decide_launch_template(template, &account, &policy, &seen().circumstances()).unwrap()
        };
        let before = in_use(before);
        let mut run = StoredTemplate { template: before.clone(), calls_left: usize::MAX };
        let held = run.run(&account, &policy);
        let after = run.template;
        for (was, is) in [(before.default, after.default), (before.latest, after.latest)] {
            let (was, is) = (at(&before, was), at(&after, is));
            prop_assert_eq!(was.imds_support, is.imds_support);
            let endpoint = (was.options.http_endpoint, is.options.http_endpoint);
            prop_assert!(endpoint.0 == endpoint.1);
            let tokens = |version: &TemplateVersion| {
                effective(&version.options, &account, version.imds_support).http_tokens.is
            };
            prop_assert!(tokens(&was) != HttpTokens::Required || tokens(&is) == HttpTokens::Required);
            let kept = policy.rules.instances.hop_limit == HopLimitRule::Keep;
            prop_assert!(!kept || was.options.hop_limit == is.options.hop_limit);
            prop_assert_eq!(was.options.switches, is.options.switches);
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
    fn a_run_that_is_killed_anywhere_is_finished_by_the_next(
        before in templates(),
        account in defaults(),
        rules in rules(),
        calls in 0_usize..6,
    ) {
        let policy = Policy::plain(rules);
        let before = in_use(before);
        let mut whole = StoredTemplate { template: before.clone(), calls_left: usize::MAX };
        whole.run(&account, &policy);
        let mut killed = StoredTemplate { template: before.clone(), calls_left: calls };
        killed.run(&account, &policy);
        let left_over = killed.template.versions.len();
        killed.calls_left = usize::MAX;
        killed.run(&account, &policy);
        for alias in [|it: &LaunchTemplate| it.default, |it: &LaunchTemplate| it.latest] {
            let (whole, killed) = (&whole.template, &killed.template);
            let (expected, is) = (at(whole, alias(whole)), at(killed, alias(killed)));
            prop_assert_eq!((is.image, is.options), (expected.image, expected.options));
        }
        let most = whole.template.versions.len() + usize::from(left_over > before.versions.len());
        // Made twice is at most what nobody launches from: a version whose second call was made, and whose third was not.
        prop_assert!(killed.template.versions.len() <= most + 1);
        let settled = killed.template.versions.len();
        killed.run(&account, &policy);
        prop_assert_eq!(killed.template.versions.len(), settled, "a third run has nothing to do");
    }

    #[test]
    fn what_somebody_makes_after_a_run_was_killed_stays_the_latest(
        before in templates(),
        account in defaults(),
        rules in rules(),
        calls in 1_usize..6,
    ) {
        let policy = Policy::plain(rules);
        let mut it = StoredTemplate { template: in_use(before), calls_left: calls };
        it.run(&account, &policy);
        it.calls_left = usize::MAX;
        let number = it.create(it.template.default, None, None).unwrap();
        it.template.versions.last_mut().unwrap().image = Some("theirs".to_owned());
        prop_assert_eq!(it.described().displaced, None);
        for _ in 0..2 {
            it.run(&account, &policy);
            let latest = at(&it.template, it.template.latest);
            prop_assert_eq!(latest.image.as_deref(), Some("theirs"), "made as {}", number);
        }
    }

    #[test]
    fn defaults_only_tighten_and_a_second_run_changes_nothing(
        before in defaults(),
        tokens in any::<bool>(),
        hop_limit in rule((1_i64..=4).prop_map(hops)),
        http_endpoint in rule(Just(Disabled)),
        metadata_tags in rule(any::<bool>()),
        enforced in any::<bool>(),
        failing in 0_usize..3,
    ) {
        let wanted = AccountDefaultRules {
            http_tokens_required: tokens,
            hop_limit,
            http_endpoint,
            metadata_tags,
            enforced,
        };
        let policy = Policy::plain(enforce().edit(|it| it.account_defaults = wanted));
        let decide = |defaults: &AccountDefaults| {
            decide_account_defaults(defaults, failing, &policy, &seen().circumstances()).unwrap()
        };
        let mut after = before.clone();
        if let Plan::Act(Step::AccountDefaults(change)) = decide(&before).plan {
            prop_assert!(change != DefaultsChange::default());
            prop_assert!(!change.enforce || change.require_tokens && failing == 0, "{change}");
            after = change.applied_to(&before);
        }
        let tokens = |it: &AccountDefaults| it.options.http_tokens == Some(HttpTokens::Required);
        prop_assert!(!tokens(&before) || tokens(&after));
        let disabled = |it: &AccountDefaults| it.options.http_endpoint == Some(Switch::Disabled);
        prop_assert!(!disabled(&before) || disabled(&after), "no endpoint is switched on");
        prop_assert!(before.enforced != Switch::Enabled || after.enforced == Switch::Enabled);
        prop_assert!(!matches!(decide(&after).plan, Plan::Act(_)), "a second run changes something");
    }
}
