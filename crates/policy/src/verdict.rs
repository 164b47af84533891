//! Verdicts and their reasons.

use std::fmt;

use crate::container_host::ContainerHost;
use crate::exemption::{InForce, Origin, Void};
use crate::finding::Finding;
use crate::option::MetadataOption;
use crate::plan::{EnforcementBar, OpenLaunch, OptionBar};

/// What was found of one resource.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Verdict {
    /// Nothing to object to.
    Compliant(Compliance),
    /// It violates the policy and is excused today.
    Exempt {
        /// What excuses it.
        by: InForce,
        /// What would be wrong otherwise; never empty.
        findings: Vec<Finding>,
    },
    /// It violates the policy; never empty.
    Violation(Vec<Finding>),
    /// It is terminated or deleted, or being so.
    Gone,
}

impl Verdict {
    /// Whether a tag of the resource exempts it.
    pub const fn is_exempt_by_tag(&self) -> bool {
        matches!(self, Self::Exempt { by: InForce { origin: Origin::Tag, .. }, .. })
    }

    /// A stable word for logs, metrics and findings.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Compliant(_) => "compliant",
            Self::Exempt { .. } => "exempt",
            Self::Violation(_) => "violation",
            Self::Gone => "gone",
        }
    }

    /// What is or would be wrong.
    pub fn findings(&self) -> &[Finding] {
        match self {
            Self::Exempt { findings, .. } | Self::Violation(findings) => findings,
            Self::Compliant(_) | Self::Gone => &[],
        }
    }
}

/// Why there is nothing to object to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Compliance {
    /// Only version 2 is answered, and every other option is as the document says.
    TokensRequired,
    /// Nothing is answered. Somebody switched it off, and it stays off.
    EndpointDisabled,
    /// A notebook that answers version 2 only.
    MinimumVersion2,
    /// Account defaults as the document says, or on which it has no opinion.
    DefaultsAsRequired,
    /// An image whose instances require tokens unless told otherwise.
    ImageIsV2,
}

impl fmt::Display for Compliance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TokensRequired => "HttpTokens is required",
            Self::EndpointDisabled => "HttpEndpoint is disabled",
            Self::MinimumVersion2 => "minimum IMDS version is 2",
            Self::DefaultsAsRequired => "account defaults are as the policy says",
            Self::ImageIsV2 => "ImdsSupport is v2.0",
        })
    }
}

/// Something worth saying beside the verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Note {
    /// An exemption matches this resource and does not exempt it.
    VoidExemption(Void),
    /// AWS has accepted the options and not applied them yet.
    OptionsPending,
    /// A notebook ran before we stopped it, too long ago to start it now.
    LeftStopped,
    /// The rest of the account defaults is changed, and enforcement waits.
    EnforcementWaits(EnforcementBar),
    /// These Auto Scaling groups name the version by number, and launch from it after a new version is the default too.
    Pinned {
        /// The version.
        number: u64,
        /// The groups.
        groups: Vec<String>,
    },
    /// A group launches what violates the policy in these ways too, which the plan does not change.
    OpenLaunches(Vec<OpenLaunch>),
    /// The document has an opinion on this option, and AWS does not describe the option here. It stays as it is.
    OptionUnknown(MetadataOption),
    /// An option stays as it is, because AWS would refuse it.
    OptionImpossible(OptionBar),
    /// This says that containers run on the instance, and the plan leaves it at hop limit 1.
    ContainerHost(ContainerHost),
    /// Somebody turns version 1 back on again and again.
    Contested {
        /// Corrections within the window.
        times: usize,
        /// Length of the window in hours.
        hours: u32,
        /// Who turned it back most recently, in words.
        by: Option<String>,
    },
    /// The tag that exempts it came with its launch, from this launch template.
    ExemptByTemplate(String),
    /// Whether the tag that exempts it came from its launch template could not be read, and why.
    TemplateNotRead(String),
    /// Whether it was v2-only before could not be read from CloudTrail, and why.
    HistoryNotRead(String),
}

impl Note {
    /// A stable word for logs and metrics.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::VoidExemption(Void::Expired { .. }) => "exemption-expired",
            Self::VoidExemption(Void::Invalid(_)) => "exemption-invalid",
            Self::OptionsPending => "options-pending",
            Self::LeftStopped => "left-stopped",
            Self::EnforcementWaits(_) => "enforcement-waits",
            Self::Pinned { .. } => "pinned-groups",
            Self::OpenLaunches(_) => "open-launches",
            Self::OptionUnknown(_) => "option-unknown",
            Self::OptionImpossible(bar) => bar.code(),
            Self::ContainerHost(_) => "container-host-hop-limit",
            Self::Contested { .. } => "contested",
            Self::ExemptByTemplate(_) => "exempt-by-template",
            Self::TemplateNotRead(_) => "template-not-read",
            Self::HistoryNotRead(_) => "history-not-read",
        }
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::VoidExemption(Void::Expired { origin, until }) => {
                write!(f, "exemption ({origin}) ended on {until}")
            }
            Self::VoidExemption(Void::Invalid(why)) => write!(f, "exemption exempts nobody: {why}"),
            Self::OptionsPending => f.write_str("AWS has not applied the options yet"),
            Self::LeftStopped => {
                f.write_str("ran before it was stopped for the update, too long ago to be started now")
            }
            Self::EnforcementWaits(bar) => bar.fmt(f),
            Self::Pinned { number, groups } => {
                let names = if groups.len() == 1 { "names" } else { "name" };
                write!(
                    f,
                    "{} {names} version {number} by number: a new version does not change what is launched there until \
                     the group names $Default",
                    groups.join(", ")
                )
            }
            Self::OpenLaunches(launches) => {
                let words: Vec<String> = launches.iter().map(ToString::to_string).collect();
                write!(f, "not changed by this plan: {}", words.join("; "))
            }
            Self::OptionUnknown(option) => write!(
                f,
                "AWS does not describe {} here, so whether it is as the policy says is unknown; v2only leaves it",
                option.as_str()
            ),
            Self::OptionImpossible(bar) => bar.fmt(f),
            Self::Contested { times, hours, by } => {
                write!(f, "contested: corrected {times} times within {hours} hours and turned back again")?;
                by.as_ref().map_or(Ok(()), |by| write!(f, ", most recently by {by}"))
            }
            Self::ExemptByTemplate(template) => write!(
                f,
                "its exemption tag came with the launch, from launch template {template}: every author of launch templates may \
                 exempt by it, and `exemptions_by_tag: ignore` closes that way"
            ),
            Self::TemplateNotRead(why) => {
                write!(f, "whether its exemption tag came from its launch template could not be read: {why}")
            }
            Self::HistoryNotRead(why) => {
                write!(f, "whether it was v2-only before could not be read from CloudTrail: {why}")
            }
            Self::ContainerHost(hint) => write!(
                f,
                "seems to be a container host ({hint}): at hop limit 1 containers with a network of their own get no \
                 token, and without IMDSv1 no metadata"
            ),
        }
    }
}
