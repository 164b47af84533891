//! The resource types of the providers `aws` and `awscc` with a metadata switch.
//!
//! Source: the documentation of the providers' resources.

/// How a plan shows the switch of a resource type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Switch {
    /// `http_tokens`, in the block or nested attribute at this path.
    Options(&'static [&'static str]),
    /// `http_tokens` at this path, or that of a launch template.
    OptionsOrTemplate(&'static [&'static str]),
    /// `http_tokens` at this path, which overrides that of launch templates.
    Overrides(&'static [&'static str]),
    /// The argument at this path must have this value; otherwise the finding has this code.
    Argument(&'static [&'static str], &'static str, &'static str),
    /// The account default.
    Defaults,
    /// The `imds_support` of an image.
    Image,
    /// An option setting of Elastic Beanstalk, in this list, with its name in this argument.
    Beanstalk(&'static str, &'static str),
    /// A security configuration of Amazon EMR: JSON in the text of this argument.
    EmrConfiguration(&'static str),
    /// A launch template decides.
    Templates,
    /// The type is named and not judged, for this reason.
    Named(&'static str),
}

impl Switch {
    /// The path of the argument that is judged.
    pub fn path(self) -> Option<String> {
        const EMR: &str = "InstanceMetadataServiceConfiguration.MinimumInstanceMetadataServiceVersion";
        match self {
            Self::Options(path) | Self::OptionsOrTemplate(path) => {
                Some([path, &["http_tokens"]].concat().join("."))
            }
            Self::Overrides(path) | Self::Argument(path, ..) => Some(path.join(".")),
            Self::Defaults => Some("http_tokens".to_owned()),
            Self::Image => Some("imds_support".to_owned()),
            Self::Beanstalk(list, _) => Some(format!("{list}.DisableIMDSv1")),
            Self::EmrConfiguration(name) => Some(format!("{name}.{EMR}")),
            Self::Templates | Self::Named(_) => None,
        }
    }
}

const BLOCK: &[&str] = &["metadata_options"];
const IMAGE_BUILDER: Switch = Switch::Options(&["instance_metadata_options"]);
const NOTEBOOK: Switch = Switch::Argument(
    &["instance_metadata_service_configuration", "minimum_instance_metadata_service_version"],
    "2",
    "notebook-version-1",
);
const DISABLE: Switch = Switch::Argument(&["disable_imdsv1"], "true", "http-tokens-not-required");
const OVERRIDES: &[&str] = &["launch_template_configs", "overrides", "metadata_options", "http_tokens"];
const NO_ARGUMENT: &str = "the provider has no argument for IMDSv1, so the service decides";

/// Every type that is judged or named.
pub const KINDS: &[(&str, Switch)] = &[
    ("aws_ami", Switch::Image),
    ("aws_ami_copy", Switch::Image),
    ("aws_ami_from_instance", Switch::Image),
    ("aws_appstream_fleet", Switch::Named(NO_ARGUMENT)),
    ("aws_appstream_image_builder", Switch::Named(NO_ARGUMENT)),
    ("aws_autoscaling_group", Switch::Templates),
    ("aws_batch_compute_environment", Switch::Templates),
    ("aws_cloud9_environment_ec2", Switch::Named("AWS Cloud9 launches the instance")),
    ("aws_ec2_fleet", Switch::Templates),
    ("aws_ec2_instance_metadata_defaults", Switch::Defaults),
    ("aws_eks_node_group", Switch::Templates),
    ("aws_elastic_beanstalk_configuration_template", Switch::Beanstalk("setting", "name")),
    ("aws_elastic_beanstalk_environment", Switch::Beanstalk("setting", "name")),
    ("aws_emr_security_configuration", Switch::EmrConfiguration("configuration")),
    ("aws_imagebuilder_infrastructure_configuration", IMAGE_BUILDER),
    ("aws_instance", Switch::OptionsOrTemplate(BLOCK)),
    ("aws_launch_configuration", Switch::Options(BLOCK)),
    ("aws_launch_template", Switch::Options(BLOCK)),
    ("aws_sagemaker_notebook_instance", NOTEBOOK),
    ("aws_spot_fleet_request", Switch::Templates),
    ("aws_spot_instance_request", Switch::OptionsOrTemplate(BLOCK)),
    ("awscc_appstream_app_block_builder", DISABLE),
    ("awscc_appstream_fleet", DISABLE),
    ("awscc_appstream_image_builder", DISABLE),
    ("awscc_autoscaling_auto_scaling_group", Switch::Templates),
    ("awscc_autoscaling_launch_configuration", Switch::Options(BLOCK)),
    ("awscc_batch_compute_environment", Switch::Templates),
    ("awscc_ec2_ec2_fleet", Switch::Overrides(OVERRIDES)),
    ("awscc_ec2_instance", Switch::OptionsOrTemplate(BLOCK)),
    ("awscc_ec2_launch_template", Switch::Options(&["launch_template_data", "metadata_options"])),
    ("awscc_ec2_spot_fleet", Switch::Named("launch templates or launch specifications decide")),
    (
        "awscc_ecs_capacity_provider",
        Switch::Named("Amazon ECS or an Auto Scaling group launches the instances"),
    ),
    ("awscc_eks_nodegroup", Switch::Templates),
    ("awscc_elasticbeanstalk_configuration_template", Switch::Beanstalk("option_settings", "option_name")),
    ("awscc_elasticbeanstalk_environment", Switch::Beanstalk("option_settings", "option_name")),
    ("awscc_emr_security_configuration", Switch::EmrConfiguration("security_configuration")),
    ("awscc_imagebuilder_infrastructure_configuration", IMAGE_BUILDER),
    ("awscc_sagemaker_notebook_instance", NOTEBOOK),
    (
        "awscc_workspacesinstances_workspace_instance",
        Switch::Options(&["managed_instance", "metadata_options"]),
    ),
];

/// The switch of a type.
pub fn of(name: &str) -> Option<Switch> {
    KINDS.iter().find(|(it, _)| *it == name).map(|(_, switch)| *switch)
}
