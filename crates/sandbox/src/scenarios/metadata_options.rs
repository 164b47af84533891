//! ModifyInstanceMetadataOptions.

use super::client::{Aws, Reply, aws, aws_with};
use crate::{HttpTokens, InstanceStateName, MetadataDefaults, Toggle};

fn modify(aws: &Aws, id: &str, parameters: &[(&str, &str)]) -> Reply {
    aws.ec2("ModifyInstanceMetadataOptions", &[&[("InstanceId", id)], parameters].concat())
}

const REQUIRE: [(&str, &str); 2] = [("HttpTokens", "required"), ("HttpEndpoint", "enabled")];

#[test]
fn what_is_not_named_stays() {
    let aws = aws();
    let id = aws.launched(&[
        ("InstanceType", "t3.micro"),
        ("MetadataOptions.HttpPutResponseHopLimit", "3"),
        ("MetadataOptions.InstanceMetadataTags", "enabled"),
        ("MetadataOptions.HttpProtocolIpv6", "enabled"),
    ]);
    let answer = modify(&aws, &id, &REQUIRE).ok();
    assert_eq!(answer.text("httpTokens"), "required");
    assert_eq!(answer.text("httpPutResponseHopLimit"), "3");
    assert_eq!(answer.text("instanceMetadataTags"), "enabled");
    assert_eq!(answer.text("httpProtocolIpv6"), "enabled");
}

#[test]
fn a_change_is_pending_and_then_applied() {
    let aws = aws();
    let id = aws.running();
    let state = || aws.ec2("DescribeInstances", &[("InstanceId.1", &id)]).ok().texts("state");
    assert!(state().contains(&"applied".to_owned()));
    assert_eq!(modify(&aws, &id, &REQUIRE).ok().text("state"), "pending");
    assert!(state().contains(&"pending".to_owned()));
    aws.wait(2);
    assert!(state().contains(&"applied".to_owned()));
}

#[test]
fn a_second_change_starts_the_wait_again() {
    let aws = aws();
    let id = aws.running();
    let applied = || aws.sandbox.instance(aws.account, aws.region, &id).unwrap().metadata_applied;
    modify(&aws, &id, &REQUIRE).ok();
    aws.wait(1);
    modify(&aws, &id, &[("HttpPutResponseHopLimit", "2")]).ok();
    aws.wait(1);
    assert!(!applied(), "the first change's time is up, the second's is not");
    aws.wait(1);
    assert!(applied());
}

#[test]
fn tokens_need_the_endpoint_in_the_same_request() {
    let aws = aws();
    let id = aws.running();
    let text = "The HttpEndpoint is not set to 'enabled' in this request. To specify a value for HttpTokens, \
                set HttpEndpoint to 'enabled'.";
    for parameters in
        [vec![("HttpTokens", "required")], vec![("HttpTokens", "required"), ("HttpEndpoint", "disabled")]]
    {
        let refused = modify(&aws, &id, &parameters);
        assert_eq!(refused.code(), "InvalidParameterValue");
        assert_eq!(refused.message(), text);
    }
    modify(&aws, &id, &[("HttpEndpoint", "disabled")]).ok();
    modify(&aws, &id, &[("HttpPutResponseHopLimit", "2")]).ok();
    // A caller that forces tokens on switches the endpoint back on.
    modify(&aws, &id, &REQUIRE).ok();
    let options = aws.sandbox.instance(aws.account, aws.region, &id).unwrap().metadata;
    assert_eq!((options.http_endpoint, options.hop_limit), (Toggle::Enabled, 2));
}

#[test]
fn an_aws_that_no_longer_asks_for_the_endpoint() {
    let aws = aws_with(|config| config.ec2.tokens_need_endpoint = false);
    let id = aws.running();
    modify(&aws, &id, &[("HttpTokens", "required")]).ok();
    assert_eq!(aws.tokens_and_hops(&id).0, "required");
}

