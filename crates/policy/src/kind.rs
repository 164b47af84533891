//! The registry of resource kinds: what flags, JSON, journals, reports and findings call each of them.

use crate::about_kind::AboutKind;
use crate::source::ConsumerKind;
use crate::surface::SurfaceKind;

/// A kind of resource that v2only judges.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ResourceKind {
    /// An EC2 instance.
    Instance,
    /// A SageMaker notebook instance.
    Notebook,
    /// An EC2 launch template.
    LaunchTemplate,
    /// A launch configuration of Auto Scaling.
    LaunchConfiguration,
    /// An image that the account owns.
    Image,
    /// The account defaults of a Region.
    AccountDefault,
    /// What launches instances from launch templates. Scans read consumers with the launch templates.
    Consumer(ConsumerKind),
    /// A surface outside of EC2, Auto Scaling and SageMaker.
    Surface(SurfaceKind),
}

const INSTANCE: AboutKind = AboutKind {
    word: "instance",
    noun: "instance",
    title: "Instance",
    help: "EC2 instances",
    arn: "arn:{partition}:ec2:{region}:{account}:instance/{id}",
    security_hub_type: "AwsEc2Instance",
    cloud_formation_type: "AWS::EC2::Instance",
};

const NOTEBOOK: AboutKind = AboutKind {
    word: "notebook",
    noun: "notebook",
    title: "Notebook",
    help: "SageMaker notebook instances",
    arn: "arn:{partition}:sagemaker:{region}:{account}:notebook-instance/{lower}",
    security_hub_type: "AwsSageMakerNotebookInstance",
    cloud_formation_type: "AWS::SageMaker::NotebookInstance",
};

const LAUNCH_TEMPLATE: AboutKind = AboutKind {
    word: "launch-template",
    noun: "template version",
    title: "Launch template",
    help: "EC2 launch templates, by the versions that are launched from",
    arn: "arn:{partition}:ec2:{region}:{account}:launch-template/{id}",
    security_hub_type: "AwsEc2LaunchTemplate",
    cloud_formation_type: "AWS::EC2::LaunchTemplate",
};

const LAUNCH_CONFIGURATION: AboutKind = AboutKind {
    word: "launch-configuration",
    noun: "launch configuration",
    title: "Launch configuration",
    help: "Launch configurations of Auto Scaling",
    // The ARN holds a random part.
    arn: "{id}",
    security_hub_type: "AwsAutoScalingLaunchConfiguration",
    cloud_formation_type: "AWS::AutoScaling::LaunchConfiguration",
};

const IMAGE: AboutKind = AboutKind {
    word: "image",
    noun: "image",
    title: "Image",
    help: "Images that the account owns",
    arn: "arn:{partition}:ec2:{region}::image/{id}",
    security_hub_type: "Other",
    cloud_formation_type: "AWS::EC2::Image",
};

const ACCOUNT_DEFAULT: AboutKind = AboutKind {
    word: "account-default",
    noun: "account default",
    title: "Account default",
    help: "The defaults of the account in each Region",
    arn: "AWS::::Account:{account}",
    security_hub_type: "AwsAccount",
    cloud_formation_type: "AWS::::Account",
};

impl ResourceKind {
    /// The kinds that a scan reads on its own, in the order in which flags list them.
    pub fn selectable() -> impl Iterator<Item = Self> + Clone {
        let others = [
            Self::Instance,
            Self::Notebook,
            Self::LaunchTemplate,
            Self::LaunchConfiguration,
            Self::Image,
            Self::AccountDefault,
        ];
        others.into_iter().chain(SurfaceKind::ALL.iter().copied().map(Self::Surface))
    }

    /// The entry of the registry.
    pub const fn about(self) -> &'static AboutKind {
        match self {
            Self::Instance => &INSTANCE,
            Self::Notebook => &NOTEBOOK,
            Self::LaunchTemplate => &LAUNCH_TEMPLATE,
            Self::LaunchConfiguration => &LAUNCH_CONFIGURATION,
            Self::Image => &IMAGE,
            Self::AccountDefault => &ACCOUNT_DEFAULT,
            Self::Consumer(kind) => kind.about(),
            Self::Surface(kind) => &kind.about().kind,
        }
    }

    /// The published word.
    pub const fn word(self) -> &'static str {
        self.about().word
    }

    /// The kind that a scan reads on its own and that has this word.
    pub fn of(word: &str) -> Option<Self> {
        Self::selectable().find(|kind| kind.word() == word)
    }

    /// Whether launches take their options from it, or it launches from launch templates.
    pub const fn is_launch_source(self) -> bool {
        match self {
            Self::LaunchTemplate
            | Self::LaunchConfiguration
            | Self::Image
            | Self::AccountDefault
            | Self::Consumer(_) => true,
            Self::Instance | Self::Notebook | Self::Surface(_) => false,
        }
    }

    /// Whether a resource of this kind answers metadata requests itself. Instances take their options from the other kinds.
    pub const fn is_instance(self) -> bool {
        match self {
            Self::Instance | Self::Notebook | Self::Surface(SurfaceKind::LightsailInstance) => true,
            Self::LaunchTemplate
            | Self::LaunchConfiguration
            | Self::Image
            | Self::AccountDefault
            | Self::Consumer(_)
            | Self::Surface(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn words_are_unique_and_fit_into_a_flag() {
        let words: BTreeSet<&str> = ResourceKind::selectable().map(ResourceKind::word).collect();
        assert_eq!(words.len(), ResourceKind::selectable().count());
        assert!(words.iter().all(|word| word.bytes().all(|it| it == b'-' || it.is_ascii_lowercase())));
        for kind in ResourceKind::selectable() {
            assert_eq!(ResourceKind::of(kind.word()), Some(kind));
        }
    }
}
