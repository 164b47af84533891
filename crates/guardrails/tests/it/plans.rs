//! Terraform plans in detail: what is a plan, which resources count, and what to write instead.

use rstest::rstest;
use serde_json::{Value, json};
use v2only_guardrails::Settings;
use v2only_guardrails::iac::terraform::{
    counts, findings, is_plan, is_plan_for_people, is_plan_stream, is_state, is_wrapped_plan,
};
use v2only_guardrails::iac::{Counts, Finding};
use v2only_policy::settings::{HopLimit, HopLimitRule};

/// A change of a resource without a name of its own.
fn change(kind: &str, actions: &[&str], after: Value) -> Value {
    json!({"address": format!("{kind}.web"), "mode": "managed", "type": kind,
        "change": {"actions": actions, "after": after, "after_unknown": {}}})
}

fn plan(changes: &[Value]) -> Value {
    json!({"format_version": "1.2", "resource_changes": changes})
}

fn found(kind: &str, after: Value, settings: &Settings) -> Vec<Finding> {
    findings(&plan(&[change(kind, &["create"], after)]), settings)
}

fn whys(kind: &str, after: Value) -> Vec<String> {
    found(kind, after, &Settings::shipped()).into_iter().map(|it| it.why).collect()
}

#[rstest]
#[case::plan(json!({"format_version": "1.2", "resource_changes": []}), true, false)]
#[case::plan_without_changes(json!({"format_version": "1.2", "planned_values": {}}), true, false)]
#[case::no_version(json!({"resource_changes": []}), false, false)]
#[case::no_list(json!({"format_version": "1.2", "resource_changes": 1}), false, false)]
#[case::shown_state(json!({"format_version": "1.0", "values": {}}), false, true)]
#[case::values_alone(json!({"values": {}}), false, false)]
#[case::version_alone(json!({"format_version": "1.0"}), false, false)]
#[case::stored_state(json!({"terraform_version": "1.9.0", "lineage": "x"}), false, true)]
#[case::lineage_alone(json!({"lineage": "x"}), false, false)]
#[case::program_alone(json!({"terraform_version": "1.9.0"}), false, false)]
fn a_document_is_a_plan_or_a_state(#[case] document: Value, #[case] plan: bool, #[case] state: bool) {
    assert_eq!((is_plan(&document), is_state(&document)), (plan, state));
}

#[rstest]
#[case("{\"format_version\": \"1.2\", \"planned_values\": {}}", false)]
#[case("\n {\"format_version\": \"1.2\", \"planned_values\": {}}\n\n", false)]
#[case("{\"format_version\": \"1.2\", \"planned_values\": {}}\nmore", true)]
#[case("before {\"format_version\": \"1.2\", \"planned_values\": {}}", true)]
#[case("{\"format_version\": \"1.2\"}\nmore", false)]
#[case("before {\"format_version\": \"1.2\"}", true)]
#[case("before {\"format_version\": ", true)]
#[case("{\"format_version\": ", false)]
#[case("before \"format_version\": \"1.2\"", false)]
#[case("before", false)]
fn lines_around_a_plan_are_recognized(#[case] text: &str, #[case] wrapped: bool) {
    assert_eq!(is_wrapped_plan(text), wrapped, "{text}");
}

#[test]
fn a_plan_for_people_and_a_stream_are_recognized() {
    assert!(is_plan_for_people("\nTerraform will perform the following actions:\n"));
    assert!(is_plan_for_people("OpenTofu will perform the following actions:\n"));
    assert!(!is_plan_for_people("Terraform will perform\n"));
    assert!(is_plan_stream("text\n{\"@level\": \"info\", \"type\": \"version\"}\n"));
    assert!(!is_plan_stream("{\"type\": \"version\"}\n"));
    assert!(!is_plan_stream("text\n"));
}

