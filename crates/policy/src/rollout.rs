//! The roll-out as a plan: what stands between today and enforcement, in the one order in which each step makes the next
//! one safe.
//!
//! [`RolloutPlan::of`] is a function of the counts of a run. Printers make the text.

use crate::finding::{Finding, Rule};
use crate::kind::ResourceKind;
use crate::plan::{Hold, Plan};
use crate::surface::SurfaceKind;

/// A step of the roll-out. The order of the variants is the order of the steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, strum::VariantArray)]
pub enum RolloutStage {
    /// Read every account and Region.
    Observe,
    /// The account defaults require tokens.
    AccountDefaults,
    /// What instances are launched from requires tokens.
    LaunchSources,
    /// Instances and notebooks answer IMDSv2 only.
    Resources,
    /// Service control policies block IMDSv1 at the API.
    ServiceControlPolicies,
    /// `HttpTokensEnforced`, or a declarative policy.
    Enforcement,
}

impl RolloutStage {
    /// Every step, in order.
    pub const ALL: &'static [Self] = <Self as strum::VariantArray>::VARIANTS;

    /// A stable word for scripts.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Observe => "observe",
            Self::AccountDefaults => "account-defaults",
            Self::LaunchSources => "launch-sources",
            Self::Resources => "instances-and-notebooks",
            Self::ServiceControlPolicies => "service-control-policies",
            Self::Enforcement => "enforcement",
        }
    }
}

/// How far a step is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StageState {
    /// Nothing is left to do.
    Done,
    /// Something is left to do.
    Open,
    /// The run did not read what would tell.
    NotRead,
}

impl StageState {
    /// A stable word for scripts.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Open => "open",
            Self::NotRead => "not-read",
        }
    }
}

/// What proves that a step breaks nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Evidence {
    /// The step changes nothing that runs.
    NotNeeded,
    /// Everything was read, and nothing speaks against the step.
    Complete,
    /// This many resources speak against the step, or have no data.
    Missing(usize),
    /// The run did not ask for evidence.
    NotRead,
}

impl Evidence {
    /// A stable word for scripts.
    pub const fn code(self) -> &'static str {
        match self {
            Self::NotNeeded => "not-needed",
            Self::Complete => "complete",
            Self::Missing(_) => "missing",
            Self::NotRead => "not-read",
        }
    }

    /// The risk of the step, were it done today.
    pub const fn risk(self) -> Risk {
        match self {
            Self::NotNeeded => Risk::None,
            Self::Complete => Risk::Low,
            Self::NotRead => Risk::Medium,
            Self::Missing(_) => Risk::High,
        }
    }

    const fn of(against: usize) -> Self {
        if against == 0 { Self::Complete } else { Self::Missing(against) }
    }
}

/// How likely it is that a step breaks software, were it done today.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Risk {
    /// It changes nothing that runs.
    None,
    /// The evidence is complete.
    Low,
    /// There is no evidence.
    Medium,
    /// The evidence speaks against the step, or has gaps.
    High,
}

