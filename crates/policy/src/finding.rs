//! Findings: one difference each between a resource and the policy document, and the rule that reports it.

use std::fmt;

use crate::instance::{HttpTokens, Switch};
use crate::option::{MetadataOption, SwitchOption};
use crate::preference::{Disabled, Preference};
use crate::settings::HopLimit;

/// The rules. [`Rule::about`] describes each of them, and [`Rule::ALL`] lists them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, strum::VariantArray)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Rule {
    /// `HttpTokens` of an instance, or of what an instance is launched from.
    HttpTokens,
    /// `HttpEndpoint`.
    HttpEndpoint,
    /// `HttpPutResponseHopLimit`.
    HopLimit,
    /// `HttpProtocolIpv6`.
    Ipv6Endpoint,
    /// `InstanceMetadataTags`.
    MetadataTags,
    /// `MinimumInstanceMetadataServiceVersion` of a notebook.
    MinimumVersion,
    /// The account default for `HttpTokens`.
    DefaultTokens,
    /// The account default for the hop limit.
    DefaultHopLimit,
    /// The account default for `HttpEndpoint`.
    DefaultEndpoint,
    /// The account default for `InstanceMetadataTags`.
    DefaultMetadataTags,
    /// `HttpTokensEnforced` of an account.
    TokensEnforced,
    /// `ImdsSupport` of an image.
    ImageSupport,
    /// What `$Latest` of a launch template means after a run that ended early.
    LatestDisplaced,
}

/// One metadata option that is not as the policy document says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum OptionFinding {
    /// IMDSv1 is answered.
    TokensOptional,
    /// AWS did not describe `HttpTokens`.
    TokensUnknown,
    /// The endpoint is enabled, and the document requires it to be disabled.
    EndpointEnabled,
    /// The hop limit is above the maximum, or was not described.
    HopLimitAbove {
        /// The described hop limit.
        is: Option<u8>,
        /// The highest hop limit that the document allows.
        max: HopLimit,
    },
    /// The hop limit is not the exact one, or was not described.
    HopLimitOther {
        /// The described hop limit.
        is: Option<u8>,
        /// The hop limit that the document requires.
        exactly: HopLimit,
    },
    /// An option that is on or off has the wrong state.
    Switch {
        /// The option.
        option: SwitchOption,
        /// Whether the document requires `enabled`.
        enable: bool,
    },
}

/// One account-level default that is not as the policy document says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum DefaultFinding {
    /// The account default for `HttpTokens` is not `required`.
    Tokens {
        /// The default, if the account sets one.
        is: Option<HttpTokens>,
    },
    /// The account default for the hop limit has another value.
    HopLimit {
        /// The default, if the account sets one.
        is: Option<u8>,
        /// The hop limit that the document requires.
        must: Preference<HopLimit>,
    },
    /// The account default for `HttpEndpoint` has another value.
    Endpoint {
        /// The default, if the account sets one.
        is: Option<Switch>,
        /// What the document requires.
        must: Preference<Disabled>,
    },
    /// The account default for `InstanceMetadataTags` has another value.
    MetadataTags {
        /// The default, if the account sets one.
        is: Option<Switch>,
        /// What the document requires; `true` is enabled.
        must: Preference<bool>,
    },
    /// `HttpTokensEnforced` is not enabled.
    NotEnforced,
}

/// One difference between a resource and the policy document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Finding {
    /// A metadata option of an instance, or of what an instance is launched from.
    Option(OptionFinding),
    /// A notebook that answers IMDSv1.
    MinimumVersion1,
    /// AWS did not describe the minimum version of a notebook.
    MinimumVersionUnknown,
    /// An account-level default.
    Default(DefaultFinding),
    /// An image without `ImdsSupport`.
    ImageUnmarked,
    /// An image with an `ImdsSupport` that this release does not know.
    ImageUnknown,
    /// A run ended early, and `$Latest` of a launch template launches what `$Default` does.
    LatestDisplaced {
        /// The version that the run left as `$Latest`.
        by: u64,
        /// The version that was `$Latest` before.
        was: u64,
    },
}

impl Rule {
    /// The rule for a metadata option.
    pub const fn of(option: MetadataOption) -> Self {
        match option {
            MetadataOption::HttpTokens => Self::HttpTokens,
            MetadataOption::HttpEndpoint => Self::HttpEndpoint,
            MetadataOption::HopLimit => Self::HopLimit,
            MetadataOption::Switch(SwitchOption::Ipv6Endpoint) => Self::Ipv6Endpoint,
            MetadataOption::Switch(SwitchOption::MetadataTags) => Self::MetadataTags,
        }
    }
}

