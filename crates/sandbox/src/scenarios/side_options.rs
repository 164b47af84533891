//! IPv6, tags in metadata, and Regions that do not know them.

use super::client::{Aws, Reply, aws};
use crate::{OptionQuirks, SideOption, Toggle, UnknownOption};

fn modify(aws: &Aws, id: &str, parameters: &[(&str, &str)]) -> Reply {
    let tokens = [("InstanceId", id), ("HttpTokens", "required"), ("HttpEndpoint", "enabled")];
    aws.ec2("ModifyInstanceMetadataOptions", &[&tokens, parameters].concat())
}

fn tag(aws: &Aws, id: &str, key: &str) -> Reply {
    aws.ec2("CreateTags", &[("ResourceId.1", id), ("Tag.1.Key", key)])
}

const TAGS: (&str, &str) = ("InstanceMetadataTags", "enabled");
const IPV6: (&str, &str) = ("HttpProtocolIpv6", "enabled");

#[test]
fn a_tag_key_that_metadata_cannot_show_refuses_the_complete_change() {
    let aws = aws();
    for key in ["k8s.io/role", "Patch Group", "..", "_index", "größe"] {
        let id = aws.running();
        tag(&aws, &id, key).ok();
        let refused = modify(&aws, &id, &[TAGS]);
        assert_eq!(refused.code(), "InvalidParameterValue", "{key}");
        assert!(
            refused.message().contains(&format!("'{key}' is not a valid tag key")),
            "{}",
            refused.message()
        );
        assert_eq!(aws.tokens_and_hops(&id).0, "optional", "nothing of the call is applied");
        modify(&aws, &id, &[]).ok();
    }
    let id = aws.running();
    tag(&aws, &id, "a-z_A:Z+=,.@0").ok();
    modify(&aws, &id, &[TAGS]).ok();
}

#[test]
fn an_instance_that_shows_its_tags_takes_no_key_that_it_cannot_show() {
    let aws = aws();
    let id = aws.running();
    tag(&aws, &id, "k8s.io/before").ok();
    aws.ec2("DeleteTags", &[("ResourceId.1", &id)]).ok();
    modify(&aws, &id, &[TAGS]).ok();
    let refused = tag(&aws, &id, "k8s.io/after");
    assert_eq!(refused.code(), "InvalidParameterValue");
    tag(&aws, &id, "after").ok();
    let launch = [
        ("MetadataOptions.InstanceMetadataTags", "enabled"),
        ("TagSpecification.1.ResourceType", "instance"),
        ("TagSpecification.1.Tag.1.Key", "Patch Group"),
    ];
    assert_eq!(aws.launch(&launch).code(), "InvalidParameterValue");
}

#[test]
fn ipv6_needs_the_nitro_system() {
    let aws = aws();
    for (kind, works) in [
        ("m1.small", false),
        ("t2.micro", false),
        ("i3.large", false),
        ("i3.metal", true),
        ("t3.micro", true),
    ] {
        let id = aws.launched(&[("InstanceType", kind)]);
        modify(&aws, &id, &[("HttpProtocolIpv6", "disabled")]).ok();
        let answer = modify(&aws, &id, &[IPV6]);
        assert_eq!(answer.status == 200, works, "{kind}: {}", answer.body);
        if !works {
            assert_eq!(answer.code(), "UnsupportedOperation");
        }
        let launch = [("InstanceType", kind), ("MetadataOptions.HttpProtocolIpv6", "enabled")];
        assert_eq!(aws.launch(&launch).status == 200, works, "{kind}");
    }
}

#[test]
fn a_region_that_does_not_know_an_option_refuses_it_whatever_its_value() {
    let aws = aws();
    let id = aws.launched(&[("InstanceType", "t3.micro")]);
    for (refusal, code) in [
        (UnknownOption::UnsupportedOperation, "UnsupportedOperation"),
        (UnknownOption::UnknownParameter, "UnknownParameter"),
        (UnknownOption::InvalidParameterValue, "InvalidParameterValue"),
    ] {
        let unknown = vec![SideOption::HttpProtocolIpv6, SideOption::InstanceMetadataTags];
        aws.sandbox
            .set_option_quirks(aws.region, OptionQuirks { unknown, refusal, ..OptionQuirks::default() });
        for option in [("HttpProtocolIpv6", "disabled"), IPV6, TAGS] {
            let refused = modify(&aws, &id, &[option]);
            assert_eq!(refused.code(), code);
            assert!(refused.message().contains(option.0), "{}", refused.message());
        }
        assert_eq!(aws.tokens_and_hops(&id).0, "optional");
    }
    modify(&aws, &id, &[("HttpPutResponseHopLimit", "2")]).ok();
    let aws = aws.in_region("us-east-1");
    let id = aws.launched(&[("InstanceType", "t3.micro")]);
    modify(&aws, &id, &[IPV6, TAGS]).ok();
}

#[test]
fn a_region_may_leave_options_out_of_its_descriptions() {
    let aws = aws();
    let id = aws.launched(&[("InstanceType", "t3.micro")]);
    let undescribed = vec![
        SideOption::HttpProtocolIpv6,
        SideOption::InstanceMetadataTags,
        SideOption::HttpPutResponseHopLimit,
    ];
    aws.sandbox.set_option_quirks(aws.region, OptionQuirks { undescribed, ..OptionQuirks::default() });
    let changed = modify(&aws, &id, &[IPV6, TAGS]).ok();
    for answer in [changed, aws.ec2("DescribeInstances", &[("InstanceId.1", &id)]).ok()] {
        assert_eq!(answer.text("httpTokens"), "required");
        for name in ["httpProtocolIpv6", "instanceMetadataTags", "httpPutResponseHopLimit"] {
            assert!(answer.texts(name).is_empty(), "{name} in {}", answer.body);
        }
    }
    let options = aws.sandbox.instance(aws.account, aws.region, &id).unwrap().metadata;
    assert_eq!(
        (options.http_protocol_ipv6, options.instance_metadata_tags),
        (Toggle::Enabled, Toggle::Enabled)
    );
}
