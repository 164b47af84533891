//! Get- and ModifyInstanceMetadataDefaults.

use super::client::{Aws, aws};
use crate::{HttpTokens, MetadataDefaults};

fn modify(aws: &Aws, parameters: &[(&str, &str)]) -> super::client::Reply {
    aws.ec2("ModifyInstanceMetadataDefaults", parameters)
}

#[test]
fn what_is_unset_is_absent() {
    let aws = aws();
    let fresh = aws.ec2("GetInstanceMetadataDefaults", &[]).ok();
    assert!(fresh.texts("httpTokens").is_empty());
    assert_eq!(fresh.text("managedBy"), "account");
    let set =
        [("HttpTokens", "required"), ("HttpPutResponseHopLimit", "2"), ("HttpTokensEnforced", "enabled")];
    assert_eq!(modify(&aws, &set).ok().text("return"), "true");
    modify(&aws, &[("HttpEndpoint", "enabled")]).ok();
    let now = aws.ec2("GetInstanceMetadataDefaults", &[]).ok();
    assert_eq!(now.text("httpTokens"), "required");
    assert_eq!(now.text("httpPutResponseHopLimit"), "2");
    assert_eq!(now.text("httpTokensEnforced"), "enabled");
    assert_eq!(now.text("httpEndpoint"), "enabled");
    let unset = [
        ("HttpTokens", "no-preference"),
        ("HttpPutResponseHopLimit", "-1"),
        ("HttpTokensEnforced", "no-preference"),
    ];
    modify(&aws, &unset).ok();
    let now = aws.ec2("GetInstanceMetadataDefaults", &[]).ok();
    assert!(now.texts("httpTokens").is_empty() && now.texts("httpPutResponseHopLimit").is_empty());
    assert!(now.texts("httpTokensEnforced").is_empty());
    assert_eq!(now.text("httpEndpoint"), "enabled");
}

#[test]
fn they_are_for_one_region_and_for_new_instances_only() {
    let aws = aws();
    let before = aws.launched(&[]);
    modify(&aws, &[("HttpTokens", "required")]).ok();
    assert_eq!(aws.tokens_and_hops(&before).0, "optional");
    let after = aws.launched(&[]);
    assert_eq!(aws.tokens_and_hops(&after).0, "required");
    let aws = aws.in_region("us-east-1");
    assert!(aws.ec2("GetInstanceMetadataDefaults", &[]).ok().texts("httpTokens").is_empty());
}

#[test]
fn wrong_values_are_refused() {
    let aws = aws();
    for wrong in [
        ("HttpTokens", "no_preference"),
        ("HttpPutResponseHopLimit", "0"),
        ("HttpPutResponseHopLimit", "65"),
        ("HttpTokensEnforced", "required"),
    ] {
        assert_eq!(modify(&aws, &[wrong]).code(), "InvalidParameterValue", "{wrong:?}");
    }
    assert_eq!(modify(&aws, &[("HttpTokens", "required"), ("DryRun", "true")]).code(), "DryRunOperation");
    assert_eq!(aws.sandbox.metadata_defaults(aws.account, aws.region), MetadataDefaults::default());
}

#[test]
fn a_declarative_policy_owns_them() {
    let aws = aws();
    let defaults = MetadataDefaults {
        http_tokens: Some(HttpTokens::Required),
        managed_by_policy: Some("IMDSv2 is required. Contact security@example.com".to_owned()),
        ..MetadataDefaults::default()
    };
    aws.sandbox.set_metadata_defaults(aws.account, aws.region, defaults);
    let shown = aws.ec2("GetInstanceMetadataDefaults", &[]).ok();
    assert_eq!(shown.text("managedBy"), "declarative-policy");
    assert_eq!(shown.text("managedExceptionMessage"), "IMDSv2 is required. Contact security@example.com");
    let refused = modify(&aws, &[("HttpTokens", "optional")]);
    assert!(refused.message().contains("Contact security@example.com"), "{}", refused.message());
}