#[test]
fn resources_are_counted_by_what_is_done_with_them() {
    let mut data = change("aws_instance", &["read"], json!({}));
    data["mode"] = json!("data");
    let mut without_address = change("aws_instance", &["create"], json!({}));
    without_address["address"] = Value::Null;
    let changes = [
        change("aws_instance", &["create"], json!({})),
        change("aws_autoscaling_group", &["create"], json!({})),
        change("aws_cloud9_environment_ec2", &["create"], json!({})),
        change("aws_s3_bucket", &["create"], json!({})),
        change("aws_instance", &["delete"], Value::Null),
        data,
        without_address,
    ];
    assert_eq!(counts(&plan(&changes)), Counts { judged: 1, named: 2, other: 1 });
    assert_eq!(counts(&json!({})), Counts::default());
}

fn max(hops: i64) -> HopLimitRule {
    HopLimitRule::Max(HopLimit::new(hops).unwrap())
}

fn exactly(hops: i64) -> HopLimitRule {
    HopLimitRule::Exactly(HopLimit::new(hops).unwrap())
}

#[rstest]
#[case(HopLimitRule::Keep, 64, None)]
#[case(max(2), 2, None)]
#[case(max(2), 3, Some(2))]
#[case(exactly(2), 2, None)]
#[case(exactly(2), 1, Some(2))]
fn the_hop_limit_is_that_of_the_document(
    #[case] hop_limit: HopLimitRule,
    #[case] hops: u8,
    #[case] wanted: Option<u8>,
) {
    let settings = Settings { hop_limit, ..Settings::shipped() };
    let options = json!({"http_tokens": "required", "http_put_response_hop_limit": hops});
    let found = found("aws_instance", json!({"metadata_options": [options]}), &settings);
    let instead: Vec<String> = found.into_iter().map(|it| format!("{}\n{}", it.why, it.instead)).collect();
    let expected = wanted.map(|wanted| {
        format!(
            "http_put_response_hop_limit is {hops}\nmetadata_options {{\n  http_put_response_hop_limit = {wanted}\n}}"
        )
    });
    assert_eq!(instead, expected.into_iter().collect::<Vec<_>>());
}

/// The lines to write instead, as blocks of one provider and as nested attributes of the other.
#[rstest]
#[case(
    "aws_instance",
    "metadata_options {\n  http_endpoint = \"enabled\"\n  http_tokens   = \"required\"\n}"
)]
#[case(
    "awscc_ec2_instance",
    "metadata_options = {\n  http_endpoint = \"enabled\"\n  http_tokens   = \"required\"\n}"
)]
#[case(
    "awscc_ec2_launch_template",
    "launch_template_data = {\n  metadata_options = {\n    http_endpoint = \"enabled\"\n    http_tokens   = \"required\"\n  }\n}"
)]
#[case(
    "aws_imagebuilder_infrastructure_configuration",
    "instance_metadata_options {\n  http_tokens = \"required\"\n}"
)]
#[case("awscc_appstream_fleet", "disable_imdsv1 = true")]
#[case(
    "aws_sagemaker_notebook_instance",
    "instance_metadata_service_configuration {\n  minimum_instance_metadata_service_version = \"2\"\n}"
)]
#[case("aws_ec2_instance_metadata_defaults", "http_tokens = \"required\"")]
#[case("aws_ami", "imds_support = \"v2.0\"")]
#[case(
    "aws_elastic_beanstalk_environment",
    "setting {\n  namespace = \"aws:autoscaling:launchconfiguration\"\n  name      = \"DisableIMDSv1\"\n  value     = \"true\"\n}"
)]
#[case(
    "awscc_elasticbeanstalk_environment",
    "option_settings = [{ namespace = \"aws:autoscaling:launchconfiguration\", option_name = \"DisableIMDSv1\", value = \"true\" }]"
)]
#[case(
    "aws_emr_security_configuration",
    "configuration = jsonencode({\n  InstanceMetadataServiceConfiguration = {\n    MinimumInstanceMetadataServiceVersion = 2\n  }\n})"
)]
fn the_lines_to_write_are_those_of_the_provider(#[case] kind: &str, #[case] instead: &str) {
    let found = found(kind, json!({}), &Settings::shipped());
    assert_eq!(found.iter().map(|it| it.instead.as_str()).collect::<Vec<_>>(), [instead]);
}

