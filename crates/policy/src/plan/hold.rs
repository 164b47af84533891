//! Why a violating resource stays untouched.

use std::fmt;

use super::{OpenLaunch, OptionBar};
use crate::owner::Owner;
use crate::source::{ConsumerKind, Displaced};
use crate::surface::{SurfaceFix, SurfaceKind};
use crate::usage::{NotRestarted, SiblingUse, Usage};

/// Why a violation is not touched.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Hold {
    /// The policy says `observe` here.
    Observe,
    /// A service manages the instance; customers cannot modify it.
    Managed(String),
    /// A service, a stack or a tool owns the launch template and would undo the change.
    OwnedBy(Owner),
    /// Closing version 1 wants evidence, and this is what there is.
    UsageGate(Usage),
    /// No calls of version 1 in the window, which shows no start of the instance.
    NotRestarted(NotRestarted),
    /// A new launch whose running siblings still use version 1.
    SiblingsUseV1(SiblingUse),
    /// A new launch, and whether its siblings use version 1 was not read, and why.
    SiblingsNotRead(Option<String>),
    /// It was turned back more often than the policy fights for.
    Contested {
        /// Corrections within the window.
        times: usize,
        /// Length of the window in hours.
        hours: u32,
    },
    /// AWS accepted this very change before, and describes the instance otherwise.
    ChangeHadNoEffect,
    /// AWS would refuse every option that is to be changed, for this reason first.
    OptionImpossible(OptionBar),
    /// The policy leaves the change to Systems Manager Automation.
    SsmAutomation,
    /// Whether the endpoint is enabled was not described; acting could switch it on.
    EndpointUnknown,
    /// A running notebook is updated the next time somebody stops it.
    UntilStopped,
    /// A running notebook is stopped only inside the maintenance window.
    OutsideWindow,
    /// The policy only reports running notebooks.
    ReportOnly,
    /// Amazon Linux 1: could never be started again.
    AmazonLinux1,
    /// Amazon Linux 2: could not be started again without the platform upgrade, which the policy does not
    /// opt in to.
    AmazonLinux2,
    /// Amazon Linux 2 on an instance type without Amazon Linux 2023.
    InstanceType(String),
    /// The platform is not described or not known: whether it could be started again is not known either.
    PlatformUnknown(String),
    /// A status this release does not know.
    StatusUnknown,
    /// It was updated, and describes itself as before.
    UpdateHadNoEffect {
        /// Updates tried of late.
        tries: usize,
        /// Why it is `Failed`, if it is.
        reason: String,
    },
    /// It ran before we stopped it, and AWS could not start it again.
    RestartFailed(String),
    /// The policy only reports launch templates.
    TemplatesReportOnly,
    /// The policy only reports images.
    ImagesReportOnly,
    /// v2only reports such a surface.
    SurfaceReportOnly {
        /// The kind of the surface.
        kind: SurfaceKind,
        /// What uses it.
        users: Vec<String>,
    },
    /// A declarative policy of the organization owns the account defaults, and says this.
    DeclarativePolicy(Option<String>),
    /// `HttpTokensEnforced` cannot be turned on yet.
    Enforcement(EnforcementBar),
    /// A launch configuration cannot be changed; these groups launch from it.
    Immutable {
        /// Auto Scaling groups.
        groups: Vec<String>,
    },
    /// Only these groups and fleets launch from a version, and name it by number.
    Pinned {
        /// Auto Scaling groups and fleets.
        groups: Vec<String>,
    },
    /// A consumer of launch templates launches what violates the policy, for reasons of its own.
    OpenLaunches {
        /// The kind of the consumer.
        kind: ConsumerKind,
        /// Its violating launches; never empty.
        launches: Vec<OpenLaunch>,
    },
    /// A new version would become `$Latest`, from which these groups launch something else.
    LatestInUse {
        /// Auto Scaling groups and fleets.
        groups: Vec<String>,
    },
    /// A run ended early, and what `$Latest` is to mean now only a person can tell.
    LatestUnclear(Displaced),
    /// Nobody could undo it, and nobody agreed to that.
    Irreversible,
    /// The resource changed after its change was planned.
    ChangedSince,
    /// The run ended before the wave of this resource began.
    WaveStopped {
        /// Why the run ended.
        because: String,
    },
}

/// Why `HttpTokensEnforced` is not turned on yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum EnforcementBar {
    /// Launches that set nothing would fail, because the default is not `required` either.
    NoDefault,
    /// Launches from these sources would fail, because they say `optional`.
    Failing {
        /// Versions of launch templates, and launch configurations.
        sources: usize,
    },
}