impl Risk {
    /// A stable word for scripts.
    pub const fn code(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

/// How many resources violate the policy, as far as steps depend on it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OpenResources {
    /// Account defaults for launches.
    pub defaults: usize,
    /// Account defaults that do not enforce tokens.
    pub not_enforced: usize,
    /// Launch template versions.
    pub templates: usize,
    /// Auto Scaling groups and fleets.
    pub consumers: usize,
    /// Launch configurations.
    pub configurations: usize,
    /// Images.
    pub images: usize,
    /// Surfaces that instances are launched from, in the order of [`SurfaceKind::ALL`].
    pub surfaces: [usize; SurfaceKind::ALL.len()],
    /// Instances and notebooks.
    pub running: usize,
    /// Those of `running` that `enforce` would change.
    pub would_change: usize,
    /// Those of `running` that the usage gate holds.
    pub gated: usize,
    /// Those of `running` that only `mode: observe` holds.
    pub observed: usize,
}

impl OpenResources {
    /// Counts one resource that violates the policy.
    pub fn add(&mut self, kind: ResourceKind, findings: &[Finding], plan: Option<&Plan>) {
        let found = |rules: &[Rule]| usize::from(findings.iter().any(|it| rules.contains(&it.rule())));
        match kind {
            ResourceKind::AccountDefault => {
                self.defaults += found(&[
                    Rule::DefaultTokens,
                    Rule::DefaultHopLimit,
                    Rule::DefaultEndpoint,
                    Rule::DefaultMetadataTags,
                ]);
                self.not_enforced += found(&[Rule::TokensEnforced]);
            }
            ResourceKind::LaunchTemplate => self.templates += 1,
            ResourceKind::Consumer(_) => self.consumers += 1,
            ResourceKind::LaunchConfiguration => self.configurations += 1,
            ResourceKind::Image => self.images += 1,
            ResourceKind::Surface(surface) if !kind.is_instance() => {
                for (known, number) in SurfaceKind::ALL.iter().zip(&mut self.surfaces) {
                    *number += usize::from(*known == surface);
                }
            }
            ResourceKind::Instance | ResourceKind::Notebook | ResourceKind::Surface(_) => {
                self.running += 1;
                let hold = match plan {
                    Some(Plan::Hold { why, .. }) => Some(why),
                    _ => None,
                };
                self.would_change += usize::from(plan.is_some_and(Plan::acts));
                self.gated += usize::from(hold.is_some_and(|why| why.usage().is_some()));
                self.observed += usize::from(hold == Some(&Hold::Observe));
            }
        }
    }

    /// Everything that instances are launched from.
    pub fn sources(&self) -> usize {
        let surfaces: usize = self.surfaces.iter().sum();
        self.templates + self.consumers + self.configurations + self.images + surfaces
    }
}

/// Which kinds of resources a run read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadKinds {
    /// Account defaults.
    pub account_defaults: bool,
    /// Launch templates and what else instances are launched from.
    pub sources: bool,
    /// Instances or notebooks.
    pub running: bool,
}

/// What speaks against enforcement today.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AgainstEnforcement {
    /// Sources whose launches fail, or may fail.
    pub sources: usize,
    /// Instances that use IMDSv1.
    pub busy: usize,
    /// Instances that may use IMDSv1.
    pub unknown: usize,
}

/// What CloudTrail recorded that speaks against a step. Launches count by group: one source, one principal.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RecordedAgainst {
    /// Groups whose next instances require tokens once the account default does, or whose records do not show it.
    pub changed_by_default: usize,
    /// Groups whose next launch the SCP denies, or whose records do not show it.
    pub denied_by_scp: usize,
    /// Groups whose next launch `HttpTokensEnforced` refuses, or whose records do not show it.
    pub refused_by_enforcement: usize,
    /// Roles that use credentials which IMDSv1 delivered. A policy that wants those of IMDSv2 denies their calls.
    pub roles_with_v1_credentials: usize,
    /// Whether CloudTrail returned every launch of the window, in every account and Region. Only then is none a proof. Files may
    /// lack a day, a Region or an account.
    pub complete: bool,
}

impl RecordedAgainst {
    const fn evidence(&self, against: usize) -> Evidence {
        if against == 0 && !self.complete { Evidence::NotRead } else { Evidence::of(against) }
    }
}

/// What a run knows of the roll-out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RolloutFacts {
    /// Pairs of account and Region.
    pub places: usize,
    /// Those that could not be read completely.
    pub unread: usize,
    /// What was read.
    pub read: ReadKinds,
    /// Whether the policy document requires tokens by account default.
    pub wants_default: bool,
    /// Whether the policy document asks for `HttpTokensEnforced`.
    pub wants_enforced: bool,
    /// What violates the policy.
    pub open: OpenResources,
    /// What speaks against enforcement, if the run asked.
    pub against: Option<AgainstEnforcement>,
    /// What CloudTrail recorded, if the run read it.
    pub recorded: Option<RecordedAgainst>,
}

/// A step with its state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RolloutStep {
    /// Which step.
    pub stage: RolloutStage,
    /// How far it is.
    pub state: StageState,
    /// Whether it is the step to take now.
    pub is_next: bool,
    /// How many resources, or accounts and Regions, are left to do.
    pub left: usize,
    /// What proves that the step breaks nothing.
    pub evidence: Evidence,
}