/// What decides where nothing is stated.
#[rstest]
#[case("aws_instance", "http_tokens is not stated, so the account default and the AMI decide")]
#[case(
    "aws_launch_configuration",
    "http_tokens is not stated, which for a launch configuration means optional"
)]
#[case(
    "awscc_autoscaling_launch_configuration",
    "http_tokens is not stated, which for a launch configuration means optional"
)]
#[case("aws_autoscaling_group", "neither a launch template nor a launch configuration is stated")]
#[case(
    "awscc_autoscaling_auto_scaling_group",
    "neither a launch template nor a launch configuration is stated"
)]
#[case(
    "aws_spot_fleet_request",
    "launch specifications cannot state http_tokens, so the account default and the AMI decide"
)]
#[case("aws_eks_node_group", "without a launch template the account default and the AMI decide")]
#[case("aws_cloud9_environment_ec2", "aws_cloud9_environment_ec2: AWS Cloud9 launches the instance")]
#[case("aws_ec2_instance_metadata_defaults", "http_tokens is not stated, which is no-preference")]
fn a_silent_resource_says_what_decides(#[case] kind: &str, #[case] why: &str) {
    assert_eq!(whys(kind, json!({})), [why]);
}

#[rstest]
#[case("aws_autoscaling_group", "launch_configuration")]
#[case("awscc_autoscaling_auto_scaling_group", "launch_configuration_name")]
fn a_group_names_its_launch_configuration(#[case] kind: &str, #[case] argument: &str) {
    let outside = "the launch configuration is not in this plan, and decides";
    assert_eq!(whys(kind, json!({ argument: "web" })), [outside]);
    // The plan creates the launch configuration.
    let configuration = change(
        "aws_launch_configuration",
        &["create"],
        json!({"metadata_options": [{"http_tokens": "required"}]}),
    );
    let mut plan = plan(&[change(kind, &["create"], json!({})), configuration]);
    let stated = |reference: &str| {
        let expressions = json!({ argument: {"references": [reference]} });
        json!({"root_module": {"resources": [{"address": format!("{kind}.web"), "expressions": expressions}]}})
    };
    plan["configuration"] = stated("aws_launch_configuration.web.name");
    assert_eq!(findings(&plan, &Settings::shipped()), []);
    plan["configuration"] = stated("data.aws_launch_configuration.web.name");
    let found = findings(&plan, &Settings::shipped());
    assert_eq!(found.iter().map(|it| it.why.as_str()).collect::<Vec<_>>(), [outside]);
}

#[rstest]
#[case(json!("2"), 0)]
#[case(json!(2), 0)]
#[case(json!("1"), 1)]
#[case(json!(1), 1)]
#[case(json!(""), 1)]
#[case(json!(-2), 1)]
fn a_version_is_a_text_or_a_number(#[case] version: Value, #[case] count: usize) {
    let service = json!([{"minimum_instance_metadata_service_version": version}]);
    let after = json!({"instance_metadata_service_configuration": service});
    assert_eq!(whys("aws_sagemaker_notebook_instance", after).len(), count);
}

#[test]
fn only_the_deletion_of_a_default_resets_it() {
    let kind = "aws_ec2_instance_metadata_defaults";
    let count = |change: Value| findings(&plan(&[change]), &Settings::shipped()).len();
    assert_eq!(count(change(kind, &["delete"], Value::Null)), 1);
    assert_eq!(count(change(kind, &["delete", "create"], json!({"http_tokens": "required"}))), 0);
    assert_eq!(count(change("aws_instance", &["delete"], Value::Null)), 0);
}

/// The tokens of an override, and the value of a setting.
#[test]
fn a_switch_within_a_list_may_be_known_later() {
    let mut fleet = change("awscc_ec2_ec2_fleet", &["create"], json!({"launch_template_configs": [{}]}));
    fleet["change"]["after_unknown"] =
        json!({"launch_template_configs": [{"overrides": [{"metadata_options": {"http_tokens": true}}]}]});
    let found = findings(&plan(&[fleet]), &Settings::shipped());
    let whys: Vec<&str> = found.iter().map(|it| it.why.as_str()).collect();
    assert_eq!(
        whys,
        [
            "http_tokens is known only after the plan was applied",
            "the launch template is not in this plan, and decides"
        ]
    );
    let mut settings =
        change("aws_elastic_beanstalk_environment", &["create"], json!({"setting": [{"name": "a"}]}));
    settings["change"]["after_unknown"] = json!({"setting": [{"name": false, "value": true}]});
    let found = findings(&plan(&[settings]), &Settings::shipped());
    assert_eq!(found[0].why, "DisableIMDSv1 is known only after the plan was applied");
}

