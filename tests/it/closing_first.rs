//! IMDSv1 is closed whatever else AWS refuses.

use v2only_sandbox::{
    HttpTokens, LaunchSpec, MetadataRequest, OptionQuirks, SideOption, Toggle, UnknownOption,
};
use v2only_tests::stage::{v1, v2};
use v2only_tests::{ENFORCE, REGION, SECOND, Setup, Stage};

const MODIFY: &str = "ec2:ModifyInstanceMetadataOptions";

fn with_50_tags(spec: LaunchSpec) -> LaunchSpec {
    (0..50).fold(spec, |spec, number| spec.tag(&format!("k{number}"), "x"))
}

fn modifications(stage: &Stage) -> usize {
    stage.bill().get(MODIFY).copied().unwrap_or_default()
}

fn reasons(stage: &Stage, id: &str) -> String {
    let lines = stage.lines();
    lines.iter().filter(|it| it.text("resource") == id).map(|it| it.texts("reasons")).collect()
}

#[test]
fn a_flip_of_an_instance_with_50_tags_is_closed_and_not_tried_again() {
    let stage = Setup::default().open();
    let ids = stage.launch(with_50_tags(v2()));
    stage.pass(SECOND * 60);
    stage.people().turn_back(REGION, &ids[0]);
    stage.pass(SECOND * 1800);
    assert_eq!(stage.tokens(&ids[0]), HttpTokens::Required);
    assert!(reasons(&stage, &ids[0]).contains("TagLimitExceeded"), "{}", reasons(&stage, &ids[0]));
    assert_eq!((modifications(&stage), stage.waiting(), stage.dead().len()), (1, 0, 0));
}

#[test]
fn an_option_that_a_region_does_not_know_keeps_no_instance_open() {
    for refusal in [
        UnknownOption::UnsupportedOperation,
        UnknownOption::UnknownParameter,
        UnknownOption::InvalidParameterValue,
    ] {
        let rules = "instances: { hop_limit: { exactly: 3 }, ipv6_endpoint: enabled }\n";
        let stage = Setup::policy(&format!("{ENFORCE}{rules}")).open();
        let unknown = vec![SideOption::HttpProtocolIpv6];
        stage.aws.set_option_quirks(REGION, OptionQuirks { unknown, refusal, ..OptionQuirks::default() });
        let ids = stage.launch(v1().instance_type("t3.micro"));
        stage.pass(SECOND * 1800);
        let after = stage.instance(&ids[0]).metadata;
        assert_eq!((after.http_tokens, after.hop_limit), (HttpTokens::Required, 3), "{refusal:?}");
        let reasons = reasons(&stage, &ids[0]);
        assert!(reasons.contains("AWS refused HttpProtocolIpv6"), "{reasons}");
        assert_eq!((stage.waiting(), stage.dead().len()), (0, 0));
        assert!(modifications(&stage) <= 10, "no endless loop: {}", modifications(&stage));
    }
}

#[test]
fn options_that_aws_does_not_describe_lead_to_no_loop() {
    let rules = "instances: { ipv6_endpoint: disabled, metadata_tags: enabled }\n";
    let stage = Setup::policy(&format!("{ENFORCE}{rules}")).open();
    let undescribed = vec![SideOption::HttpProtocolIpv6, SideOption::InstanceMetadataTags];
    stage.aws.set_option_quirks(REGION, OptionQuirks { undescribed, ..OptionQuirks::default() });
    let ids = stage.launch(v1());
    stage.pass(SECOND * 1800);
    assert_eq!(stage.tokens(&ids[0]), HttpTokens::Required);
    assert_eq!(modifications(&stage), 1);
    assert!(reasons(&stage, &ids[0]).contains("AWS does not describe HttpProtocolIpv6"));
}

#[test]
fn a_tag_key_with_a_slash_keeps_no_instance_open() {
    let stage = Setup::policy(&format!("{ENFORCE}instances: {{ metadata_tags: enabled }}\n")).open();
    let off =
        MetadataRequest { instance_metadata_tags: Some(Toggle::Disabled), ..MetadataRequest::default() };
    let ids = stage.launch(v1().metadata(off).tag("kubernetes.io/cluster/prod", "owned"));
    stage.pass(SECOND * 1800);
    assert_eq!(stage.tokens(&ids[0]), HttpTokens::Required);
    assert_eq!(modifications(&stage), 1, "the refused option is not even asked for");
    assert!(reasons(&stage, &ids[0]).contains("`kubernetes.io/cluster/prod`"));
}

#[test]
fn a_function_that_is_invoked_with_a_bare_record_refuses_it() {
    let stage = Setup::default().closed();
    let ids = stage.launch(v1());
    let record = stage.published("RunInstances")[0]["detail"].clone();
    stage.invoke(&stage.ec2, &record);
    assert_eq!(stage.tokens(&ids[0]), HttpTokens::Optional);
    assert_eq!(stage.bill(), [].into());
}
