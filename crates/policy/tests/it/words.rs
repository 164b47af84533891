//! Resources, policies and moments in domain words, and a decision as one line.

use jiff::civil::{Date, Time, Weekday};
use jiff::{SignedDuration, Timestamp};
use v2only_policy::drift::REVERTED_TAG;
use v2only_policy::exemption::{Exemption, REASON_TAG, UNTIL_TAG, parse_day};
use v2only_policy::history::{Became, Recorded, RecordedChange};
use v2only_policy::notebook::{RESTART_TAG, UPDATED_TAG};
use v2only_policy::scope::{Glob, Matcher, ScopeError, TagMatch};
use v2only_policy::settings::{
    DriftRule, EndpointRule, Engine, GateScope, HopLimit, HopLimitRule, InService, Override, SwitchRule,
    UsageGate, WhenContested, Window,
};
use v2only_policy::usage::{Kinship, SiblingUse, Siblings, Usage};
use v2only_policy::{
    AccountId, Circumstances, Decision, History, HttpTokens, Instance, InstanceId, InstanceState,
    MetadataOptions, MinimumVersion, Mode, Notebook, NotebookName, NotebookStatus, Occasion, OuId, Place,
    Plan, Platform, Policy, Region, Rules, Switch, SwitchOption, Switches, Tags, Verdict, decide_instance,
    decide_notebook,
};

// --- time -----------------------------------------------------------------------------------------------

pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub fn day(text: &str) -> Date {
    parse_day(text).unwrap()
}

/// A Friday, at noon.
pub fn now() -> Timestamp {
    at("2026-11-20T12:00:00Z")
}

pub fn minutes_ago(minutes: i64) -> Timestamp {
    now() - SignedDuration::from_mins(minutes)
}

pub fn hours_ago(hours: i64) -> Timestamp {
    minutes_ago(60 * hours)
}

// --- what is seen, when and where -----------------------------------------------------------------------

/// Owns what [`Circumstances`] borrows.
#[derive(Debug, Clone)]
pub struct Moment {
    place: Place,
    ous: Option<Vec<OuId>>,
    pub now: Timestamp,
    pub occasion: Occasion,
    usage: Usage,
    /// What was read of its siblings: none, or those that use version 1.
    siblings: Option<Option<SiblingUse>>,
    history: Option<Recorded>,
    unreadable: Option<&'static str>,
}

fn moment(occasion: Occasion) -> Moment {
    Moment {
        place: Place {
            account: AccountId::parse("111122223333").unwrap(),
            region: Region::parse("eu-central-1").unwrap(),
        },
        ous: None,
        now: now(),
        occasion,
        usage: Usage::NotRead,
        siblings: None,
        history: None,
        unreadable: None,
    }
}

pub fn launch() -> Moment {
    moment(Occasion::Launch)
}

pub fn seen() -> Moment {
    moment(Occasion::Seen)
}

/// Somebody turned version 1 back on, then.
pub fn flipped(then: Timestamp) -> Moment {
    moment(Occasion::Drift(then))
}

impl Moment {
    pub fn on(mut self, now: Timestamp) -> Self {
        self.now = now;
        self
    }

    pub fn quiet(mut self, days: u16) -> Self {
        self.usage = Usage::Quiet { days };
        self
    }

    pub fn busy(mut self, calls: u64) -> Self {
        self.usage = Usage::Busy { calls };
        self
    }

    pub fn gaps(mut self, days: u16) -> Self {
        self.usage = Usage::Gaps { days };
        self
    }

    pub fn used(mut self, usage: Usage) -> Self {
        self.usage = usage;
        self
    }

    /// Nobody uses version 1 on its siblings.
    pub fn quiet_siblings(mut self) -> Self {
        self.siblings = Some(None);
        self
    }