/// Every step of the roll-out, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RolloutPlan {
    /// The steps.
    pub steps: Vec<RolloutStep>,
}

impl RolloutPlan {
    /// The plan that follows from what a run knows. The first step that is not done is the next one, also if the run could
    /// not see it.
    pub fn of(facts: &RolloutFacts) -> Self {
        let mut steps: Vec<RolloutStep> = RolloutStage::ALL.iter().map(|stage| facts.step(*stage)).collect();
        if let Some(next) = steps.iter_mut().find(|it| it.state != StageState::Done) {
            next.is_next = true;
        }
        Self { steps }
    }

    /// The step to take now; `None` once every step is done.
    pub fn next(&self) -> Option<&RolloutStep> {
        self.steps.iter().find(|it| it.is_next)
    }

    /// Whether a step has something left to do, as far as the run could see.
    pub fn is_open(&self) -> bool {
        self.steps.iter().any(|it| it.state == StageState::Open)
    }
}

impl RolloutFacts {
    fn step(&self, stage: RolloutStage) -> RolloutStep {
        let open = &self.open;
        let (state, left, evidence) = match stage {
            RolloutStage::Observe => {
                let state = if self.unread == 0 { StageState::Done } else { StageState::Open };
                (state, self.unread, Evidence::NotNeeded)
            }
            RolloutStage::AccountDefaults if self.read.account_defaults && !self.wants_default => {
                (StageState::Open, self.places, self.recorded(|it| it.changed_by_default))
            }
            RolloutStage::AccountDefaults => {
                let state = self.left(self.read.account_defaults, open.defaults);
                (state, open.defaults, self.recorded(|it| it.changed_by_default))
            }
            RolloutStage::LaunchSources => {
                (self.left(self.read.sources, open.sources()), open.sources(), self.usage())
            }
            RolloutStage::Resources => {
                (self.left(self.read.running, open.running), open.running, self.usage())
            }
            // No run sees what is attached to an organizational unit.
            RolloutStage::ServiceControlPolicies => {
                let evidence = self.recorded(|it| it.denied_by_scp + it.roles_with_v1_credentials);
                (StageState::NotRead, 0, evidence)
            }
            RolloutStage::Enforcement if self.read.account_defaults && !self.wants_enforced => {
                (StageState::Open, self.places, self.enforcement())
            }
            RolloutStage::Enforcement => {
                let state = self.left(self.read.account_defaults, open.not_enforced);
                (state, open.not_enforced, self.enforcement())
            }
        };
        // A step that is done has nothing to prove.
        let evidence = if state == StageState::Done { Evidence::NotNeeded } else { evidence };
        RolloutStep { stage, state, is_next: false, left, evidence }
    }

    /// A step is done where nothing is left. Where something could not be read, that is not known.
    const fn left(&self, read: bool, left: usize) -> StageState {
        match (read, left) {
            (true, 0) if self.unread == 0 => StageState::Done,
            (false, _) | (true, 0) => StageState::NotRead,
            (true, _) => StageState::Open,
        }
    }

    /// Whether software still uses IMDSv1.
    const fn usage(&self) -> Evidence {
        match self.against {
            _ if self.unread > 0 => Evidence::NotRead,
            Some(it) => Evidence::of(it.busy + it.unknown),
            None if self.open.observed > 0 || !self.read.running => Evidence::NotRead,
            None => Evidence::of(self.open.gated),
        }
    }

    /// Who launches without a value is in CloudTrail, which a run reads only if it is told to.
    fn recorded(&self, against: impl Fn(&RecordedAgainst) -> usize) -> Evidence {
        self.recorded.as_ref().map_or(Evidence::NotRead, |it| it.evidence(against(it)))
    }

    const fn enforcement(&self) -> Evidence {
        let Some(against) = self.against else { return Evidence::NotRead };
        let today = against.sources + against.busy + against.unknown;
        match self.recorded {
            _ if self.unread > 0 => Evidence::NotRead,
            None => Evidence::of(today),
            Some(it) => it.evidence(today + it.refused_by_enforcement),
        }
    }
}

#[cfg(test)]
mod tests;
