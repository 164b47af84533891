//! Why a consumer of launch templates launches instances that violate the policy, for reasons of its own.

use std::fmt;

use crate::LaunchTemplateId;
use crate::source::VersionChoice;

/// One kind of launch of a consumer that violates the policy.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum OpenLaunch {
    /// The consumer names a violating version by number.
    Pinned {
        /// The launch template.
        template: LaunchTemplateId,
        /// The version.
        number: u64,
    },
    /// An override launches another image than the version, and with it the options violate the policy.
    Image {
        /// The launch template.
        template: LaunchTemplateId,
        /// The image.
        image: String,
    },
    /// A launch specification of a Spot Fleet request, which cannot state metadata options.
    Inline {
        /// The image, if the launch specification names one.
        image: Option<String>,
    },
    /// AWS does not show the launch template or the version.
    NotDescribed {
        /// Id or name of the launch template.
        template: String,
        /// The version.
        version: VersionChoice,
    },
}

impl OpenLaunch {
    /// Whether the consumer names the version by number.
    pub const fn is_pinned(&self) -> bool {
        matches!(self, Self::Pinned { .. })
    }

    /// A stable word for logs, metrics and findings.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Pinned { .. } => "pinned",
            Self::Image { .. } => "override-image",
            Self::Inline { .. } => "inline-launch-specification",
            Self::NotDescribed { .. } => "version-not-described",
        }
    }
}

impl fmt::Display for OpenLaunch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pinned { template, number } => {
                write!(
                    f,
                    "names version {number} of {template} by number and goes on launching from that version"
                )
            }
            Self::Image { template, image } => write!(
                f,
                "an override launches {image} in place of the image of {template}, and neither that image nor the \
                 launch template requires tokens; let the launch template state HttpTokens=required"
            ),
            Self::Inline { image } => {
                let image = image.as_deref().unwrap_or("no image");
                write!(
                    f,
                    "a launch specification (with {image}) cannot state HttpTokens; request a Spot Fleet from a launch \
                     template that requires tokens, and cancel this one, or let the account default require tokens"
                )
            }
            Self::NotDescribed { template, version } => {
                write!(
                    f,
                    "names {version} of {template}, which AWS does not show, so what it launches is not known"
                )
            }
        }
    }
}