    /// So many of four siblings in the Auto Scaling group `web` use version 1.
    pub fn busy_siblings(mut self, busy: usize) -> Self {
        let kinship = Kinship::Group("web".to_owned());
        self.siblings = Some(Some(SiblingUse { kinship, busy, running: 4, calls: 98 }));
        self
    }

    /// CloudTrail did not answer.
    pub fn history_unreadable(mut self, why: &'static str) -> Self {
        self.unreadable = Some(why);
        self
    }

    /// CloudTrail recorded these changes by somebody called mallory.
    pub fn recorded(mut self, changes: &[(&str, Became)]) -> Self {
        let by = Some("mallory".to_owned());
        let change = |(then, became): &(&str, Became)| RecordedChange {
            at: at(then),
            by: by.clone(),
            became: *became,
        };
        self.history = Some(Recorded::of(changes.iter().map(change)));
        self
    }

    pub fn in_account(mut self, account: &str) -> Self {
        self.place.account = AccountId::parse(account).unwrap();
        self
    }

    pub fn in_region(mut self, region: &str) -> Self {
        self.place.region = Region::parse(region).unwrap();
        self
    }

    pub fn under(mut self, ous: &[&str]) -> Self {
        self.ous = Some(ous.iter().map(|ou| OuId::parse(ou).unwrap()).collect());
        self
    }

    pub fn circumstances(&self) -> Circumstances<'_> {
        Circumstances {
            place: &self.place,
            ous: self.ous.as_deref(),
            now: self.now,
            occasion: self.occasion,
            usage: self.usage,
            siblings: self
                .siblings
                .as_ref()
                .map_or(Siblings::NotRead, |it| it.as_ref().map_or(Siblings::Quiet, Siblings::Busy)),
            history: match (self.unreadable, &self.history) {
                (Some(why), _) => History::Unreadable(why),
                (None, Some(recorded)) => History::Read(recorded),
                (None, None) => History::NotRead,
            },
        }
    }
}

// --- resources ------------------------------------------------------------------------------------------

pub trait Tagged: Sized {
    fn tags(&mut self) -> &mut Tags;

    fn tag(mut self, key: &str, value: &str) -> Self {
        self.tags().insert(key.to_owned(), value.to_owned());
        self
    }

    fn exempt_until(self, until: &str) -> Self {
        self.tag(UNTIL_TAG, until).tag(REASON_TAG, "vendor agent speaks only v1")
    }

    /// We remember that it was turned back at these moments.
    fn reverted(self, moments: &[Timestamp]) -> Self {
        self.tag(REVERTED_TAG, &in_a_row(moments))
    }

    /// We remember that AWS accepted updates from us at these moments.
    fn updated(self, moments: &[Timestamp]) -> Self {
        self.tag(UPDATED_TAG, &in_a_row(moments))
    }
}

/// Moments as our tags hold them.
pub fn in_a_row(moments: &[Timestamp]) -> String {
    moments.iter().map(Timestamp::to_string).collect::<Vec<_>>().join(" ")
}

impl Tagged for Instance {
    fn tags(&mut self) -> &mut Tags {
        &mut self.tags
    }
}

impl Tagged for Notebook {
    fn tags(&mut self) -> &mut Tags {
        &mut self.tags
    }
}

/// A running instance of two years, version 2 only, hop limit 1, the rest as AWS sets it.
pub fn instance(id: &str) -> Instance {
    Instance {
        id: InstanceId::parse(id).unwrap(),
        state: InstanceState::Running,
        options: MetadataOptions {
            http_tokens: HttpTokens::Required,
            http_endpoint: Switch::Enabled,
            hop_limit: Some(1),
            switches: Switches::all(Switch::Disabled),
            pending: false,
        },
        managed_by: None,
        created_at: Some(at(LONG_AGO)),
        started_at: Some(at(LAST_WEEK)),
        image: None,
        instance_type: None,
        profile: None,
        public_address: false,
        tags: Tags::new(),
    }
}

