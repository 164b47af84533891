//! An EC2 instance as `DescribeInstances` described it.

use crate::{ImageId, InstanceId, Tags};

/// `HttpTokens` of an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum HttpTokens {
    /// Only version 2 is answered.
    Required,
    /// Versions 1 and 2 are answered.
    Optional,
    /// Not described, or a word this release does not know. Judged like [`HttpTokens::Optional`]: absence of
    /// evidence is a violation.
    Unknown,
}

/// An option that is `enabled` or `disabled`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Switch {
    /// `enabled`.
    Enabled,
    /// `disabled`.
    Disabled,
    /// Not described, or a word this release does not know.
    Unknown,
}

/// The five options, and whether they are in effect yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct MetadataOptions {
    /// Whether version 1 is answered.
    pub http_tokens: HttpTokens,
    /// Whether the metadata service answers at all.
    pub http_endpoint: Switch,
    /// How many hops a response to a PUT may travel, 1 to 64.
    pub hop_limit: Option<u8>,
    /// The IPv6 endpoint.
    pub ipv6_endpoint: Switch,
    /// Tags in instance metadata.
    pub metadata_tags: Switch,
    /// Whether AWS still reports these options as `pending`.
    pub pending: bool,
}

impl MetadataOptions {
    /// Options about which nothing was described.
    pub const UNKNOWN: Self = Self {
        http_tokens: HttpTokens::Unknown,
        http_endpoint: Switch::Unknown,
        hop_limit: None,
        ipv6_endpoint: Switch::Unknown,
        metadata_tags: Switch::Unknown,
        pending: false,
    };

    /// These options, with those of `now` for the side options (IPv6, tags) that were not described: some Regions do not
    /// describe them.
    #[must_use]
    pub const fn completed_from(self, now: &Self) -> Self {
        const fn known(is: Switch, now: Switch) -> Switch {
            if matches!(is, Switch::Unknown) { now } else { is }
        }
        Self {
            ipv6_endpoint: known(self.ipv6_endpoint, now.ipv6_endpoint),
            metadata_tags: known(self.metadata_tags, now.metadata_tags),
            ..self
        }
    }
}

/// Life-cycle state of an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum InstanceState {
    /// Being launched.
    Pending,
    /// Running.
    Running,
    /// Being stopped.
    Stopping,
    /// Stopped; options take effect at the next start.
    Stopped,
    /// Being terminated, or terminated: nothing left to protect.
    Gone,
    /// A word this release does not know; treated as alive.
    Unknown,
}

/// What is known of one instance.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Instance {
    /// Its id.
    pub id: InstanceId,
    /// Its life-cycle state.
    pub state: InstanceState,
    /// Its metadata options.
    pub options: MetadataOptions,
    /// The service that manages it (`Operator.Principal` where `Operator.Managed` is true). Customers cannot
    /// modify such instances.
    pub managed_by: Option<String>,
    /// When it was first launched, taken from its first network interface or volume. `LaunchTime` will not
    /// do: it moves with every start.
    pub created_at: Option<jiff::Timestamp>,
    /// Its type, such as `m7g.large`.
    pub instance_type: Option<String>,
    /// The image it was launched from.
    pub image: Option<ImageId>,
    /// The ARN or name of its instance profile.
    pub profile: Option<String>,
    /// Its tags.
    pub tags: Tags,
}
