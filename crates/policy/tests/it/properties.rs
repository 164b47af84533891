//! Instances at random, against a model of AWS: plans only tighten, change no more than they must, and are
//! enough.

use std::collections::HashSet;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use v2only_policy::settings::{EndpointRule, GateScope, HopLimitRule, SwitchRule};
use v2only_policy::usage::Usage;
use v2only_policy::{
    Compliance, Decision, Finding, HttpTokens, Instance, InstanceChange, InstanceState, MetadataOption,
    MetadataOptions, Mode, Note, Occasion, OptionFinding, Plan, Policy, Rules, Step, Switch, SwitchOption,
    Switches, Tags, Verdict, compliant_anywhere,
};

use crate::words::*;

const BOTH: [Switch; 2] = [Switch::Enabled, Switch::Disabled];
const ALL: [Switch; 3] = [Switch::Enabled, Switch::Disabled, Switch::Unknown];

/// `ModifyInstanceMetadataOptions`: what is not sent stays as it is.
fn merged(is: MetadataOptions, change: InstanceChange) -> MetadataOptions {
    let switch = |on: bool| if on { Switch::Enabled } else { Switch::Disabled };
    match change {
        InstanceChange::DisableEndpoint => MetadataOptions { http_endpoint: Switch::Disabled, ..is },
        InstanceChange::RequireTokens { hop_limit, switches } => MetadataOptions {
            http_tokens: HttpTokens::Required,
            http_endpoint: Switch::Enabled,
            hop_limit: hop_limit.map_or(is.hop_limit, |hops| Some(hops.get())),
            switches: Switches::each(|option| switches[option].map_or(is.switches[option], switch)),
            pending: is.pending,
        },
    }
}

/// What `DescribeInstances` says of options that are as they are: all of it, or some of it.
fn described(is: MetadataOptions, shown: [bool; 5]) -> MetadataOptions {
    let [tokens, endpoint, hops, ipv6, tags] = shown;
    MetadataOptions {
        http_tokens: if tokens { is.http_tokens } else { HttpTokens::Unknown },
        http_endpoint: if endpoint { is.http_endpoint } else { Switch::Unknown },
        hop_limit: is.hop_limit.filter(|_| hops),
        switches: Switches::each(|option| match option {
            SwitchOption::Ipv6Endpoint if ipv6 => is.switches[option],
            SwitchOption::MetadataTags if tags => is.switches[option],
            SwitchOption::Ipv6Endpoint | SwitchOption::MetadataTags => Switch::Unknown,
        }),
        pending: is.pending,
    }
}

fn true_options() -> impl Strategy<Value = MetadataOptions> {
    let tokens = prop::sample::select(vec![HttpTokens::Required, HttpTokens::Optional]);
    let switch = || prop::sample::select(BOTH.to_vec());
    (tokens, switch(), prop_oneof![1_u8..=4, 1_u8..=64], switch(), switch(), any::<bool>()).prop_map(
        |(http_tokens, http_endpoint, hops, ipv6_endpoint, metadata_tags, pending)| MetadataOptions {
            http_tokens,
            http_endpoint,
            hop_limit: Some(hops),
            switches: Switches::all(ipv6_endpoint).with(SwitchOption::MetadataTags, metadata_tags),
            pending,
        },
    )
}

fn described_options() -> impl Strategy<Value = MetadataOptions> {
    (true_options(), any::<[bool; 5]>()).prop_map(|(is, shown)| described(is, shown))
}

fn any_instance(options: impl Strategy<Value = MetadataOptions>) -> impl Strategy<Value = Instance> {
    let state = prop::sample::select(vec![
        InstanceState::Pending,
        InstanceState::Running,
        InstanceState::Stopping,
        InstanceState::Stopped,
        InstanceState::Unknown,
        InstanceState::Gone,
    ]);
    let managed = prop_oneof![9 => Just(None), 1 => Just(Some("eks.amazonaws.com".to_owned()))];
    let age = prop::option::of(0_i64..120);
    let flips = prop::collection::vec(0_i64..48, 0..6);
    (options, state, managed, age, flips).prop_map(|(options, state, managed_by, age, flips)| {
        let mut it = instance("i-0abc0123456789def");
        it.options = options;
        it.state = state;
        it.managed_by = managed_by;
        it.created_at = age.map(minutes_ago);
        let flips: Vec<Timestamp> = flips.into_iter().map(hours_ago).collect();
        if flips.is_empty() { it } else { it.reverted(&flips) }
    })
}