/// When an instance was created whose age is not told.
const LONG_AGO: &str = "2024-11-20T12:00:00Z";
/// When it was last started.
const LAST_WEEK: &str = "2026-11-13T12:00:00Z";

pub trait InstanceWords: Sized {
    fn edit(self, change: impl FnOnce(&mut Instance)) -> Self;

    fn v1_allowed(self) -> Self {
        self.edit(|it| it.options.http_tokens = HttpTokens::Optional)
    }
    fn tokens_unknown(self) -> Self {
        self.edit(|it| it.options.http_tokens = HttpTokens::Unknown)
    }
    fn nothing_described(self) -> Self {
        self.edit(|it| it.options = MetadataOptions::UNKNOWN)
    }
    fn endpoint(self, is: Switch) -> Self {
        self.edit(|it| it.options.http_endpoint = is)
    }
    fn hop_limit(self, hops: u8) -> Self {
        self.edit(|it| it.options.hop_limit = Some(hops))
    }
    fn hop_limit_unknown(self) -> Self {
        self.edit(|it| it.options.hop_limit = None)
    }
    fn ipv6(self, is: Switch) -> Self {
        self.edit(|it| it.options.switches[SwitchOption::Ipv6Endpoint] = is)
    }
    fn tags_in_metadata(self, is: Switch) -> Self {
        self.edit(|it| it.options.switches[SwitchOption::MetadataTags] = is)
    }
    fn pending(self) -> Self {
        self.edit(|it| it.options.pending = true)
    }
    fn managed_by(self, principal: &str) -> Self {
        self.edit(|it| it.managed_by = Some(principal.to_owned()))
    }
    fn state(self, state: InstanceState) -> Self {
        self.edit(|it| it.state = state)
    }
    fn created(self, then: Timestamp) -> Self {
        self.edit(|it| it.created_at = Some(then))
    }
    fn last_started(self, then: Timestamp) -> Self {
        self.edit(|it| it.started_at = Some(then))
    }
    fn start_unknown(self) -> Self {
        self.edit(|it| it.started_at = None)
    }
    fn age_unknown(self) -> Self {
        self.edit(|it| it.created_at = None)
    }
}

impl InstanceWords for Instance {
    fn edit(mut self, change: impl FnOnce(&mut Instance)) -> Self {
        change(&mut self);
        self
    }
}

/// A running Amazon Linux 2023 notebook of two years, version 2 only.
pub fn notebook(name: &str) -> Notebook {
    Notebook {
        name: NotebookName::parse(name).unwrap(),
        arn: format!("arn:aws:sagemaker:eu-central-1:111122223333:notebook-instance/{name}"),
        status: NotebookStatus::InService,
        minimum_version: MinimumVersion::Two,
        platform: Platform::AmazonLinux2023,
        instance_type: "ml.t3.medium".to_owned(),
        created_at: Some(at("2024-11-20T12:00:00Z")),
        failure_reason: None,
        tags: Tags::new(),
    }
}

pub trait NotebookWords: Sized {
    fn edit(self, change: impl FnOnce(&mut Notebook)) -> Self;

