//! Policies in domain words: rules, windows, exemptions, and whom they match.

use jiff::civil::{Time, Weekday};
use v2only_policy::exemption::Exemption;
use v2only_policy::scope::{Glob, Matcher, TagMatch};
use v2only_policy::settings::{
    DriftRule, EndpointRule, Engine, GateScope, HopLimit, HopLimitRule, InService, Override, SwitchRule,
    UsageGate, WhenContested, Window,
};
use v2only_policy::{AccountId, Mode, OuId, Policy, Rules, SwitchOption};

use super::moments::day;

pub fn enforce() -> Rules {
    Rules::new(Mode::Enforce)
}

pub fn observe() -> Rules {
    Rules::new(Mode::Observe)
}

pub fn hops(hops: i64) -> HopLimit {
    HopLimit::new(hops).unwrap()
}

pub trait RulesWords: Sized {
    fn edit(self, change: impl FnOnce(&mut Rules)) -> Self;

    fn hop_limit(self, rule: HopLimitRule) -> Self {
        self.edit(|it| it.instances.hop_limit = rule)
    }
    fn hops_at_most(self, max: i64) -> Self {
        self.hop_limit(HopLimitRule::Max(hops(max)))
    }
    fn hops_exactly(self, exactly: i64) -> Self {
        self.hop_limit(HopLimitRule::Exactly(hops(exactly)))
    }
    fn endpoint_off(self) -> Self {
        self.edit(|it| it.instances.http_endpoint = EndpointRule::Disabled)
    }
    fn ipv6(self, rule: SwitchRule) -> Self {
        self.edit(|it| it.instances.switches[SwitchOption::Ipv6Endpoint] = rule)
    }
    fn tags_in_metadata(self, rule: SwitchRule) -> Self {
        self.edit(|it| it.instances.switches[SwitchOption::MetadataTags] = rule)
    }
    fn by_automation(self) -> Self {
        self.edit(|it| it.instances.remediate_with = Engine::SsmAutomation)
    }
    fn gate(self, applies_to: GateScope, quiet_days: u16) -> Self {
        self.edit(|it| it.instances.usage_gate = UsageGate { quiet_days, applies_to, require_restart: true })
    }
    fn without_restart(self) -> Self {
        self.edit(|it| it.instances.usage_gate.require_restart = false)
    }
    fn no_gate(self) -> Self {
        self.gate(GateScope::None, 14)
    }
    fn fresh_minutes(self, minutes: u32) -> Self {
        self.edit(|rules| {
            rules.instances.fresh_minutes = minutes;
            rules.notebooks.fresh_minutes = minutes;
        })
    }
    fn contested_after(self, corrections: u8) -> Self {
        self.edit(|rules| {
            rules.drift = DriftRule {
                contested_after: corrections,
                window_hours: 24,
                when_contested: WhenContested::Report,
            };
        })
    }
    fn in_service(self, what: InService) -> Self {
        self.edit(|it| it.notebooks.in_service = what)
    }
    fn upgrade_platform(self) -> Self {
        self.edit(|it| it.notebooks.upgrade_platform = true)
    }
    fn with(self, exemptions: &[Exemption]) -> Policy;
    fn over(self, overrides: &[(Matcher, Rules)]) -> Policy;
}

impl RulesWords for Rules {
    fn edit(mut self, change: impl FnOnce(&mut Rules)) -> Self {
        change(&mut self);
        self
    }
    fn with(self, exemptions: &[Exemption]) -> Policy {
        Policy { exemptions: exemptions.to_vec(), ..Policy::plain(self) }
    }
    fn over(self, overrides: &[(Matcher, Rules)]) -> Policy {
        let overrides = overrides
            .iter()
            .map(|(matcher, rules)| Override { matcher: matcher.clone(), rules: rules.clone() })
            .collect();
        Policy { overrides, ..Policy::plain(self) }
    }
}

/// Fridays from 11:00 to 13:00: [`now`] lies inside.
pub fn open_window() -> InService {
    window("11:00", "13:00")
}

/// Fridays from 13:00 to 15:00: [`now`] lies before.
pub fn shut_window() -> InService {
    window("13:00", "15:00")
}

pub fn window(from: &str, to: &str) -> InService {
    let time = |text: &str| -> Time { text.parse().unwrap() };
    InService::Window(Window { day: Weekday::Friday, from: time(from), to: time(to) })
}

/// Anything that holds a whole policy.
pub trait AsPolicy {
    fn policy(self) -> Policy;
}

impl AsPolicy for Policy {
    fn policy(self) -> Policy {
        self
    }
}

impl AsPolicy for Rules {
    fn policy(self) -> Policy {
        Policy::plain(self)
    }
}

impl AsPolicy for &Policy {
    fn policy(self) -> Policy {
        self.clone()
    }
}

pub fn exemption(matcher: Matcher, until: &str) -> Exemption {
    Exemption {
        matcher,
        reason: "vendor agent speaks only v1".to_owned(),
        owner: Some("billing@example.com".to_owned()),
        until: day(until),
    }
}

pub fn resources(pattern: &str) -> Matcher {
    Matcher { resources: vec![Glob::new(pattern)], ..Matcher::default() }
}

pub fn accounts(ids: &[&str]) -> Matcher {
    Matcher { accounts: ids.iter().map(|id| AccountId::parse(id).unwrap()).collect(), ..Matcher::default() }
}

pub fn regions(patterns: &[&str]) -> Matcher {
    Matcher { regions: patterns.iter().map(|text| Glob::new(text)).collect(), ..Matcher::default() }
}

pub fn units(ids: &[&str]) -> Matcher {
    Matcher { ous: ids.iter().map(|id| OuId::parse(id).unwrap()).collect(), ..Matcher::default() }
}

pub fn tagged(key: &str, value: &str) -> Matcher {
    let tag = Some(TagMatch { key: Glob::new(key), value: Glob::new(value) });
    Matcher { tag, ..Matcher::default() }
}