/// The configuration of a resource is that of its address without keys, whatever a key holds. The author states no options.
#[rstest]
#[case("aws_instance.web")]
#[case("aws_instance.web[0]")]
#[case(r#"aws_instance.web["a.b"]"#)]
#[case(r#"aws_instance.web["a[b"]"#)]
#[case(r#"aws_instance.web["a]b"]"#)]
#[case(r#"aws_instance.web["a\"]b"]"#)]
#[case(r#"aws_instance.web["a\\"]"#)]
fn a_resource_is_configured_at_its_address_without_keys(#[case] address: &str) {
    let mut web = change("aws_instance", &["create"], json!({}));
    web["address"] = json!(address);
    web["change"]["after_unknown"] = json!({"metadata_options": true});
    let mut plan = plan(&[web]);
    plan["configuration"] =
        json!({"root_module": {"resources": [{"address": "aws_instance.web", "expressions": {}}]}});
    let found = findings(&plan, &Settings::shipped());
    assert_eq!(found.iter().map(|it| it.code).collect::<Vec<_>>(), ["http-tokens-not-stated"]);
}

/// The provider writes an empty text for what is not stated.
#[rstest]
#[case("aws_instance", json!({"metadata_options": [{"http_tokens": ""}]}), "http_tokens is not stated, so the account default and the AMI decide")]
#[case("awscc_appstream_fleet", json!({"disable_imdsv1": false}), "disable_imdsv1 is false")]
#[case("awscc_appstream_fleet", json!({"disable_imdsv1": null}), "disable_imdsv1 is not stated")]
#[case("aws_instance", json!({"launch_template": [{"id": "lt-1"}]}), "the launch template is not in this plan, and decides")]
#[case("awscc_ec2_instance", json!({"launch_template": {"launch_template_id": "lt-1"}}), "the launch template is not in this plan, and decides")]
#[case("aws_instance", json!({"launch_template": []}), "http_tokens is not stated, so the account default and the AMI decide")]
fn values_of_a_plan_without_its_configuration_are_judged(
    #[case] kind: &str,
    #[case] after: Value,
    #[case] why: &str,
) {
    assert_eq!(whys(kind, after), [why]);
}

const NAMESPACE: &str = "aws:autoscaling:launchconfiguration";

/// The option `DisableIMDSv1` of Elastic Beanstalk, in a list of other settings.
#[rstest]
#[case(json!({"setting": [{"namespace": NAMESPACE, "name": "ImageId", "value": "true"}]}), "DisableIMDSv1 is not stated, so the platform version decides")]
#[case(json!({"setting": [{"namespace": "aws:ec2:vpc", "name": "DisableIMDSv1", "value": "true"}]}), "DisableIMDSv1 is not stated, so the platform version decides")]
#[case(json!({"setting": [{"namespace": NAMESPACE, "name": "DisableIMDSv1", "value": "false"}]}), "DisableIMDSv1 is false")]
#[case(json!({"template_name": "web"}), "DisableIMDSv1 is not stated, so the configuration template decides")]
#[case(json!({"template_name": null}), "DisableIMDSv1 is not stated, so the platform version decides")]
fn a_setting_is_known_by_its_namespace_and_its_name(#[case] after: Value, #[case] why: &str) {
    let mut settings = change("aws_elastic_beanstalk_environment", &["create"], after);
    settings["change"]["after_unknown"] = json!({"setting": [{"name": false, "value": false}], "arn": true});
    let found = findings(&plan(&[settings]), &Settings::shipped());
    assert_eq!(found.iter().map(|it| it.why.as_str()).collect::<Vec<_>>(), [why]);
}