    fn v1_allowed(self) -> Self {
        self.edit(|it| it.minimum_version = MinimumVersion::One)
    }
    fn version_unknown(self) -> Self {
        self.edit(|it| it.minimum_version = MinimumVersion::Unknown)
    }
    fn is(self, status: NotebookStatus) -> Self {
        self.edit(|it| it.status = status)
    }
    fn stopped(self) -> Self {
        self.is(NotebookStatus::Stopped)
    }
    fn failed(self, reason: &str) -> Self {
        self.is(NotebookStatus::Failed).edit(|it| it.failure_reason = Some(reason.to_owned()))
    }
    fn platform(self, platform: Platform) -> Self {
        self.edit(|it| it.platform = platform)
    }
    fn al2(self) -> Self {
        self.platform(Platform::AmazonLinux2)
    }
    fn al1(self) -> Self {
        self.platform(Platform::AmazonLinux1)
    }
    fn on(self, instance_type: &str) -> Self {
        self.edit(|it| it.instance_type = instance_type.to_owned())
    }
    fn created(self, then: Timestamp) -> Self {
        self.edit(|it| it.created_at = Some(then))
    }
    fn fresh(self) -> Self {
        self.created(minutes_ago(5))
    }
    fn age_unknown(self) -> Self {
        self.edit(|it| it.created_at = None)
    }
    /// It ran before we stopped it; marked then.
    fn marked(self, then: Timestamp) -> Self {
        self.edit(|notebook| {
            notebook.tags.insert(RESTART_TAG.to_owned(), then.to_string());
        })
    }
    /// v2only was about to start it again then.
    fn starting(self, then: Timestamp) -> Self {
        self.edit(|notebook| {
            notebook.tags.insert(RESTART_TAG.to_owned(), Notebook::starting_mark(then));
        })
    }
}

impl NotebookWords for Notebook {
    fn edit(mut self, change: impl FnOnce(&mut Notebook)) -> Self {
        change(&mut self);
        self
    }
}

// --- policies -------------------------------------------------------------------------------------------

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

// --- deciding, and telling ------------------------------------------------------------------------------

/// Something that is decided about.
pub trait Resource {
    fn decide(&self, policy: &Policy, moment: &Moment) -> Result<Decision, ScopeError>;
}

impl Resource for Instance {
    fn decide(&self, policy: &Policy, moment: &Moment) -> Result<Decision, ScopeError> {
        // What is just launched is as young as its launch, unless its age is told.
        let mut it = self.clone();
        if moment.occasion == Occasion::Launch && it.created_at == Some(at(LONG_AGO)) {
            it.created_at = Some(moment.now);
        }
        decide_instance(&it, policy, &moment.circumstances())
    }
}

impl Resource for Notebook {
    fn decide(&self, policy: &Policy, moment: &Moment) -> Result<Decision, ScopeError> {
        decide_notebook(self, policy, &moment.circumstances())
    }
}

/// The decision on one line: `verdict [rules] → plan; notes; what is remembered`.
pub fn told(decision: &Decision) -> String {
    let rules = || {
        let rules: Vec<&str> = decision.verdict.findings().iter().map(|it| it.rule().id()).collect();
        rules.join(" ")
    };
    let mut line = match &decision.verdict {
        Verdict::Compliant(why) => format!("compliant ({why})"),
        Verdict::Exempt { by, .. } => format!("exempt by {} through {} [{}]", by.origin, by.until, rules()),
        Verdict::Violation(_) => format!("violation [{}]", rules()),
        Verdict::Gone => "gone".to_owned(),
    };
    line += &match &decision.plan {
        Plan::Nothing => " → nothing".to_owned(),
        Plan::Wait(_) => " → wait".to_owned(),
        Plan::Hold { why, would: None } => format!(" → hold: {}", why.code()),
        Plan::Hold { why, would: Some(step) } => format!(" → hold: {}, would {step}", why.code()),
        Plan::Act(step) => format!(" → act: {step}"),
    };
    for note in &decision.notes {
        line += &format!("; {}", note.code());
    }
    for (key, value) in &decision.remember {
        assert!([REVERTED_TAG, RESTART_TAG].contains(&key.as_str()), "`{key}` is remembered before a step");
        line += &format!("; remember {value}");
    }
    line
}

#[track_caller]
pub fn check(shows: &str, resource: impl Resource, policy: impl AsPolicy, moment: Moment, expected: &str) {
    let decision = resource.decide(&policy.policy(), &moment).unwrap();
    assert_eq!(told(&decision), expected, "{shows}");
}

#[track_caller]
pub fn check_undecided(shows: &str, resource: impl Resource, policy: impl AsPolicy, moment: Moment) {
    assert!(resource.decide(&policy.policy(), &moment).is_err(), "{shows}");
}