impl From<OptionFinding> for Finding {
    fn from(finding: OptionFinding) -> Self {
        Self::Option(finding)
    }
}

impl Finding {
    /// The rule that reports this finding.
    pub const fn rule(self) -> Rule {
        match self {
            Self::Option(finding) => Rule::of(finding.option()),
            Self::MinimumVersion1 | Self::MinimumVersionUnknown => Rule::MinimumVersion,
            Self::Default(DefaultFinding::Tokens { .. }) => Rule::DefaultTokens,
            Self::Default(DefaultFinding::HopLimit { .. }) => Rule::DefaultHopLimit,
            Self::Default(DefaultFinding::Endpoint { .. }) => Rule::DefaultEndpoint,
            Self::Default(DefaultFinding::MetadataTags { .. }) => Rule::DefaultMetadataTags,
            Self::Default(DefaultFinding::NotEnforced) => Rule::TokensEnforced,
            Self::ImageUnmarked | Self::ImageUnknown => Rule::ImageSupport,
            Self::LatestDisplaced { .. } => Rule::LatestDisplaced,
        }
    }
}

impl OptionFinding {
    /// The option that this finding is about.
    pub const fn option(self) -> MetadataOption {
        match self {
            Self::TokensOptional | Self::TokensUnknown => MetadataOption::HttpTokens,
            Self::EndpointEnabled => MetadataOption::HttpEndpoint,
            Self::HopLimitAbove { .. } | Self::HopLimitOther { .. } => MetadataOption::HopLimit,
            Self::Switch { option, .. } => MetadataOption::Switch(option),
        }
    }
}

/// The account default of an option that is on or off, and what it must be; `None` is not set.
fn default_switch(
    f: &mut fmt::Formatter<'_>,
    option: &str,
    is: Option<Switch>,
    must: Option<bool>,
) -> fmt::Result {
    match is {
        None => write!(f, "the account has no default for {option}, and it must be ")?,
        Some(is) => {
            let is = is.word().unwrap_or("not known to this release");
            write!(
                f,
                "the account default for {option} is {is} and must {}be ",
                if must.is_none() { "not " } else { "" }
            )?;
        }
    }
    f.write_str(must.map_or("set", |enable| Switch::on(enable).word().unwrap_or_default()))
}

fn hops(is: Option<u8>) -> String {
    is.map_or_else(|| "not described".to_owned(), |hops| hops.to_string())
}

impl fmt::Display for OptionFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = |enable: &bool| if *enable { "enabled" } else { "disabled" };
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
            Self::Switch { option, enable } => write!(f, "{} must be {}", option.as_str(), state(enable)),
        }
    }
}

impl fmt::Display for DefaultFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tokens { is: None } => f.write_str("the account has no default for HttpTokens"),
            Self::Tokens { is: Some(HttpTokens::Optional) } => {
                f.write_str("the account default for HttpTokens is optional, which wins over every image")
            }
            Self::Tokens { is: Some(HttpTokens::Required | HttpTokens::Unknown) } => {
                f.write_str("the account default for HttpTokens is not known to this release")
            }
            Self::HopLimit { is: None, must: Preference::Set(must) } => {
                write!(f, "the account has no default hop limit, and it must be {}", must.get())
            }
            Self::HopLimit { is, must: Preference::Set(must) } => {
                write!(f, "the account's default hop limit is {} and must be {}", hops(*is), must.get())
            }
            Self::HopLimit { is, must: Preference::Clear } => {
                write!(f, "the account's default hop limit is {} and must not be set", hops(*is))
            }
            Self::Endpoint { is, must } => default_switch(f, "HttpEndpoint", *is, must.map(|Disabled| false)),
            Self::MetadataTags { is, must } => {
                default_switch(f, "InstanceMetadataTags", *is, must.map(|enable| enable))
            }
            Self::NotEnforced => f.write_str("HttpTokensEnforced is not enabled"),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Option(option) => option.fmt(f),
            Self::MinimumVersion1 => f.write_str("minimum IMDS version is 1: IMDSv1 is answered"),
            Self::MinimumVersionUnknown => {
                f.write_str("minimum IMDS version was not described, which counts as 1")
            }
            Self::Default(default) => default.fmt(f),
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
