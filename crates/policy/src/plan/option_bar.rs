//! Why AWS would refuse an option beside the tokens, as far as descriptions show it before anybody tries.

use std::fmt;

/// Why AWS would refuse to enable an option.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum OptionBar {
    /// Tags in metadata: the metadata service cannot show this tag key.
    TagKey(String),
    /// The IPv6 endpoint: this instance type is not built on the Nitro System.
    InstanceType(String),
}

impl OptionBar {
    /// A stable word for logs, metrics and findings.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TagKey(_) => "metadata-tag-key",
            Self::InstanceType(_) => "ipv6-instance-type",
        }
    }
}

impl fmt::Display for OptionBar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TagKey(key) => write!(
                f,
                "InstanceMetadataTags=enabled is impossible: instance metadata cannot show the tag key `{key}`; rename \
                 that tag"
            ),
            Self::InstanceType(kind) => write!(
                f,
                "HttpProtocolIpv6=enabled is impossible: AWS refuses it for the instance type {kind}, which is not built \
                 on the Nitro System; choose another type, or exempt these instances"
            ),
        }
    }
}
