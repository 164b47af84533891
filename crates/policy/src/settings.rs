//! The policy document after validation: what is required, where, in which mode, who is exempt.
//!
//! These types hold only what the document can say legally; the parser (in `v2only-enforcer`) turns YAML or
//! JSON into them and explains what it refuses. Ranges are checked there and in the constructors here.

mod notebooks;

use std::num::NonZeroU8;

use crate::exemption::Exemption;
pub use crate::exemption::TagExemptions;
use crate::ids::IdError;
use crate::instance::Switch;
use crate::option::Switches;
use crate::preference::{DefaultRule, Disabled};
use crate::scope::{Matcher, Scope, ScopeError};

pub use self::notebooks::{InService, NotebookRules, Window};

/// Whether a plan is carried out or only reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Judge, plan, report; change nothing.
    Observe,
    /// Judge, plan, apply, report.
    Enforce,
}

/// A hop limit of IMDS responses, 1 to 64.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct HopLimit(NonZeroU8);

impl HopLimit {
    /// # Errors
    /// A number outside 1 to 64, the range of `HttpPutResponseHopLimit`.
    pub fn new(hops: i64) -> Result<Self, IdError> {
        u8::try_from(hops)
            .ok()
            .filter(|hops| *hops <= 64)
            .and_then(NonZeroU8::new)
            .map(Self)
            .ok_or_else(|| IdError { found: hops.to_string(), expected: "a hop limit (1 to 64)" })
    }

    /// The number of hops.
    pub const fn get(self) -> u8 {
        self.0.get()
    }
}

/// What the document says of the hop limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum HopLimitRule {
    /// No opinion. A hop limit is never lowered by default: that is what breaks containers.
    #[default]
    Keep,
    /// At most this many hops.
    Max(HopLimit),
    /// This many hops, neither fewer nor more.
    Exactly(HopLimit),
}

/// What the document says of an option that is on or off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SwitchRule {
    /// No opinion.
    #[default]
    Keep,
    /// Must be enabled.
    Enabled,
    /// Must be disabled.
    Disabled,
}

impl SwitchRule {
    /// The state that a switch must get (`true` is enabled), if the document requires one that the switch does not have.
    pub const fn differs_from(self, is: Switch) -> Option<bool> {
        match (self, is) {
            (Self::Keep, _) | (Self::Enabled, Switch::Enabled) | (Self::Disabled, Switch::Disabled) => None,
            (Self::Enabled, Switch::Disabled | Switch::Unknown) => Some(true),
            (Self::Disabled, Switch::Enabled | Switch::Unknown) => Some(false),
        }
    }
}

/// What the document says of `HttpEndpoint`. There is no "enabled": nobody's endpoint is ever switched on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum EndpointRule {
    /// No opinion.
    #[default]
    Keep,
    /// Must be disabled: no metadata service at all.
    Disabled,
}

/// Who carries out a change of an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Engine {
    /// `ec2:ModifyInstanceMetadataOptions`, called by us.
    #[default]
    Api,
    /// Systems Manager Automation with the AWS-owned runbooks.
    SsmAutomation,
}

/// Which instances must show that nobody uses version 1 before they lose it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum GateScope {
    /// Instances that existed already; new launches are enforced at once.
    #[default]
    Existing,
    /// Every instance, new launches too.
    All,
    /// Instances that existed already, and new launches whose running siblings still use version 1.
    Siblings,
    /// None: enforce without evidence.
    None,
}

/// The usage gate: `MetadataNoToken` must have data over the whole window and sum to zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UsageGate {
    /// Length of the window in days, 1 to 455 (CloudWatch keeps hourly data that long).
    pub quiet_days: u16,
    /// Whom the gate binds.
    pub applies_to: GateScope,
    /// Whether the last start of the instance must lie in the window as well.
    pub require_restart: bool,
}

/// What is required of EC2 instances. `HttpTokens` = `required` is not a choice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstanceRules {
    /// The hop limit of PUT responses.
    pub hop_limit: HopLimitRule,
    /// Whether the metadata service may answer at all.
    pub http_endpoint: EndpointRule,
    /// The options that are on or off.
    pub switches: Switches<SwitchRule>,
    /// Who carries out the change.
    pub remediate_with: Engine,
    /// Evidence wanted before version 1 is closed on an instance that existed already.
    pub usage_gate: UsageGate,
    /// How long after its creation an instance counts as new, in minutes.
    pub fresh_minutes: u32,
    /// Whether `readiness --trace --at-boot` may install a unit on the instance that traces its next boot.
    pub trace_at_boot: bool,
}

impl InstanceRules {
    /// Whether `HttpTokens` is the only option that these rules judge.
    pub fn judge_tokens_only(&self) -> bool {
        let Self {
            hop_limit,
            http_endpoint,
            switches,
            remediate_with: _,
            usage_gate: _,
            fresh_minutes: _,
            trace_at_boot: _,
        } = self;
        *hop_limit == HopLimitRule::Keep
            && *http_endpoint == EndpointRule::Keep
            && *switches == Switches::all(SwitchRule::Keep)
    }
}

/// What happens to a launch template that lets version 1 through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LaunchTemplateFix {
    /// Only report it.
    #[default]
    Report,
    /// Add a version with tokens required.
    NewVersion,
}