fn any_rules() -> impl Strategy<Value = Rules> {
    let hop_limit = prop_oneof![
        Just(HopLimitRule::Keep),
        (1_i64..=4).prop_map(|max| HopLimitRule::Max(hops(max))),
        (1_i64..=4).prop_map(|exactly| HopLimitRule::Exactly(hops(exactly))),
    ];
    let endpoint = prop_oneof![4 => Just(EndpointRule::Keep), 1 => Just(EndpointRule::Disabled)];
    let switch = || prop::sample::select(vec![SwitchRule::Keep, SwitchRule::Enabled, SwitchRule::Disabled]);
    let gate = prop::sample::select(vec![GateScope::Existing, GateScope::All, GateScope::None]);
    let mode = prop_oneof![4 => Just(Mode::Enforce), 1 => Just(Mode::Observe)];
    (hop_limit, endpoint, switch(), switch(), gate, mode, any::<bool>()).prop_map(
        |(hop_limit, endpoint, ipv6, tags, gate, mode, automation)| {
            let rules =
                Rules::new(mode).hop_limit(hop_limit).ipv6(ipv6).tags_in_metadata(tags).gate(gate, 14);
            let rules = if automation { rules.by_automation() } else { rules };
            rules.edit(|it| it.instances.http_endpoint = endpoint)
        },
    )
}

fn any_moment() -> impl Strategy<Value = Moment> {
    let usage = prop_oneof![
        Just(Usage::NotRead),
        (0_u16..30).prop_map(|days| Usage::Quiet { days }),
        (1_u64..9).prop_map(|calls| Usage::Busy { calls }),
        (0_u16..14).prop_map(|days| Usage::Gaps { days }),
        (1_u64..9).prop_map(|calls| Usage::Delivered { calls }),
        Just(Usage::Partial),
    ];
    let moment =
        prop_oneof![Just(launch()), Just(seen()), (0_i64..48).prop_map(|hours| flipped(hours_ago(hours)))];
    (moment, usage).prop_map(|(moment, usage)| moment.used(usage))
}

fn answers_v1(is: MetadataOptions) -> bool {
    is.http_endpoint != Switch::Disabled && is.http_tokens != HttpTokens::Required
}

