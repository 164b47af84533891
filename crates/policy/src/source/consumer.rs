//! What launches instances from launch templates: Auto Scaling groups, EC2 Fleets and Spot Fleet requests.

use std::fmt;

use super::image::ImdsSupport;
use crate::Tags;
use crate::about_kind::AboutKind;

/// A kind of consumer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum ConsumerKind {
    /// An Auto Scaling group.
    AutoScalingGroup,
    /// An EC2 Fleet.
    Fleet,
    /// A Spot Fleet request.
    SpotFleet,
}

const AUTO_SCALING_GROUP: AboutKind = AboutKind {
    word: "auto-scaling-group",
    noun: "Auto Scaling group",
    title: "Auto Scaling group",
    help: "Auto Scaling groups",
    // The ARN holds a random part.
    arn: "{id}",
    security_hub_type: "AwsAutoScalingAutoScalingGroup",
    cloud_formation_type: "AWS::AutoScaling::AutoScalingGroup",
};

const FLEET: AboutKind = AboutKind {
    word: "ec2-fleet",
    noun: "EC2 Fleet",
    title: "EC2 Fleet",
    help: "EC2 Fleets",
    arn: "arn:{partition}:ec2:{region}:{account}:fleet/{id}",
    security_hub_type: "Other",
    cloud_formation_type: "AWS::EC2::EC2Fleet",
};

const SPOT_FLEET: AboutKind = AboutKind {
    word: "spot-fleet",
    noun: "Spot Fleet request",
    title: "Spot Fleet request",
    help: "Spot Fleet requests",
    arn: "arn:{partition}:ec2:{region}:{account}:spot-fleet-request/{id}",
    security_hub_type: "Other",
    cloud_formation_type: "AWS::EC2::SpotFleet",
};

impl ConsumerKind {
    /// What flags, JSON, journals, reports and findings call this kind.
    pub const fn about(self) -> &'static AboutKind {
        match self {
            Self::AutoScalingGroup => &AUTO_SCALING_GROUP,
            Self::Fleet => &FLEET,
            Self::SpotFleet => &SPOT_FLEET,
        }
    }

    /// A stable word for logs, metrics and journals.
    pub const fn code(self) -> &'static str {
        self.about().word
    }

    /// The name in text.
    pub const fn noun(self) -> &'static str {
        self.about().noun
    }
}

/// How a consumer names the version of a launch template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum VersionChoice {
    /// By number: it stays with it.
    Number(u64),
    /// `$Default`.
    Default,
    /// `$Latest`.
    Latest,
    /// In words that this release does not know.
    Unknown,
}

impl fmt::Display for VersionChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "version {number}"),
            Self::Default => f.write_str("$Default"),
            Self::Latest => f.write_str("$Latest"),
            Self::Unknown => f.write_str("a version that this release does not know"),
        }
    }
}

/// The part of a consumer that names a launch template.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum TemplateSlot {
    /// `LaunchTemplate` of an Auto Scaling group.
    Own,
    /// `LaunchTemplateSpecification` of a mixed instances policy.
    Mixed,
    /// An override of a mixed instances policy.
    Override,
    /// `LaunchTemplateConfigs` of a fleet.
    Config,
}

impl TemplateSlot {
    /// A stable word for journals.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Own => "launch-template",
            Self::Mixed => "mixed-instances-policy",
            Self::Override => "override",
            Self::Config => "launch-template-config",
        }
    }
}

/// An image that a consumer names itself.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct NamedImage {
    /// The image as the consumer names it; `None` if the consumer names none.
    pub name: Option<String>,
    /// What the image says of the metadata service.
    pub imds_support: ImdsSupport,
}

impl NamedImage {
    /// An image that is not described yet.
    pub const fn named(name: Option<String>) -> Self {
        Self { name, imds_support: ImdsSupport::Unknown }
    }
}

/// A launch template as a consumer names it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct TemplateUse {
    /// Id or name.
    pub template: String,
    /// Which version.
    pub version: VersionChoice,
    /// The part of the consumer that names it.
    pub part: TemplateSlot,
    /// The images that overrides launch in place of that of the version.
    pub images: Vec<NamedImage>,
}

impl TemplateUse {
    /// One without overrides.
    pub const fn plain(template: String, version: VersionChoice, part: TemplateSlot) -> Self {
        Self { template, version, part, images: Vec::new() }
    }

    /// Whether both name the same version in the same part and launch the same images, whatever is known of those.
    fn names_what(&self, other: &Self) -> bool {
        let Self { template, version, part, images } = self;
        let names = |images: &[NamedImage]| images.iter().map(|it| it.name.clone()).collect::<Vec<_>>();
        *template == other.template
            && *version == other.version
            && *part == other.part
            && names(images) == names(&other.images)
    }
}

/// Something that launches instances on its own, with what it launches them from.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Consumer {
    /// Its kind.
    pub kind: ConsumerKind,
    /// The name of a group, the id of a fleet.
    pub id: String,
    /// The ARN, where AWS describes one: it tells a group from another one that had the name before.
    pub arn: Option<String>,
    /// The launch configuration of a group.
    pub configuration: Option<String>,
    /// The launch templates, in the order in which AWS describes them.
    pub templates: Vec<TemplateUse>,
    /// The images of the launch specifications that a Spot Fleet request states itself. They have no metadata options.
    pub inline: Vec<NamedImage>,
    /// Whether AWS takes other launch templates for it: an EC2 Fleet must be of type `maintain`.
    pub is_modifiable: bool,
    /// Whether overrides have to be repeated when its launch templates are changed.
    pub has_overrides: bool,
    /// How many instances a group has.
    pub instances: usize,
    /// Its tags.
    pub tags: Tags,
}

impl Consumer {
    /// A group that launches from nothing yet.
    pub const fn group(name: String) -> Self {
        Self::new(ConsumerKind::AutoScalingGroup, name)
    }

    /// One that launches from nothing yet.
    pub const fn new(kind: ConsumerKind, id: String) -> Self {
        Self {
            kind,
            id,
            arn: None,
            configuration: None,
            templates: Vec::new(),
            inline: Vec::new(),
            is_modifiable: true,
            has_overrides: false,
            instances: 0,
            tags: Tags::new(),
        }
    }

    /// Whether this is the same consumer and launches from the same sources, whatever is known of their images.
    pub fn launches_as(&self, other: &Self) -> bool {
        let is_it = self.kind == other.kind && self.id == other.id && self.arn == other.arn;
        is_it
            && self.configuration == other.configuration
            && self.templates.len() == other.templates.len()
            && self.templates.iter().zip(&other.templates).all(|(one, other)| one.names_what(other))
    }

    /// The images that the consumer names itself.
    pub fn images_mut(&mut self) -> impl Iterator<Item = &mut NamedImage> {
        self.templates.iter_mut().flat_map(|it| &mut it.images).chain(&mut self.inline)
    }
}

/// A consumer of a launch template.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ConsumerUse {
    /// The kind of the consumer.
    pub kind: ConsumerKind,
    /// The name of a group, the id of a fleet.
    pub consumer: String,
    /// Which version.
    pub version: VersionChoice,
    /// The part of the consumer that names the version.
    pub part: TemplateSlot,
    /// How many instances the consumer has, if it is a group.
    pub instances: usize,
    /// Whether the plan lets the consumer name the fixed version instead.
    pub is_repointed: bool,
}
