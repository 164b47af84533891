//! Verdicts and their reasons.

use std::fmt;

use crate::container_host::ContainerHost;
use crate::exemption::{InForce, Void};
use crate::instance::HttpTokens;
use crate::plan::EnforcementBar;
use crate::rules;
use crate::settings::HopLimit;

/// What was found of one resource.
#[derive(Debug, Clone, PartialEq, Eq)]
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
pub enum Compliance {
    /// Only version 2 is answered, and every other option is as the document says.
    TokensRequired,
    /// Nothing is answered. Somebody switched it off, and it stays off.
    EndpointDisabled,
    /// A notebook that answers version 2 only.
    MinimumVersion2,
    /// Account defaults as the document says, or of which it has no opinion.
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

/// One thing that is not as the policy says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finding {
    /// Version 1 is answered.
    TokensOptional,
    /// Nothing was described of `HttpTokens`.
    TokensUnknown,
    /// The document wants no metadata service.
    EndpointEnabled,
    /// The hop limit is above the maximum, or was not described.
    HopLimitAbove {
        /// The described hop limit.
        is: Option<u8>,
        /// The most that is allowed.
        max: HopLimit,
    },
    /// The hop limit is not the exact one, or was not described.
    HopLimitOther {
        /// The described hop limit.
        is: Option<u8>,
        /// What it must be.
        exactly: HopLimit,
    },
    /// The IPv6 endpoint must be switched.
    Ipv6Endpoint {
        /// On, or else off.
        enable: bool,
    },
    /// Tags in metadata must be switched.
    MetadataTags {
        /// On, or else off.
        enable: bool,
    },
    /// A notebook that answers version 1.
    MinimumVersion1,
    /// Nothing was described of a notebook's minimum version.
    MinimumVersionUnknown,
    /// The account default for `HttpTokens` is not `required`.
    DefaultTokens {
        /// The default, if there is one.
        is: Option<HttpTokens>,
    },
    /// The default hop limit is another one.
    DefaultHopLimit {
        /// The default, if there is one.
        is: Option<u8>,
        /// What it must be.
        must: HopLimit,
    },
    /// `HttpTokensEnforced` is not enabled.
    NotEnforced,
    /// An image without `ImdsSupport`.
    ImageUnmarked,
    /// An image of whose `ImdsSupport` nothing is known.
    ImageUnknown,
    /// A run ended early, and `$Latest` of a launch template launches what `$Default` does.
    LatestDisplaced {
        /// The version that it left as `$Latest`.
        by: u64,
        /// The version that `$Latest` was.
        was: u64,
    },
}

impl Finding {
    /// The rule that found it.
    pub const fn rule(self) -> &'static str {
        match self {
            Self::TokensOptional | Self::TokensUnknown => rules::http_tokens::ID,
            Self::EndpointEnabled => rules::http_endpoint::ID,
            Self::HopLimitAbove { .. } | Self::HopLimitOther { .. } => rules::hop_limit::ID,
            Self::Ipv6Endpoint { .. } => rules::ipv6_endpoint::ID,
            Self::MetadataTags { .. } => rules::metadata_tags::ID,
            Self::MinimumVersion1 | Self::MinimumVersionUnknown => rules::minimum_version::ID,
            Self::DefaultTokens { .. } => rules::DEFAULT_TOKENS,
            Self::DefaultHopLimit { .. } => rules::DEFAULT_HOP_LIMIT,
            Self::NotEnforced => rules::TOKENS_ENFORCED,
            Self::ImageUnmarked | Self::ImageUnknown => rules::IMAGE_SUPPORT,
            Self::LatestDisplaced { .. } => rules::LATEST_DISPLACED,
        }
    }
}

fn hops(is: Option<u8>) -> String {
    is.map_or_else(|| "not described".to_owned(), |hops| hops.to_string())
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let to = |enable: &bool| if *enable { "enabled" } else { "disabled" };
        match self {
            Self::TokensOptional => f.write_str("HttpTokens is optional: IMDSv1 is answered"),
            Self::TokensUnknown => f.write_str("HttpTokens was not described"),
            Self::EndpointEnabled => f.write_str("HttpEndpoint is enabled and must be disabled"),
            Self::HopLimitAbove { is, max } => {
                write!(f, "hop limit is {}, at most {} is allowed", hops(*is), max.get())
            }
            Self::HopLimitOther { is, exactly } => {
                write!(f, "hop limit is {} and must be {}", hops(*is), exactly.get())
            }
            Self::Ipv6Endpoint { enable } => write!(f, "HttpProtocolIpv6 must be {}", to(enable)),
            Self::MetadataTags { enable } => write!(f, "InstanceMetadataTags must be {}", to(enable)),
            Self::MinimumVersion1 => f.write_str("minimum IMDS version is 1: IMDSv1 is answered"),
            Self::MinimumVersionUnknown => {
                f.write_str("minimum IMDS version was not described, which counts as 1")
            }
            Self::DefaultTokens { is: None } => f.write_str("the account has no default for HttpTokens"),
            Self::DefaultTokens { is: Some(HttpTokens::Optional) } => {
                f.write_str("the account default for HttpTokens is optional, which wins over every image")
            }
            Self::DefaultTokens { is: Some(_) } => {
                f.write_str("the account default for HttpTokens is not known to this release")
            }
            Self::DefaultHopLimit { is: None, must } => {
                write!(f, "the account has no default hop limit, and it must be {}", must.get())
            }
            Self::DefaultHopLimit { is, must } => {
                write!(f, "the account's default hop limit is {} and must be {}", hops(*is), must.get())
            }
            Self::NotEnforced => f.write_str("HttpTokensEnforced is not enabled"),
            Self::ImageUnmarked => {
                f.write_str("ImdsSupport is not v2.0: where nobody else says, IMDSv1 is answered")
            }
            Self::ImageUnknown => f.write_str("ImdsSupport is not known to this release"),
            Self::LatestDisplaced { by, was } => write!(
                f,
                "a run that ended early left version {by} as $Latest, which was version {was} and launches something else"
            ),
        }
    }
}

/// Something worth saying beside the verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Note {
    /// An exemption means this resource and excuses nothing.
    VoidExemption(Void),
    /// AWS has accepted the options and not applied them yet.
    OptionsPending,
    /// A notebook ran before we stopped it, too long ago to start it now.
    LeftStopped,
    /// The rest of the account defaults is changed, and enforcement waits.
    EnforcementWaits(EnforcementBar),
    /// This says that containers run on the instance, and the plan leaves it at hop limit 1.
    ContainerHost(ContainerHost),
}

impl Note {
    /// The word for a host of containers that is left at hop limit 1.
    pub const CONTAINER_HOST: &'static str = "container-host-hop-limit";

    /// A stable word for logs and metrics.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::VoidExemption(Void::Expired { .. }) => "exemption-expired",
            Self::VoidExemption(Void::Invalid(_)) => "exemption-invalid",
            Self::OptionsPending => "options-pending",
            Self::LeftStopped => "left-stopped",
            Self::EnforcementWaits(_) => "enforcement-waits",
            Self::ContainerHost(_) => Self::CONTAINER_HOST,
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
            Self::ContainerHost(hint) => write!(
                f,
                "seems to be a container host ({hint}): at hop limit 1 containers with a network of their own get no \
                 token, and without IMDSv1 no metadata"
            ),
        }
    }
}
