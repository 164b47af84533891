//! What roles may do with metadata options outside of EC2, Auto Scaling and SageMaker, and with AWS Config.

use crate::settings::Settings;
use crate::statement::Statement;

/// Metadata options outside of EC2, Auto Scaling and SageMaker.
pub(super) fn see_surfaces() -> Statement {
    Statement::allow(
        "SeeSurfaces",
        [
            "elasticbeanstalk:DescribeConfigurationSettings",
            "elasticbeanstalk:DescribeEnvironments",
            "elasticbeanstalk:ListTagsForResource",
            "elasticmapreduce:DescribeSecurityConfiguration",
            "elasticmapreduce:ListClusters",
            "elasticmapreduce:ListSecurityConfigurations",
            "imagebuilder:ListInfrastructureConfigurations",
            "lightsail:GetInstance",
            "lightsail:GetInstanceMetricData",
            "lightsail:GetInstances",
        ],
        ["*"],
    )
}

/// The surfaces that a policy can name by ARN.
pub(super) fn describe_surfaces(settings: &Settings) -> Statement {
    Statement::allow(
        "DescribeSurfaces",
        ["elasticmapreduce:DescribeCluster", "imagebuilder:GetInfrastructureConfiguration"],
        [
            settings.arn("elasticmapreduce", "cluster/*"),
            settings.arn("imagebuilder", "infrastructure-configuration/*"),
        ],
    )
}

/// Lightsail has no condition on what a change of metadata options sets.
pub(super) fn modify_lightsail(settings: &Settings, sid: &'static str) -> Statement {
    Statement::allow(
        sid,
        ["lightsail:UpdateInstanceMetadataOptions"],
        [settings.arn("lightsail", "Instance/*")],
    )
}

/// AWS asks for `iam:PassRole` as well, for the role of the instance profile that the configuration names. Only its owner knows
/// that role: no shipped policy passes all of them.
pub(super) fn update_builders(settings: &Settings, sid: &'static str) -> Statement {
    Statement::allow(
        sid,
        ["imagebuilder:UpdateInfrastructureConfiguration"],
        [settings.arn("imagebuilder", "infrastructure-configuration/*")],
    )
}

/// Besides the role of the scanner, in the account of an AWS Config aggregator.
pub(super) fn query_inventory(settings: &Settings) -> Statement {
    Statement::allow(
        "QueryTheInventory",
        ["config:SelectAggregateResourceConfig"],
        [settings.arn("config", "config-aggregator/*")],
    )
}