/// A switch changes only where the document says so, and then to what it says.
fn as_told(before: Switch, after: Switch, rule: SwitchRule) -> bool {
    match rule {
        SwitchRule::Keep => before == after,
        SwitchRule::Enabled => after == before || after == Switch::Enabled,
        SwitchRule::Disabled => after == before || after == Switch::Disabled,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever is described, whatever hides behind it, and whatever the policy says.
    #[test]
    fn a_change_only_tightens(
        is in true_options(),
        shown in any::<[bool; 5]>(),
        it in any_instance(Just(MetadataOptions::UNKNOWN)),
        rules in any_rules(),
        moment in any_moment(),
    ) {
        let it = it.edit(|it| it.options = described(is, shown));
        let decision = it.decide(&rules.clone().policy(), &moment).unwrap();
        let Plan::Act(Step::Instance(change)) = decision.plan else { return Ok(()) };
        let after = merged(is, change);
        prop_assert!(!answers_v1(after), "version 1 is closed");
        prop_assert!(
            is.http_endpoint != Switch::Disabled || after.http_endpoint == Switch::Disabled,
            "what was off stays off"
        );
        let asked = rules.instances.http_endpoint == EndpointRule::Disabled;
        prop_assert_eq!(asked, after.http_endpoint == Switch::Disabled, "off only if the document says so");
        match rules.instances.hop_limit {
            HopLimitRule::Keep => prop_assert_eq!(after.hop_limit, is.hop_limit),
            HopLimitRule::Max(max) if after.hop_limit != is.hop_limit => {
                prop_assert_eq!(after.hop_limit, Some(max.get()));
                prop_assert!(it.options.hop_limit.is_none_or(|described| described > max.get()));
            }
            HopLimitRule::Exactly(hops) if after.hop_limit != is.hop_limit => {
                prop_assert_eq!(after.hop_limit, Some(hops.get()));
            }
            HopLimitRule::Max(_) | HopLimitRule::Exactly(_) => {}
        }
        for (option, rule) in rules.instances.switches.iter() {
            prop_assert!(as_told(is.switches[option], after.switches[option], *rule), "{:?}", option);
        }
    }

    /// Besides HttpTokens and HttpEndpoint, which AWS wants together, only what differs is sent.
    #[test]
    fn a_change_sends_only_what_differs(it in any_instance(described_options()), rules in any_rules(), moment in any_moment()) {
        let plan = it.decide(&rules.policy(), &moment).unwrap().plan;
        let Some(Step::Instance(change)) = plan.step().copied() else { return Ok(()) };
        let InstanceChange::RequireTokens { hop_limit, switches } = change else { return Ok(()) };
        let differs = |is: Switch, on: bool| is != if on { Switch::Enabled } else { Switch::Disabled };
        prop_assert!(hop_limit.is_none_or(|hops| it.options.hop_limit != Some(hops.get())));
        for (option, to) in switches.iter() {
            prop_assert!(to.is_none_or(|on| differs(it.options.switches[option], on)), "{:?}", option);
        }
        let needed = it.options.http_tokens != HttpTokens::Required
            || hop_limit.is_some() || switches != Switches::all(None);
        prop_assert!(needed, "a call that changes nothing");
    }

    /// One change is enough: the next look finds nothing, and does nothing. Only another flip's record, come
    /// late, is still counted.
    #[test]
    fn a_second_look_finds_nothing(
        it in any_instance(true_options()),
        rules in any_rules(),
        moment in any_moment(),
        then in any_moment(),
    ) {
        let policy = rules.policy();
        let first = it.decide(&policy, &moment).unwrap();
        let Plan::Act(Step::Instance(change)) = first.plan else { return Ok(()) };
        let it = it.clone().edit(|it| it.options = merged(it.options, change));
        let second = it.decide(&policy, &then).unwrap();
        prop_assert!(matches!(second.verdict, Verdict::Compliant(_)), "{:?}", second.verdict);
        prop_assert_eq!(second.plan, Plan::Nothing);
        if !matches!(then.occasion, Occasion::Drift(_)) {
            prop_assert_eq!(second.remember, Tags::new());
        }
    }

    /// Nothing is let through: whatever answers version 1 and lives is found, and something is said of it.
    #[test]
    fn whatever_answers_version_1_is_found(it in any_instance(described_options()), rules in any_rules(), moment in any_moment()) {
        let decision = it.decide(&rules.clone().policy(), &moment).unwrap();
        if it.state == InstanceState::Gone {
            prop_assert_eq!(&decision.verdict, &Verdict::Gone);
        } else if answers_v1(it.options) {
            prop_assert!(matches!(decision.verdict, Verdict::Violation(_)));
        }
        match &decision.verdict {
            Verdict::Violation(findings) => {
                prop_assert!(!findings.is_empty());
                // A contested instance waits for its correction.
                let spoken_of = matches!(decision.plan, Plan::Act(_) | Plan::Hold { .. } | Plan::Wait(_));
                prop_assert!(spoken_of);
            }
            Verdict::Compliant(why) => {
                prop_assert_eq!(decision.plan, Plan::Nothing);
                prop_assert_eq!(*why == Compliance::EndpointDisabled, it.options.http_endpoint == Switch::Disabled);
            }
            Verdict::Gone => prop_assert_eq!(decision.plan, Plan::Nothing),
            Verdict::Exempt { .. } => prop_assert!(false, "nobody is exempt here"),
        }
        if rules.mode == Mode::Observe {
            prop_assert_eq!(decision.remember, Tags::new());
        }
    }

    /// Observing differs from enforcing in nothing but that it does nothing.
    #[test]
    fn observing_shows_what_enforcing_would_do(it in any_instance(described_options()), rules in any_rules(), moment in any_moment()) {
        let mode = |mode| rules.clone().edit(|it| it.mode = mode).policy();
        let enforced = it.decide(&mode(Mode::Enforce), &moment).unwrap();
        let observed = it.decide(&mode(Mode::Observe), &moment).unwrap();
        prop_assert_eq!(enforced.verdict, observed.verdict);
        prop_assert_eq!(enforced.notes, observed.notes);
        prop_assert!(!matches!(observed.plan, Plan::Act(_)));
        prop_assert_eq!(enforced.plan.under(Mode::Observe), observed.plan);
    }

    /// A launch that passes by its record alone would have passed by its description too, whatever the
    /// record left out, and whichever override means the instance.
    #[test]
    fn what_is_compliant_anywhere_is_compliant_here(
        is in true_options(),
        shown in any::<[bool; 5]>(),
        everyone in prop::collection::vec(any_rules(), 1..4),
        moment in any_moment(),
    ) {
        let (first, others) = everyone.split_first().unwrap();
        let overrides: Vec<_> = others.iter().map(|it| (regions(&["eu-*"]), it.clone())).collect();
        let policy = first.clone().over(&overrides);
        let recorded = described(is, shown);
        let passes = compliant_anywhere(&recorded, &policy);
        let judged = |options, rules: &Rules| {
            let it = instance("i-0abc0123456789def").edit(|it| it.options = options);
            it.decide(&rules.clone().policy(), &moment).unwrap()
        };
        // An option that is not described is known only after a description.
        let known = |it: &Decision| !it.notes.iter().any(|note| matches!(note, Note::OptionUnknown(_)));
        let by_record: Vec<Decision> = everyone.iter().map(|rules| judged(recorded, rules)).collect();
        prop_assert_eq!(passes.is_some(), by_record.iter().all(|it| matches!(it.verdict, Verdict::Compliant(_)) && known(it)));
        if passes.is_some() {
            for rules in &everyone {
                let verdict = judged(is, rules).verdict;
                prop_assert!(matches!(verdict, Verdict::Compliant(_)), "{verdict:?}");
            }
        }
    }

    #[test]
    fn the_order_of_rules_does_not_matter(
        it in any_instance(described_options()),
        rules in any_rules(),
        order in Just(MetadataOption::all().collect::<Vec<_>>()).prop_shuffle(),
    ) {
        let judged = |option: &MetadataOption| v2only_policy::rules::judge(*option, &it.options, &rules.instances);
        let found = |order: &[MetadataOption]| -> HashSet<String> {
            order.iter().filter_map(judged).map(|finding| format!("{finding:?}")).collect()
        };
        let in_order: Vec<MetadataOption> = MetadataOption::all().collect();
        prop_assert_eq!(found(&order), found(&in_order));
        for option in order {
            prop_assert!(judged(&option).is_none_or(|finding| finding.option() == option));
        }
    }

    /// The one change follows from what is found, regardless of who found it first.
    #[test]
    fn the_change_follows_from_the_set_of_findings(it in any_instance(described_options()), rules in any_rules()) {
        let rules = rules.edit(|it| it.mode = Mode::Enforce);
        let decision = it.decide(&rules.clone().no_gate().policy(), &launch()).unwrap();
        let Some(Step::Instance(change)) = decision.plan.step().copied() else { return Ok(()) };
        let findings = decision.verdict.findings();
        let find = |pick: fn(&Finding) -> Option<u8>| findings.iter().find_map(pick);
        let expected = if findings.contains(&Finding::Option(OptionFinding::EndpointEnabled)) {
            InstanceChange::DisableEndpoint
        } else {
            InstanceChange::RequireTokens {
                hop_limit: find(|finding| match finding {
                    Finding::Option(OptionFinding::HopLimitAbove { max: to, .. } | OptionFinding::HopLimitOther { exactly: to, .. }) => Some(to.get()),
                    _ => None,
                }).map(|to| hops(i64::from(to))),
                switches: Switches::each(|switch| findings.iter().find_map(|finding| match finding {
                    Finding::Option(OptionFinding::Switch { option, enable }) if *option == switch => Some(*enable),
                    _ => None,
                })),
            }
        };
        prop_assert_eq!(change, expected);
    }

    /// At any second of any day, by document and by tag: through the last day in UTC, and no second longer.
    #[test]
    fn an_exemption_holds_through_its_last_day(
        last in -20_000_i64..20_000,
        seconds in -200_000_i64..200_000,
        by_tag in any::<bool>(),
    ) {
        let until = jiff::civil::date(2026, 11, 20) + jiff::Span::new().days(last);
        let over = jiff::tz::Offset::UTC.to_timestamp(until.to_datetime(jiff::civil::Time::midnight())).unwrap()
            + SignedDuration::from_hours(24);
        let when = over + SignedDuration::from_secs(seconds);
        let it = instance("i-0abc0123456789def").v1_allowed();
        let (it, policy) = if by_tag {
            (it.exempt_until(&until.to_string()), Policy::plain(enforce()))
        } else {
            (it, enforce().with(&[exemption(resources("i-*"), &until.to_string())]))
        };
        let decision = it.decide(&policy, &launch().on(when)).unwrap();
        let exempt = matches!(decision.verdict, Verdict::Exempt { .. });
        prop_assert_eq!(exempt, when < over);
        prop_assert_eq!(matches!(decision.plan, Plan::Act(_)), when >= over);
    }
}

/// Not one at random: every posture there can be, with every opinion a document can have.
#[test]
fn every_posture_with_every_opinion() {
    let tokens = [HttpTokens::Required, HttpTokens::Optional, HttpTokens::Unknown];
    let switches = [SwitchRule::Keep, SwitchRule::Enabled, SwitchRule::Disabled];
    let hop_rules = [HopLimitRule::Keep, HopLimitRule::Max(hops(2)), HopLimitRule::Exactly(hops(2))];
    let mut postures = Vec::new();
    for http_tokens in tokens {
        for http_endpoint in ALL {
            for hop_limit in [Some(1), Some(2), Some(3), None] {
                for ipv6_endpoint in ALL {
                    for metadata_tags in ALL {
                        postures.push(MetadataOptions {
                            http_tokens,
                            http_endpoint,
                            hop_limit,
                            switches: Switches::all(ipv6_endpoint)
                                .with(SwitchOption::MetadataTags, metadata_tags),
                            pending: false,
                        });
                    }
                }
            }
        }
    }
    for hop_rule in hop_rules {
        for ipv6 in switches {
            for tags in switches {
                for endpoint in [EndpointRule::Keep, EndpointRule::Disabled] {
                    let rules = enforce().hop_limit(hop_rule).ipv6(ipv6).tags_in_metadata(tags);
                    let policy = rules.edit(|it| it.instances.http_endpoint = endpoint).policy();
                    for options in &postures {
                        let it = instance("i-0abc0123456789def").edit(|it| it.options = *options);
                        let plan = it.decide(&policy, &launch()).unwrap().plan;
                        match plan {
                            Plan::Act(Step::Instance(change)) => {
                                assert_eq!(options.http_endpoint, Switch::Enabled, "{options:?}");
                                assert!(!answers_v1(merged(*options, change)), "{options:?}");
                            }
                            Plan::Nothing => assert!(!answers_v1(*options), "{options:?}"),
                            Plan::Hold { .. } => assert_eq!(options.http_endpoint, Switch::Unknown),
                            Plan::Wait(_) | Plan::Act(_) => panic!("nothing of an instance"),
                        }
                    }
                }
            }
        }
    }
}