impl fmt::Display for EnforcementBar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoDefault => f.write_str(
                "HttpTokensEnforced would make every launch fail that does not set HttpTokens, because the default is \
                 not required (`account_defaults.http_tokens: required`)",
            ),
            Self::Failing { sources: 1 } => f.write_str(
                "HttpTokensEnforced waits: 1 template version or launch configuration in use says optional, \
                 and its launches would fail",
            ),
            Self::Failing { sources } => write!(
                f,
                "HttpTokensEnforced waits: {sources} template versions or launch configurations in use say \
                 optional, and their launches would fail"
            ),
        }
    }
}

impl Hold {
    /// What is known of the calls of an existing instance, where the usage gate holds it for want of evidence.
    pub const fn usage(&self) -> Option<Usage> {
        match self {
            Self::UsageGate(usage) => Some(*usage),
            Self::NotRestarted(it) => Some(Usage::Quiet { days: it.window }),
            _ => None,
        }
    }

    /// A stable word for logs, metrics and findings.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Observe => "observe-mode",
            Self::Managed(_) => "managed",
            Self::OwnedBy(_) => "owned",
            Self::UsageGate(_) => "usage-gate",
            Self::NotRestarted(_) => "not-restarted",
            Self::SiblingsUseV1(_) => "siblings-use-v1",
            Self::SiblingsNotRead(_) => "siblings-not-read",
            Self::Contested { .. } => "contested",
            Self::ChangeHadNoEffect => "change-had-no-effect",
            Self::OptionImpossible(bar) => bar.code(),
            Self::SsmAutomation => "ssm-automation",
            Self::EndpointUnknown => "endpoint-unknown",
            Self::UntilStopped => "in-service",
            Self::OutsideWindow => "outside-window",
            Self::ReportOnly => "report-only",
            Self::AmazonLinux1 => "amazon-linux-1",
            Self::AmazonLinux2 => "amazon-linux-2",
            Self::InstanceType(_) => "instance-type",
            Self::PlatformUnknown(_) => "platform-unknown",
            Self::StatusUnknown => "status-unknown",
            Self::UpdateHadNoEffect { .. } => "update-had-no-effect",
            Self::RestartFailed(_) => "restart-failed",
            Self::TemplatesReportOnly | Self::ImagesReportOnly => "source-report-only",
            Self::SurfaceReportOnly { .. } => "surface-report-only",
            Self::DeclarativePolicy(_) => "declarative-policy",
            Self::Enforcement(EnforcementBar::NoDefault) => "enforcement-without-default",
            Self::Enforcement(EnforcementBar::Failing { .. }) => "enforcement-would-fail-launches",
            Self::Immutable { .. } => "immutable",
            Self::Pinned { .. } => "pinned",
            Self::OpenLaunches { launches, .. } => match launches.as_slice() {
                [first, ..] => first.code(),
                [] => "pinned",
            },
            Self::LatestInUse { .. } => "latest-in-use",
            Self::LatestUnclear(_) => "latest-unclear",
            Self::Irreversible => "irreversible",
            Self::ChangedSince => "changed-since",
            Self::WaveStopped { .. } => "wave-stopped",
        }
    }
}

