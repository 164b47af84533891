//! The resource types of the providers `aws` and `awscc` with a metadata switch.
//!
//! Source: the documentation of the providers' resources.

/// How a plan shows the switch of a resource type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Switch {
    /// The block `metadata_options`.
    Options,
    /// The block `metadata_options`, or that of a launch template.
    OptionsOrTemplate,
    /// The minimum version of a notebook.
    Notebook,
    /// The account default.
    Defaults,
    /// The `imds_support` of an image.
    Image,
    /// The block `instance_metadata_options`.
    ImageBuilder,
    /// A launch template decides.
    Templates,
    /// The type is named and not judged, for this reason.
    Named(&'static str),
}

impl Switch {
    /// The path of the argument that is judged.
    pub const fn path(self) -> Option<&'static str> {
        match self {
            Self::Options | Self::OptionsOrTemplate => Some("metadata_options.http_tokens"),
            Self::Notebook => {
                Some("instance_metadata_service_configuration.minimum_instance_metadata_service_version")
            }
            Self::Defaults => Some("http_tokens"),
            Self::Image => Some("imds_support"),
            Self::ImageBuilder => Some("instance_metadata_options.http_tokens"),
            Self::Templates | Self::Named(_) => None,
        }
    }
}

const NOT_JUDGED: &str = "it has a metadata switch that is not judged in plans";
const TWIN: &str = "its options follow CloudFormation, and are not judged in plans";

/// Every type that is judged or named.
pub const KINDS: &[(&str, Switch)] = &[
    ("aws_ami", Switch::Image),
    ("aws_ami_copy", Switch::Image),
    ("aws_ami_from_instance", Switch::Image),
    ("aws_appstream_fleet", Switch::Named(NOT_JUDGED)),
    ("aws_appstream_image_builder", Switch::Named(NOT_JUDGED)),
    ("aws_autoscaling_group", Switch::Templates),
    ("aws_batch_compute_environment", Switch::Templates),
    ("aws_cloud9_environment_ec2", Switch::Named("AWS Cloud9 launches the instance")),
    ("aws_ec2_fleet", Switch::Templates),
    ("aws_ec2_instance_metadata_defaults", Switch::Defaults),
    ("aws_eks_node_group", Switch::Templates),
    ("aws_elastic_beanstalk_configuration_template", Switch::Named(NOT_JUDGED)),
    ("aws_elastic_beanstalk_environment", Switch::Named(NOT_JUDGED)),
    ("aws_emr_security_configuration", Switch::Named(NOT_JUDGED)),
    ("aws_imagebuilder_infrastructure_configuration", Switch::ImageBuilder),
    ("aws_instance", Switch::OptionsOrTemplate),
    ("aws_launch_configuration", Switch::Options),
    ("aws_launch_template", Switch::Options),
    ("aws_sagemaker_notebook_instance", Switch::Notebook),
    ("aws_spot_fleet_request", Switch::Templates),
    ("aws_spot_instance_request", Switch::OptionsOrTemplate),
    ("awscc_appstream_app_block_builder", Switch::Named(TWIN)),
    ("awscc_appstream_fleet", Switch::Named(TWIN)),
    ("awscc_appstream_image_builder", Switch::Named(TWIN)),
    ("awscc_autoscaling_auto_scaling_group", Switch::Named(TWIN)),
    ("awscc_autoscaling_launch_configuration", Switch::Named(TWIN)),
    ("awscc_batch_compute_environment", Switch::Named(TWIN)),
    ("awscc_ec2_ec2_fleet", Switch::Named(TWIN)),
    ("awscc_ec2_instance", Switch::Named(TWIN)),
    ("awscc_ec2_launch_template", Switch::Named(TWIN)),
    ("awscc_ec2_spot_fleet", Switch::Named(TWIN)),
    ("awscc_ecs_capacity_provider", Switch::Named(TWIN)),
    ("awscc_eks_nodegroup", Switch::Named(TWIN)),
    ("awscc_elasticbeanstalk_configuration_template", Switch::Named(TWIN)),
    ("awscc_elasticbeanstalk_environment", Switch::Named(TWIN)),
    ("awscc_emr_security_configuration", Switch::Named(TWIN)),
    ("awscc_imagebuilder_infrastructure_configuration", Switch::Named(TWIN)),
    ("awscc_sagemaker_notebook_instance", Switch::Named(TWIN)),
    ("awscc_workspacesinstances_workspace_instance", Switch::Named(TWIN)),
];

/// The switch of a type.
pub fn of(name: &str) -> Option<Switch> {
    KINDS.iter().find(|(it, _)| *it == name).map(|(_, switch)| *switch)
}
