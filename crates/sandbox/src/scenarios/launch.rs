//! Launching: who decides the metadata options, what is refused.

use super::client::{Aws, aws, aws_with};
use crate::{AMAZON_LINUX_2, AMAZON_LINUX_2023, HttpTokens, MetadataDefaults, Toggle};

const LAUNCH_REQUIRED: (&str, &str) = ("MetadataOptions.HttpTokens", "required");
const LAUNCH_OPTIONAL: (&str, &str) = ("MetadataOptions.HttpTokens", "optional");

/// One row of the precedence table: launch, account default, image → tokens and hop limit.
#[track_caller]
fn check(row: &str, launch: &[(&str, &str)], account: Option<HttpTokens>, image: &str, wanted: (&str, &str)) {
    let aws = aws();
    let defaults = MetadataDefaults { http_tokens: account, ..MetadataDefaults::default() };
    aws.sandbox.set_metadata_defaults(aws.account, aws.region, defaults);
    let id = aws.launched(&[launch, &[("ImageId", image)]].concat());
    let (tokens, hops) = aws.tokens_and_hops(&id);
    assert_eq!((tokens.as_str(), hops.as_str()), wanted, "{row}");
}

#[test]
fn the_launch_decides_then_the_account_then_the_image() {
    let (optional, required) = (Some(HttpTokens::Optional), Some(HttpTokens::Required));
    let (v1, v2) = (AMAZON_LINUX_2, AMAZON_LINUX_2023);
    check("launch says required", &[LAUNCH_REQUIRED], optional, v1, ("required", "1"));
    check("launch says optional, image is v2", &[LAUNCH_OPTIONAL], required, v2, ("optional", "2"));
    check("account says required", &[], required, v1, ("required", "1"));
    check("account says optional, image is v2", &[], optional, v2, ("optional", "2"));
    check("only the image is v2", &[], None, v2, ("required", "2"));
    check("nothing is set", &[], None, v1, ("optional", "1"));
}

#[test]
fn each_option_is_decided_by_itself() {
    let aws = aws();
    let defaults = MetadataDefaults {
        hop_limit: Some(1),
        http_endpoint: Some(Toggle::Disabled),
        instance_metadata_tags: Some(Toggle::Enabled),
        ..MetadataDefaults::default()
    };
    aws.sandbox.set_metadata_defaults(aws.account, aws.region, defaults);
    let id = aws.launched(&[("ImageId", AMAZON_LINUX_2023), ("MetadataOptions.HttpEndpoint", "enabled")]);
    // The account's hop limit of 1 wins over the image's 2: that is how containers lose their metadata.
    assert_eq!(aws.tokens_and_hops(&id), ("required".to_owned(), "1".to_owned()));
    let options = aws.sandbox.instance(aws.account, aws.region, &id).unwrap().metadata;
    assert_eq!(options.http_endpoint, Toggle::Enabled);
    assert_eq!(options.instance_metadata_tags, Toggle::Enabled);
    assert_eq!(options.http_protocol_ipv6, Toggle::Disabled);
}

#[test]
fn enforcement_refuses_launches_that_nobody_made_v2() {
    let aws = aws();
    let defaults =
        MetadataDefaults { http_tokens_enforced: Some(Toggle::Enabled), ..MetadataDefaults::default() };
    aws.sandbox.set_metadata_defaults(aws.account, aws.region, defaults);
    let refused = aws.launch(&[]);
    assert_eq!(refused.code(), "UnsupportedOperation");
    assert!(refused.message().starts_with("You can't launch instances with IMDSv1"), "{}", refused.message());
    assert_eq!(aws.launch(&[LAUNCH_OPTIONAL]).code(), "UnsupportedOperation");
    aws.launch(&[LAUNCH_REQUIRED]).ok();
    aws.launch(&[("ImageId", AMAZON_LINUX_2023)]).ok();
    // Another Region has settings of its own.
    aws.in_region("eu-west-1").launch(&[]).ok();
}

#[test]
fn a_client_token_launches_once() {
    let aws = aws();
    let first = aws.launched(&[("ClientToken", "once")]);
    assert_eq!(aws.launched(&[("ClientToken", "once")]), first);
    assert_eq!(aws.sandbox.instances(aws.account, aws.region).len(), 1);
    let other = aws.launch(&[("ClientToken", "once"), ("InstanceType", "t3.large")]);
    assert_eq!(other.code(), "IdempotentParameterMismatch");
}

#[test]
fn a_dry_run_launches_nothing_and_finds_the_same_errors() {
    let aws = aws();
    let dry = aws.launch(&[("DryRun", "true")]);
    assert_eq!((dry.status, dry.code().as_str()), (412, "DryRunOperation"));
    let unknown = aws.launch(&[("DryRun", "true"), ("ImageId", "ami-0123456789abcdef0")]);
    assert_eq!(unknown.code(), "InvalidAMIID.NotFound");
    assert!(aws.sandbox.instances(aws.account, aws.region).is_empty());
}

#[test]
fn several_instances_share_a_reservation() {
    let aws = aws();
    let launched = aws.launch(&[("MinCount", "2"), ("MaxCount", "3")]).ok();
    assert_eq!(launched.texts("instanceId").len(), 3);
    assert_eq!(launched.texts("amiLaunchIndex"), ["0", "1", "2"]);
    assert_eq!(launched.texts("reservationId").len(), 1);
}

#[track_caller]
fn refused(aws: &Aws, parameters: &[(&str, &str)], code: &str) {
    assert_eq!(aws.launch(parameters).code(), code);
    assert!(aws.sandbox.instances(aws.account, aws.region).is_empty());
}

#[test]
fn wrong_launches_are_refused_before_anything_happens() {
    let aws = aws();
    refused(&aws, &[("MinCount", "0"), ("MaxCount", "0")], "InvalidParameterValue");
    refused(&aws, &[("MinCount", "2"), ("MaxCount", "1")], "InvalidParameterValue");
    refused(&aws, &[("MetadataOptions.HttpTokens", "mandatory")], "InvalidParameterValue");
    refused(&aws, &[("MetadataOptions.HttpPutResponseHopLimit", "65")], "InvalidParameterValue");
    refused(&aws, &[("MetadataOptions.HttpToken", "required")], "UnknownParameter");
    refused(&aws, &[("MetadataOption.HttpTokens", "required")], "UnknownParameter");
    refused(&aws, &[("CpuOptions.CoreCount", "1")], "NotSimulated");
    refused(&aws, &[("ImageId", "windows")], "InvalidAMIID.Malformed");
    refused(
        &aws,
        &[("LaunchTemplate.LaunchTemplateId", "lt-0123456789abcdef0")],
        "InvalidLaunchTemplateId.NotFound",
    );
}

#[test]
fn an_aws_that_takes_any_image() {
    let aws = aws_with(|config| config.ec2.any_image = true);
    aws.launch(&[("ImageId", "ami-12345678")]).ok();
}
