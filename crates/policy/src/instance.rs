//! An EC2 instance as `DescribeInstances` described it.

use crate::option::{MetadataOption, Switches};
use crate::{ImageId, InstanceId, Tags};

/// `HttpTokens` of an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
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

impl HttpTokens {
    /// AWS's word; `None` if it is not known.
    pub const fn word(self) -> Option<&'static str> {
        match self {
            Self::Required => Some("required"),
            Self::Optional => Some("optional"),
            Self::Unknown => None,
        }
    }
}

/// An option that is `enabled` or `disabled`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Switch {
    /// `enabled`.
    Enabled,
    /// `disabled`.
    Disabled,
    /// Not described, or a word this release does not know.
    Unknown,
}

impl Switch {
    /// The state that a request asks for.
    pub const fn on(enable: bool) -> Self {
        if enable { Self::Enabled } else { Self::Disabled }
    }

    /// AWS's word; `None` if the state is not known.
    pub const fn word(self) -> Option<&'static str> {
        match self {
            Self::Enabled => Some("enabled"),
            Self::Disabled => Some("disabled"),
            Self::Unknown => None,
        }
    }
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
    /// The options that are on or off.
    pub switches: Switches<Switch>,
    /// Whether AWS still reports these options as `pending`.
    pub pending: bool,
}

impl MetadataOptions {
    /// Options about which nothing was described.
    pub const UNKNOWN: Self = Self {
        http_tokens: HttpTokens::Unknown,
        http_endpoint: Switch::Unknown,
        hop_limit: None,
        switches: Switches::all(Switch::Unknown),
        pending: false,
    };

    /// Whether this is a side option that AWS did not describe.
    pub fn lack(&self, option: MetadataOption) -> bool {
        match option {
            MetadataOption::HttpTokens | MetadataOption::HttpEndpoint => false,
            MetadataOption::HopLimit => self.hop_limit.is_none(),
            MetadataOption::Switch(option) => self.switches[option] == Switch::Unknown,
        }
    }

    /// These options, with those of `now` for the switches that were not described: some Regions do not describe them.
    #[must_use]
    pub fn completed_from(self, now: &Self) -> Self {
        let known = |option| match self.switches[option] {
            Switch::Unknown => now.switches[option],
            described => described,
        };
        Self { switches: Switches::each(known), ..self }
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
    /// When it was last started: `LaunchTime`, which a reboot does not move.
    pub started_at: Option<jiff::Timestamp>,
    /// Its type, such as `m7g.large`.
    pub instance_type: Option<String>,
    /// The image it was launched from.
    pub image: Option<ImageId>,
    /// The ARN or name of its instance profile.
    pub profile: Option<String>,
    /// Whether it has a public IPv4 address.
    pub public_address: bool,
    /// Its tags.
    pub tags: Tags,
}

/// The tag in which AWS notes the Auto Scaling group of an instance.
pub const GROUP_TAG: &str = "aws:autoscaling:groupName";
/// The tag in which AWS notes the launch template of an instance.
pub const TEMPLATE_TAG: &str = "aws:ec2launchtemplate:id";

impl Instance {
    /// The Auto Scaling group it belongs to.
    pub fn group(&self) -> Option<&str> {
        self.tags.get(GROUP_TAG).map(String::as_str)
    }

    /// The id of the launch template it was launched from.
    pub fn template(&self) -> Option<&str> {
        self.tags.get(TEMPLATE_TAG).map(String::as_str)
    }
}
