//! The types that are judged or named, as `types` lists them.

use rstest::rstest;
use v2only_guardrails::iac::{KnownType, types};

fn known(language: &str, name: &str) -> KnownType {
    types().into_iter().find(|it| (it.language, it.name) == (language, name)).unwrap()
}

#[rstest]
#[case("cloudformation", "AWS::EC2::LaunchTemplate", "LaunchTemplateData.MetadataOptions.HttpTokens")]
#[case("cloudformation", "AWS::EC2::EC2Fleet", "LaunchTemplateConfigs.Overrides.MetadataOptions.HttpTokens")]
#[case("cloudformation", "AWS::AppStream::Fleet", "DisableIMDSV1")]
#[case("cloudformation", "AWS::ElasticBeanstalk::Environment", "OptionSettings.DisableIMDSv1")]
#[case(
    "cloudformation",
    "AWS::EMR::SecurityConfiguration",
    "SecurityConfiguration.InstanceMetadataServiceConfiguration.MinimumInstanceMetadataServiceVersion"
)]
#[case("terraform-plan", "aws_launch_template", "metadata_options.http_tokens")]
#[case("terraform-plan", "aws_instance", "metadata_options.http_tokens")]
#[case("terraform-plan", "awscc_ec2_launch_template", "launch_template_data.metadata_options.http_tokens")]
#[case(
    "terraform-plan",
    "awscc_ec2_ec2_fleet",
    "launch_template_configs.overrides.metadata_options.http_tokens"
)]
#[case("terraform-plan", "awscc_appstream_fleet", "disable_imdsv1")]
#[case("terraform-plan", "aws_ec2_instance_metadata_defaults", "http_tokens")]
#[case("terraform-plan", "aws_ami", "imds_support")]
#[case("terraform-plan", "aws_elastic_beanstalk_environment", "setting.DisableIMDSv1")]
#[case(
    "terraform-plan",
    "aws_emr_security_configuration",
    "configuration.InstanceMetadataServiceConfiguration.MinimumInstanceMetadataServiceVersion"
)]
#[case("kubernetes", "EC2NodeClass", "spec.metadataOptions.httpTokens")]
#[case("kubernetes", "ClusterConfig", "nodeGroups[].disableIMDSv1")]
#[case(
    "kubernetes",
    "NotebookInstance",
    "spec.forProvider.instanceMetadataServiceConfiguration.minimumInstanceMetadataServiceVersion"
)]
#[case("packer", "amazon-ebs", "metadata_options.http_tokens")]
#[case("packer", "amazon-ebsvolume", "metadata_options.http_tokens")]
#[case("packer", "amazon-chroot", "imds_support")]
#[case("packer", "amazon-import", "imds_support")]
fn a_type_that_is_judged_has_a_switch(#[case] language: &str, #[case] name: &str, #[case] switch: &str) {
    let known = known(language, name);
    assert_eq!((known.switch.as_deref(), known.named), (Some(switch), None));
}

#[rstest]
#[case("cloudformation", "AWS::AutoScaling::AutoScalingGroup", "a launch template decides")]
#[case(
    "cloudformation",
    "AWS::Batch::ComputeEnvironment",
    "AWS Batch creates a launch template, so the account default and the AMI decide"
)]
#[case("cloudformation", "AWS::CloudFormation::Stack", "a nested stack: its template is a file of its own")]
#[case("terraform-plan", "aws_autoscaling_group", "a launch template decides")]
#[case("terraform-plan", "aws_cloud9_environment_ec2", "AWS Cloud9 launches the instance")]
fn a_type_that_is_named_says_what_decides(#[case] language: &str, #[case] name: &str, #[case] why: &str) {
    let known = known(language, name);
    assert_eq!((known.switch, known.named), (None, Some(why)));
}

#[test]
fn each_type_is_listed_once_in_the_order_of_the_alphabet() {
    let names: Vec<_> = types().into_iter().map(|it| (it.language, it.name)).collect();
    assert!(names.is_sorted() && names.windows(2).all(|pair| pair[0] != pair[1]), "{names:?}");
    assert!(!names.contains(&("packer", "docker")));
}