/// What happens to a launch template that a CloudFormation stack or Terraform owns. Templates of services are only reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OwnedTemplates {
    /// Only report it: the next update of the stack or apply of the configuration would undo the change.
    #[default]
    Report,
    /// Treat it like every other launch template.
    Fix,
}

/// What is required of launch templates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LaunchTemplateRules {
    /// What happens to a launch template that lets version 1 through.
    pub fix: LaunchTemplateFix,
    /// What happens to a launch template that a stack or Terraform owns.
    pub owned: OwnedTemplates,
    /// Whether an Auto Scaling group that names a violating version by number is changed to name the fixed one.
    pub repoint_groups: bool,
}

/// What happens to an owned AMI whose `ImdsSupport` is not `v2.0`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ImageFix {
    /// Only report it.
    #[default]
    Report,
    /// Set `ImdsSupport`, which nobody can undo.
    MarkV2,
}

/// What is required of the account-level defaults of every Region.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AccountDefaultRules {
    /// Whether the default for `HttpTokens` must be `required`. Nothing clears this default.
    pub http_tokens_required: bool,
    /// The default hop limit.
    pub hop_limit: DefaultRule<HopLimit>,
    /// The default for `HttpEndpoint`. A default of `disabled` is never cleared.
    pub http_endpoint: DefaultRule<Disabled>,
    /// The default for `InstanceMetadataTags`; `true` is enabled.
    pub metadata_tags: DefaultRule<bool>,
    /// Whether `HttpTokensEnforced` must be enabled.
    pub enforced: bool,
}

/// What happens to a contested resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WhenContested {
    /// It is corrected after a pause that doubles each time, up to 45 minutes.
    #[default]
    KeepClosing,
    /// It is only reported.
    Report,
}

/// When a resource on which somebody turns version 1 back on again and again counts as contested.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DriftRule {
    /// Corrections within the window after which the resource counts as contested, 1 to 10.
    pub contested_after: u8,
    /// Length of the window in hours.
    pub window_hours: u32,
    /// What happens to a contested resource.
    pub when_contested: WhenContested,
}

/// Everything the document requires at one place, after overrides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// Observe or enforce.
    pub mode: Mode,
    /// EC2 instances.
    pub instances: InstanceRules,
    /// SageMaker notebook instances.
    pub notebooks: NotebookRules,
    /// Launch templates.
    pub launch_templates: LaunchTemplateRules,
    /// Owned AMIs.
    pub images: ImageFix,
    /// Account-level defaults.
    pub account_defaults: AccountDefaultRules,
    /// Contested drift.
    pub drift: DriftRule,
}

impl Rules {
    /// The document that sets only its mode.
    pub fn new(mode: Mode) -> Self {
        Self {
            mode,
            instances: InstanceRules {
                hop_limit: HopLimitRule::Keep,
                http_endpoint: EndpointRule::Keep,
                switches: Switches::all(SwitchRule::Keep),
                remediate_with: Engine::Api,
                usage_gate: UsageGate {
                    quiet_days: 14,
                    applies_to: GateScope::Existing,
                    require_restart: true,
                },
                fresh_minutes: 30,
                trace_at_boot: false,
            },
            notebooks: NotebookRules {
                in_service: InService::Wait,
                fresh_minutes: 30,
                upgrade_platform: false,
            },
            launch_templates: LaunchTemplateRules::default(),
            images: ImageFix::Report,
            account_defaults: AccountDefaultRules::default(),
            drift: DriftRule {
                contested_after: 3,
                window_hours: 168,
                when_contested: WhenContested::KeepClosing,
            },
        }
    }
}

/// An override: for whom it holds, and the whole rules that hold there. The parser lays the override's own
/// words over the document's, so that nothing has to be merged at the moment of judging.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Override {
    /// Whom it means.
    pub matcher: Matcher,
    /// What holds for them.
    pub rules: Rules,
}

/// A whole validated policy document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// What holds where no override matches.
    pub rules: Rules,
    /// Who is exempt, why, until when.
    pub exemptions: Vec<Exemption>,
    /// Whether tags may exempt their resource.
    pub exemptions_by_tag: TagExemptions,
    /// First match wins.
    pub overrides: Vec<Override>,
}

impl Policy {
    /// A document without exemptions and overrides.
    pub fn plain(rules: Rules) -> Self {
        Self {
            rules,
            exemptions: Vec::new(),
            exemptions_by_tag: TagExemptions::default(),
            overrides: Vec::new(),
        }
    }

    /// What holds for one resource: the rules of the first override that matches, else the document's own.
    ///
    /// # Errors
    /// An override or exemption names organizational units and those of the account are not known. Then
    /// nothing may be concluded, because the unread override could say `observe`.
    pub fn rules_for(&self, scope: &Scope<'_>) -> Result<&Rules, ScopeError> {
        for candidate in &self.overrides {
            if candidate.matcher.matches(scope)? {
                return Ok(&candidate.rules);
            }
        }
        Ok(&self.rules)
    }

    /// The document's own rules, and those of each override.
    pub fn all_rules(&self) -> impl Iterator<Item = &Rules> {
        std::iter::once(&self.rules).chain(self.overrides.iter().map(|it| &it.rules))
    }

    /// Whether judging needs to know the organizational units an account lies in.
    pub fn names_organizational_units(&self) -> bool {
        self.overrides.iter().any(|it| it.matcher.names_organizational_units())
            || self.exemptions.iter().any(|it| it.matcher.names_organizational_units())
    }
}
