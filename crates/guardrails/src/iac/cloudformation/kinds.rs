//! The resource types with a metadata switch, and those that are only named.
//!
//! Source: AWS CloudFormation Template Reference, the pages of the types.

/// How a resource type switches IMDSv1 off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Switch {
    /// A map with `HttpTokens`, at this path below `Properties`.
    Options(&'static [&'static str]),
    /// Maps with `HttpTokens` that override a launch template, at this path below `Properties`. `[]` stands for every
    /// item of a list.
    Overrides(&'static [&'static str]),
    /// A value that must be this text, at this path below `Properties`.
    Value(&'static [&'static str], &'static str, &'static str),
    /// An option setting of Elastic Beanstalk.
    BeanstalkOption,
    /// A security configuration of Amazon EMR, as a map or as JSON in a text.
    EmrConfiguration,
    /// Launch specifications that cannot state tokens, at this path below `Properties`.
    Specifications(&'static [&'static str]),
    /// Launch templates or AWS alone decide; says what decides where there is no launch template.
    None(&'static str),
}

impl Switch {
    /// The path of the switch below `Properties`, as a text.
    pub fn path(self) -> Option<String> {
        const EMR: &str = "SecurityConfiguration.InstanceMetadataServiceConfiguration.MinimumInstanceMetadataServiceVersion";
        match self {
            Self::Options(path) => Some([path, &["HttpTokens"]].concat().join(".")),
            Self::Overrides(path) => {
                let names: Vec<&str> = path.iter().copied().filter(|it| *it != "[]").collect();
                Some(format!("{}.HttpTokens", names.join(".")))
            }
            Self::Value(path, ..) => Some(path.join(".")),
            Self::BeanstalkOption => Some("OptionSettings.DisableIMDSv1".to_owned()),
            Self::EmrConfiguration => Some(EMR.to_owned()),
            Self::Specifications(_) | Self::None(_) => None,
        }
    }
}

/// A resource type.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    /// The name of the type.
    pub name: &'static str,
    /// Its switch.
    pub switch: Switch,
    /// Where it refers to launch templates, below `Properties`. `[]` stands for every item of a list.
    pub templates: &'static [&'static [&'static str]],
}

const NONE: &[&[&str]] = &[];
const SPOT_SPECIFICATIONS: &[&str] = &["SpotFleetRequestConfigData", "LaunchSpecifications"];

const fn kind(name: &'static str, switch: Switch, templates: &'static [&'static [&'static str]]) -> Kind {
    Kind { name, switch, templates }
}

const fn disable(name: &'static str) -> Kind {
    kind(name, Switch::Value(&["DisableIMDSV1"], "true", "http-tokens-not-required"), NONE)
}

/// Every type that is judged, or named because something outside of it decides.
pub const KINDS: &[Kind] = &[
    disable("AWS::AppStream::AppBlockBuilder"),
    disable("AWS::AppStream::Fleet"),
    disable("AWS::AppStream::ImageBuilder"),
    kind(
        "AWS::AutoScaling::AutoScalingGroup",
        Switch::None(""),
        &[
            &["LaunchTemplate"],
            &["MixedInstancesPolicy", "LaunchTemplate", "LaunchTemplateSpecification"],
            &["MixedInstancesPolicy", "LaunchTemplate", "Overrides", "[]", "LaunchTemplateSpecification"],
        ],
    ),
    kind("AWS::AutoScaling::LaunchConfiguration", Switch::Options(&["MetadataOptions"]), NONE),
    kind(
        "AWS::Batch::ComputeEnvironment",
        Switch::None("AWS Batch creates a launch template, so the account default and the AMI decide"),
        &[&["ComputeResources", "LaunchTemplate"]],
    ),
    kind(
        "AWS::Cloud9::EnvironmentEC2",
        Switch::None("AWS Cloud9 launches the instance, so the account default and the AMI decide"),
        NONE,
    ),
    kind(
        "AWS::EC2::EC2Fleet",
        Switch::Overrides(&["LaunchTemplateConfigs", "[]", "Overrides", "[]", "MetadataOptions"]),
        &[&["LaunchTemplateConfigs", "[]", "LaunchTemplateSpecification"]],
    ),
    kind("AWS::EC2::Instance", Switch::Options(&["MetadataOptions"]), &[&["LaunchTemplate"]]),
    kind("AWS::EC2::LaunchTemplate", Switch::Options(&["LaunchTemplateData", "MetadataOptions"]), NONE),
    kind(
        "AWS::EC2::SpotFleet",
        Switch::Specifications(SPOT_SPECIFICATIONS),
        &[&["SpotFleetRequestConfigData", "LaunchTemplateConfigs", "[]", "LaunchTemplateSpecification"]],
    ),
    kind(
        "AWS::ECS::CapacityProvider",
        Switch::None("Amazon ECS launches managed instances, or an Auto Scaling group decides"),
        NONE,
    ),
    kind(
        "AWS::EKS::Nodegroup",
        Switch::None("Amazon EKS creates a launch template, so the account default and the AMI decide"),
        &[&["LaunchTemplate"]],
    ),
    kind("AWS::EMR::SecurityConfiguration", Switch::EmrConfiguration, NONE),
    kind("AWS::ElasticBeanstalk::ConfigurationTemplate", Switch::BeanstalkOption, NONE),
    kind("AWS::ElasticBeanstalk::Environment", Switch::BeanstalkOption, NONE),
    kind(
        "AWS::ImageBuilder::InfrastructureConfiguration",
        Switch::Options(&["InstanceMetadataOptions"]),
        NONE,
    ),
    kind(
        "AWS::SageMaker::NotebookInstance",
        Switch::Value(
            &["InstanceMetadataServiceConfiguration", "MinimumInstanceMetadataServiceVersion"],
            "2",
            "notebook-version-1",
        ),
        NONE,
    ),
    kind(
        "AWS::WorkspacesInstances::WorkspaceInstance",
        Switch::Options(&["ManagedInstance", "MetadataOptions"]),
        NONE,
    ),
];

/// Types whose resources are in another file, with what holds them.
pub const ELSEWHERE: &[(&str, &str)] = &[
    ("AWS::CloudFormation::Stack", "a nested stack: its template is a file of its own"),
    ("AWS::Serverless::Application", "a nested application: its template is a file of its own"),
    ("AWS::CloudFormation::StackSet", "a stack set: its template is a file of its own"),
    (
        "AWS::ServiceCatalog::CloudFormationProvisionedProduct",
        "a product: its template is in Service Catalog",
    ),
];

/// The switch of a type.
pub(super) fn of(name: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|it| it.name == name)
}