impl fmt::Display for Hold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Observe => f.write_str("the policy says observe"),
            Self::Managed(principal) => write!(f, "managed by {principal}; only that service can change it"),
            Self::OwnedBy(owner) => owner.fmt(f),
            Self::UsageGate(Usage::NotRead) => {
                f.write_str("existed already, and whether it uses IMDSv1 was not read")
            }
            Self::UsageGate(Usage::Busy { calls }) => {
                write!(f, "still makes IMDSv1 calls ({calls} in the window)")
            }
            Self::UsageGate(Usage::Delivered { calls }) => write!(
                f,
                "still uses credentials that IMDSv1 delivered: CloudTrail recorded {calls} such calls in the window \
                 (`ec2RoleDelivery` 1.0)"
            ),
            Self::UsageGate(Usage::Partial) => {
                f.write_str("CloudWatch gave only a part of MetadataNoToken, and a part is not zero")
            }
            Self::UsageGate(Usage::Gaps { days } | Usage::Quiet { days }) => {
                write!(f, "MetadataNoToken has data on only {days} days of the window")
            }
            Self::NotRestarted(it) => it.fmt(f),
            Self::SiblingsUseV1(it) => it.fmt(f),
            Self::SiblingsNotRead(why) => {
                f.write_str("a new launch, and whether its siblings use IMDSv1 was not read")?;
                why.as_ref().map_or(Ok(()), |it| write!(f, ": {it}"))
            }
            Self::Contested { times, hours } => {
                write!(f, "contested: corrected {times} times within {hours} hours and turned back again")
            }
            Self::ChangeHadNoEffect => f.write_str(
                "contested: AWS accepted this very change before, and describes the instance otherwise",
            ),
            Self::OptionImpossible(bar) => bar.fmt(f),
            Self::SsmAutomation => f.write_str("left to Systems Manager Automation by the policy"),
            Self::EndpointUnknown => {
                f.write_str("HttpEndpoint was not described; acting could switch the endpoint on")
            }
            Self::UntilStopped => f.write_str("running; updated the next time it is stopped"),
            Self::OutsideWindow => f.write_str("running; stopped only inside the maintenance window"),
            Self::ReportOnly => f.write_str("running; the policy only reports it"),
            Self::AmazonLinux1 => f.write_str("Amazon Linux 1: once stopped it could never be started again"),
            Self::AmazonLinux2 => f.write_str(
                "Amazon Linux 2: once stopped it could not be started again without the platform upgrade \
                 (`notebooks.upgrade_platform`)",
            ),
            Self::InstanceType(name) => write!(f, "{name} does not run Amazon Linux 2023 notebooks"),
            Self::PlatformUnknown(name) if name.is_empty() => f.write_str("its platform was not described"),
            Self::PlatformUnknown(name) => write!(f, "platform `{name}` is not known to this release"),
            Self::StatusUnknown => f.write_str("its status is not known to this release"),
            Self::UpdateHadNoEffect { tries, reason } if reason.is_empty() => {
                write!(f, "updated {tries} times, and still described as before")
            }
            Self::UpdateHadNoEffect { tries, reason } => {
                write!(f, "updated {tries} times without effect: {reason}")
            }
            Self::RestartFailed(reason) => {
                write!(f, "ran before it was stopped, and could not be started: {reason}")
            }
            Self::TemplatesReportOnly => f.write_str("the policy only reports it (`launch_templates.fix`)"),
            Self::ImagesReportOnly => f.write_str("the policy only reports it (`images.fix`)"),
            Self::SurfaceReportOnly { kind, users } => {
                f.write_str("v2only only reports it")?;
                if !users.is_empty() {
                    write!(f, " (used by {})", users.join(", "))?;
                }
                match kind.about().fix {
                    SurfaceFix::Report(advice) => write!(f, ": {advice}"),
                    SurfaceFix::BehindUsageGate | SurfaceFix::InPlace => Ok(()),
                }
            }
            Self::DeclarativePolicy(message) => {
                f.write_str("a declarative policy of the organization owns the account defaults")?;
                message.as_ref().map_or(Ok(()), |it| write!(f, ": {it}"))
            }
            Self::Enforcement(bar) => bar.fmt(f),
            Self::Immutable { groups } if groups.is_empty() => {
                f.write_str("launch configurations cannot be changed; no group uses it, so it can be deleted")
            }
            Self::Immutable { groups } => write!(
                f,
                "launch configurations cannot be changed; move {} to a launch template",
                groups.join(", ")
            ),
            Self::Pinned { groups } => {
                let names = if groups.len() == 1 { "names" } else { "name" };
                write!(f, "{} {names} the version by number; let the group name $Default", groups.join(", "))
            }
            Self::OpenLaunches { kind, launches } => {
                write!(f, "this {} ", kind.noun())?;
                let words: Vec<String> = launches.iter().map(ToString::to_string).collect();
                f.write_str(&words.join("; "))
            }
            Self::LatestInUse { groups } => write!(
                f,
                "a new version would become $Latest, which {} launch from; choose the default by hand",
                groups.join(", ")
            ),
            Self::LatestUnclear(Displaced { by, was, unclear }) => {
                write!(f, "a run that ended early left version {by} as $Latest, which was version {was}")?;
                unclear.map_or(Ok(()), |it| write!(f, ", and {it}"))?;
                f.write_str("; make the version that $Latest is to be")
            }
            Self::Irreversible => f.write_str("nobody can undo it; `--accept-irreversible` agrees to that"),
            Self::ChangedSince => {
                f.write_str("it was changed since the plan was made; the next run decides anew")
            }
            Self::WaveStopped { because } => write!(f, "wave stopped because {because}"),
        }
    }
}