#[test]
fn wrong_values_are_refused() {
    let aws = aws();
    let id = aws.running();
    let refused = |parameters: &[(&str, &str)], code: &str| {
        assert_eq!(modify(&aws, &id, parameters).code(), code, "{parameters:?}");
    };
    refused(&[("HttpPutResponseHopLimit", "0")], "InvalidParameterValue");
    refused(&[("HttpPutResponseHopLimit", "65")], "InvalidParameterValue");
    refused(&[("HttpPutResponseHopLimit", "two")], "InvalidParameterValue");
    refused(&[("HttpTokens", "Required"), ("HttpEndpoint", "enabled")], "InvalidParameterValue");
    refused(&[("HttpEndpoint", "on")], "InvalidParameterValue");
    refused(&[("InstanceMetadataTags", "yes")], "InvalidParameterValue");
    refused(&[("ClientToken", "x")], "UnknownParameter");
    assert_eq!(modify(&aws, "i-xyz", &REQUIRE).code(), "InvalidInstanceID.Malformed");
    assert_eq!(modify(&aws, "i-0123456789abcdef0", &REQUIRE).code(), "InvalidInstanceID.NotFound");
    assert_eq!(aws.ec2("ModifyInstanceMetadataOptions", &REQUIRE).code(), "MissingParameter");
    assert_eq!(aws.tokens_and_hops(&id).0, "optional", "nothing changed");
}

#[test]
fn a_dry_run_changes_nothing() {
    let aws = aws();
    let id = aws.running();
    let dry = modify(&aws, &id, &[&REQUIRE[..], &[("DryRun", "true")]].concat());
    assert_eq!(dry.code(), "DryRunOperation");
    assert_eq!(aws.tokens_and_hops(&id).0, "optional");
}

#[test]
fn enforcement_refuses_the_way_back() {
    let aws = aws();
    let id = aws.running();
    let defaults =
        MetadataDefaults { http_tokens_enforced: Some(Toggle::Enabled), ..MetadataDefaults::default() };
    aws.sandbox.set_metadata_defaults(aws.account, aws.region, defaults);
    assert_eq!(aws.tokens_and_hops(&id).0, "optional", "existing instances stay as they are");
    modify(&aws, &id, &REQUIRE).ok();
    let back = modify(&aws, &id, &[("HttpTokens", "optional"), ("HttpEndpoint", "enabled")]);
    assert_eq!(back.code(), "UnsupportedOperation");
}

#[test]
fn managed_instances_are_not_the_customers() {
    let aws = aws();
    let id = aws.running();
    assert!(aws.sandbox.set_managed(aws.account, aws.region, &id, "eks.amazonaws.com", false));
    let refused = modify(&aws, &id, &REQUIRE);
    assert_eq!(refused.code(), "OperationNotPermitted");
    assert!(refused.message().contains("eks.amazonaws.com"), "{}", refused.message());
}

#[test]
fn which_states_take_a_change() {
    let aws = aws();
    let id = aws.launched(&[]);
    modify(&aws, &id, &REQUIRE).ok();
    aws.wait(10);
    aws.ec2("StopInstances", &[("InstanceId.1", &id)]).ok();
    modify(&aws, &id, &REQUIRE).ok();
    aws.wait(10);
    modify(&aws, &id, &REQUIRE).ok();
    aws.ec2("TerminateInstances", &[("InstanceId.1", &id)]).ok();
    assert_eq!(modify(&aws, &id, &REQUIRE).code(), "IncorrectInstanceState");
    aws.wait(10);
    assert_eq!(modify(&aws, &id, &REQUIRE).code(), "IncorrectInstanceState");
    aws.wait(60 * 60);
    assert_eq!(modify(&aws, &id, &REQUIRE).code(), "InvalidInstanceID.NotFound");
}

#[test]
fn an_aws_that_refuses_pending_instances() {
    let aws = aws_with(|config| config.ec2.modify_refused_in.push(InstanceStateName::Pending));
    let id = aws.launched(&[]);
    assert_eq!(modify(&aws, &id, &REQUIRE).code(), "IncorrectInstanceState");
    aws.wait(10);
    modify(&aws, &id, &REQUIRE).ok();
}

#[test]
fn a_new_instance_is_not_visible_yet() {
    let aws = aws_with(|config| config.ec2.visible_after = std::time::Duration::from_secs(30));
    let id = aws.launched(&[]);
    assert_eq!(modify(&aws, &id, &REQUIRE).code(), "InvalidInstanceID.NotFound");
    assert_eq!(aws.ec2("DescribeInstances", &[("InstanceId.1", &id)]).code(), "InvalidInstanceID.NotFound");
    assert!(aws.ec2("DescribeInstances", &[]).ok().texts("instanceId").is_empty());
    assert_eq!(
        aws.ec2("CreateTags", &[("ResourceId.1", &id), ("Tag.1.Key", "a")]).code(),
        "InvalidInstanceID.NotFound"
    );
    aws.wait(30);
    modify(&aws, &id, &REQUIRE).ok();
    let options = aws.sandbox.instance(aws.account, aws.region, &id).unwrap().metadata;
    assert_eq!(options.http_tokens, HttpTokens::Required);
}
