//! Terraform plans.
//!
//! The shapes follow "JSON Output Format" of Terraform: `after` is what is known, `after_unknown` marks what is
//! known later, and the configuration says what the author stated.

use serde_json::{Value, json};
use v2only_guardrails::Settings;
use v2only_guardrails::iac::terraform::{findings, is_plan, is_plan_stream, is_state, is_wrapped_plan};

/// A plan with one managed resource at an address.
fn plan(address: &str, kind: &str, after: &Value, unknown: &Value, configuration: &Value) -> Value {
    json!({
        "format_version": "1.2",
        "resource_changes": [{
            "address": address, "mode": "managed", "type": kind,
            "change": {"actions": ["create"], "before": null, "after": after, "after_unknown": unknown},
        }],
        "configuration": {"root_module": configuration},
    })
}

/// The configuration of a root module with one resource that states these arguments.
fn root(kind: &str, stated: &Value) -> Value {
    json!({"resources": [{"address": format!("{kind}.web"), "type": kind, "expressions": stated}]})
}

/// Codes of what is found, for a resource of the root module. The plan has launch templates that require tokens.
fn codes(kind: &str, after: &Value, unknown: &Value, stated: &Value) -> Vec<&'static str> {
    let mut plan = plan(&format!("{kind}.web"), kind, after, unknown, &root(kind, stated));
    let options = json!({"metadata_options": [{"http_tokens": "required"}]});
    let nested = json!({"launch_template_data": {"metadata_options": {"http_tokens": "required"}}});
    for (kind, after) in [("aws_launch_template", options), ("awscc_ec2_launch_template", nested)] {
        let changes = plan.get_mut("resource_changes").and_then(Value::as_array_mut).unwrap();
        changes.push(json!({"address": format!("{kind}.lt"), "mode": "managed", "type": kind,
            "change": {"actions": ["no-op"], "after": after, "after_unknown": {}}}));
    }
    assert!(is_plan(&plan));
    findings(&plan, &Settings::shipped()).into_iter().map(|it| it.code).collect()
}

fn stated_fully(kind: &str, after: &Value) -> Vec<&'static str> {
    codes(kind, after, &json!({}), after)
}

#[test]
fn tokens_are_read_from_instances_templates_configurations_and_spot_requests() {
    for kind in
        ["aws_instance", "aws_launch_template", "aws_launch_configuration", "aws_spot_instance_request"]
    {
        let options = |tokens: &str| json!({"metadata_options": [{"http_tokens": tokens}]});
        assert_eq!(stated_fully(kind, &options("required")), [""; 0], "{kind}");
        assert_eq!(stated_fully(kind, &options("optional")), ["http-tokens-not-required"], "{kind}");
        assert_eq!(stated_fully(kind, &json!({})), ["http-tokens-not-stated"], "{kind}");
        let off = json!({"metadata_options": [{"http_endpoint": "disabled", "http_tokens": "optional"}]});
        assert_eq!(stated_fully(kind, &off), [""; 0], "{kind}");
    }
}

#[test]
fn the_hop_limit_is_that_of_the_document() {
    let options = |hops: u8| json!({"metadata_options": [{"http_tokens": "required", "http_put_response_hop_limit": hops}]});
    assert_eq!(stated_fully("aws_instance", &options(2)), [""; 0]);
    assert_eq!(stated_fully("aws_instance", &options(3)), ["hop-limit"]);
}

#[test]
fn an_instance_with_a_launch_template_is_judged_by_what_it_states_itself() {
    let from = json!({"launch_template": [{"name": "web"}]});
    // The plan does not contain the template, which decides.
    assert_eq!(stated_fully("aws_instance", &from), ["cannot-tell"]);
    let both =
        json!({"launch_template": [{"name": "web"}], "metadata_options": [{"http_tokens": "optional"}]});
    assert_eq!(stated_fully("aws_instance", &both), ["http-tokens-not-required"]);
    // The template is made in the same plan, so that the block is known later.
    let later = codes(
        "aws_instance",
        &json!({}),
        &json!({"launch_template": true, "metadata_options": true}),
        &json!({"launch_template": [{"id": {"references": ["aws_launch_template.lt.id", "aws_launch_template.lt"]}}]}),
    );
    assert_eq!(later, [""; 0]);
}

#[test]
fn what_the_provider_fills_in_later_is_not_what_the_author_stated() {
    let unknown = json!({"metadata_options": true});
    assert_eq!(codes("aws_instance", &json!({}), &unknown, &json!({})), ["http-tokens-not-stated"]);
    assert_eq!(
        codes("aws_instance", &json!({}), &unknown, &json!({"metadata_options": [{"http_tokens": {}}]})),
        ["cannot-tell"]
    );
    // The hop limit is stated and the tokens are not, which the provider fills in.
    let after = json!({"metadata_options": [{"http_put_response_hop_limit": 1}]});
    let unknown = json!({"metadata_options": [{"http_tokens": true}]});
    let stated = json!({"metadata_options": [{"http_put_response_hop_limit": {"constant_value": 1}}]});
    assert_eq!(codes("aws_instance", &after, &unknown, &stated), ["http-tokens-not-stated"]);
    let stated = json!({"metadata_options": [{"http_tokens": {"references": ["random_shuffle.it"]}}]});
    assert_eq!(codes("aws_instance", &after, &unknown, &stated), ["cannot-tell"]);
}

#[test]
fn a_resource_in_modules_is_found_in_the_configuration_by_its_address() {
    let inner = root("aws_instance", &json!({"metadata_options": [{"http_tokens": {}}]}));
    let configuration =
        json!({"module_calls": {"fleet": {"module": {"module_calls": {"web": {"module": inner}}}}}});
    let address = r#"module.fleet["a.b[\"c\"]"].module.web[0].aws_instance.web["x"]"#;
    let unknown = json!({"metadata_options": true});
    let plan = plan(address, "aws_instance", &json!({}), &unknown, &configuration);
    let found = findings(&plan, &Settings::shipped());
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].code, found[0].address.as_str()), ("cannot-tell", address));
}

#[test]
fn notebooks_answer_version_2() {
    let kind = "aws_sagemaker_notebook_instance";
    let options = |version: Value| {
        json!({"instance_metadata_service_configuration":
            [{"minimum_instance_metadata_service_version": version}]})
    };
    assert_eq!(stated_fully(kind, &options(json!("2"))), [""; 0]);
    assert_eq!(stated_fully(kind, &options(json!("1"))), ["notebook-version-1"]);
    assert_eq!(stated_fully(kind, &json!({})), ["notebook-version-1"]);
}

#[test]
fn account_defaults_require_tokens() {
    let kind = "aws_ec2_instance_metadata_defaults";
    assert_eq!(stated_fully(kind, &json!({"http_tokens": "required"})), [""; 0]);
    assert_eq!(stated_fully(kind, &json!({"http_tokens": "no-preference"})), ["defaults-not-required"]);
    assert_eq!(stated_fully(kind, &json!({})), ["defaults-not-required"]);
}

#[test]
fn an_image_that_is_registered_should_support_version_2_and_a_copy_has_what_its_source_has() {
    assert_eq!(stated_fully("aws_ami", &json!({"imds_support": "v2.0"})), [""; 0]);
    assert_eq!(stated_fully("aws_ami", &json!({})), ["image-without-imds-support"]);
    assert_eq!(stated_fully("aws_ami_copy", &json!({})), [""; 0]);
}

#[test]
fn what_is_destroyed_or_only_read_is_left_alone() {
    let mut plan = plan("aws_instance.web", "aws_instance", &Value::Null, &json!({}), &json!({}));
    assert!(findings(&plan, &Settings::shipped()).is_empty());
    plan["resource_changes"][0]["change"]["after"] = json!({});
    assert_eq!(findings(&plan, &Settings::shipped()).len(), 1);
    plan["resource_changes"][0]["mode"] = json!("data");
    assert!(findings(&plan, &Settings::shipped()).is_empty());
}

#[test]
fn a_state_is_no_plan() {
    let shown = json!({"format_version": "1.0", "terraform_version": "1.9.0", "values": {"root_module": {}}});
    let stored = json!({"version": 4, "terraform_version": "1.9.0", "lineage": "x", "resources": []});
    for state in [shown, stored] {
        assert!(is_state(&state) && !is_plan(&state));
    }
    assert!(!is_state(&json!({"Resources": {}})));
}

#[test]
fn a_plan_that_changes_nothing_is_a_plan() {
    let plan =
        json!({"format_version": "1.2", "terraform_version": "1.9.5", "planned_values": {"root_module": {}}});
    assert!(is_plan(&plan) && findings(&plan, &Settings::shipped()).is_empty());
}

#[test]
fn lines_of_a_wrapper_around_the_plan_are_recognized() {
    let plan = r#"{"format_version":"1.2","planned_values":{}}"#;
    assert!(is_wrapped_plan(&format!("[command]/opt/terraform show -json p\n{plan}")));
    assert!(is_wrapped_plan(&format!(
        "[command]/opt/terraform show -json p\n{plan}\n::debug::exited with code 0.\n"
    )));
    assert!(is_wrapped_plan(&format!("{plan}\n::debug::exited with code 0.\n")));
    assert!(is_wrapped_plan(&format!("12:00:00 STDOUT terraform: {plan}\n")));
    assert!(!is_wrapped_plan(plan));
    assert!(!is_wrapped_plan("Resources: {}\n"));
}

#[test]
fn the_stream_of_a_plan_is_no_plan() {
    assert!(is_plan_stream(
        "{\"@level\":\"info\",\"type\":\"version\"}\n{\"@level\":\"info\",\"type\":\"planned_change\"}\n"
    ));
    assert!(!is_plan_stream("{\"Resources\":\n {}}"));
    assert!(!is_plan_stream("{\"@level\": 1}\n"));
}

#[test]
fn what_a_dynamic_block_states_is_a_note() {
    // A plan does not contain the configuration of dynamic blocks.
    let unknown = json!({"metadata_options": [{"http_tokens": true, "http_put_response_hop_limit": true}]});
    let after = json!({"metadata_options": [{"http_endpoint": "enabled"}]});
    assert_eq!(codes("aws_launch_template", &after, &unknown, &json!({})), ["cannot-tell", "cannot-tell"]);
    let after = json!({"metadata_options": [{"http_tokens": "required"}]});
    assert_eq!(codes("aws_launch_template", &after, &json!({}), &json!({})), [""; 0]);
}

#[test]
fn the_account_default_of_the_plan_is_named_where_a_resource_is_silent() {
    let silent = json!({"address": "aws_instance.web", "mode": "managed", "type": "aws_instance",
        "change": {"actions": ["create"], "after": {}, "after_unknown": {}}});
    let default = json!({"address": "aws_ec2_instance_metadata_defaults.all", "mode": "managed",
        "type": "aws_ec2_instance_metadata_defaults",
        "change": {"actions": ["create"], "after": {"http_tokens": "required"}, "after_unknown": {}}});
    let plan = json!({"format_version": "1.2", "resource_changes": [silent, default]});
    let found = findings(&plan, &Settings::shipped());
    assert_eq!((found.len(), found[0].code), (1, "http-tokens-not-stated"));
    assert!(
        found[0].why.contains("aws_ec2_instance_metadata_defaults.all sets the default to required"),
        "{found:?}"
    );
}

#[test]
fn what_a_plan_leaves_open_is_a_note() {
    let deferred = |kind: &str| {
        json!({"reason": "instance_count_unknown",
        "resource_change": {"address": format!("{kind}.web"), "type": kind, "mode": "managed"}})
    };
    let plan = json!({"format_version": "1.2", "planned_values": {}, "errored": true,
        "deferred_changes": [deferred("aws_instance"), deferred("aws_s3_bucket")]});
    let found = findings(&plan, &Settings::shipped());
    let listed: Vec<_> = found.iter().map(|it| (it.address.as_str(), it.code)).collect();
    assert_eq!(listed, [("aws_instance.web", "cannot-tell"), ("plan", "cannot-tell")]);
}

#[test]
fn a_hop_limit_that_is_known_later_is_a_note() {
    let after = json!({"metadata_options": [{"http_tokens": "required"}]});
    let unknown = json!({"metadata_options": [{"http_put_response_hop_limit": true}]});
    let stated = json!({"metadata_options": [{"http_put_response_hop_limit": {"references": ["data.x.y"]}}]});
    assert_eq!(codes("aws_launch_template", &after, &unknown, &stated), ["cannot-tell"]);
    assert_eq!(codes("aws_launch_template", &after, &unknown, &json!({"metadata_options": [{}]})), [""; 0]);
}

#[test]
fn what_a_launch_template_outside_of_the_plan_decides_is_a_note() {
    let group = json!({"launch_template": [{"id": "lt-0abc0123456789def"}]});
    assert_eq!(stated_fully("aws_autoscaling_group", &group), ["cannot-tell"]);
    let inside = json!({"launch_template": [{"id": {"references": ["aws_launch_template.lt.id"]}}]});
    assert_eq!(codes("aws_autoscaling_group", &group, &json!({}), &inside), [""; 0]);
    assert_eq!(stated_fully("aws_autoscaling_group", &json!({})), ["cannot-tell"]);
    assert_eq!(stated_fully("aws_eks_node_group", &json!({})), ["cannot-tell"]);
    let named = json!({"launch_template": {"launch_template_id": "lt-0abc0123456789def"}});
    assert_eq!(stated_fully("awscc_ec2_instance", &named), ["cannot-tell"]);
    assert_eq!(stated_fully("aws_s3_bucket", &json!({})), [""; 0]);
}

/// Each twin in the provider `awscc`: the arguments that are right, those that are wrong, and the code of a silent one.
#[rstest::rstest]
#[case("awscc_ec2_instance", &["metadata_options", "http_tokens"], "http-tokens-not-stated")]
#[case("awscc_ec2_launch_template", &["launch_template_data", "metadata_options", "http_tokens"], "http-tokens-not-stated")]
#[case("awscc_autoscaling_launch_configuration", &["metadata_options", "http_tokens"], "http-tokens-not-stated")]
#[case("awscc_imagebuilder_infrastructure_configuration", &["instance_metadata_options", "http_tokens"], "http-tokens-not-stated")]
#[case("awscc_workspacesinstances_workspace_instance", &["managed_instance", "metadata_options", "http_tokens"], "http-tokens-not-stated")]
fn tokens_of_a_twin_are_read_from_nested_attributes(
    #[case] kind: &str,
    #[case] path: &[&str],
    #[case] silent: &str,
) {
    let nested = |value: Value| path.iter().rev().fold(value, |inner, name| json!({*name: inner}));
    assert_eq!(stated_fully(kind, &nested(json!("required"))), [""; 0]);
    assert_eq!(stated_fully(kind, &nested(json!("optional"))), ["http-tokens-not-required"]);
    assert_eq!(stated_fully(kind, &json!({})), [silent]);
    // Nothing is stated, and the provider computes all of it.
    let computed = json!({path[0]: true});
    assert_eq!(codes(kind, &json!({}), &computed, &json!({})), [silent]);
    // A reference to a data source decides about the tokens and the hop limit.
    let stated = json!({path[0]: {"references": ["data.aws_x.y"]}});
    assert_eq!(codes(kind, &json!({}), &computed, &stated), ["cannot-tell", "cannot-tell"]);
    // Another attribute of the map is stated, and the provider computes the tokens.
    let (outer, inner) = (&path[..path.len() - 1], nested(json!(true)));
    let beside = outer.iter().rev().fold(json!({"http_endpoint": "enabled"}), |it, name| json!({*name: it}));
    let constant = json!({path[0]: {"constant_value": beside[path[0]]}});
    assert_eq!(codes(kind, &beside, &inner, &constant), [silent]);
}

#[test]
fn twins_of_other_services_have_the_switches_of_cloudformation() {
    for kind in
        ["awscc_appstream_app_block_builder", "awscc_appstream_fleet", "awscc_appstream_image_builder"]
    {
        assert_eq!(stated_fully(kind, &json!({"disable_imdsv1": true})), [""; 0], "{kind}");
        assert_eq!(
            stated_fully(kind, &json!({"disable_imdsv1": false})),
            ["http-tokens-not-required"],
            "{kind}"
        );
        assert_eq!(stated_fully(kind, &json!({})), ["http-tokens-not-required"], "{kind}");
    }
    let version = |it: &str| json!({"instance_metadata_service_configuration": {"minimum_instance_metadata_service_version": it}});
    assert_eq!(stated_fully("awscc_sagemaker_notebook_instance", &version("2")), [""; 0]);
    assert_eq!(stated_fully("awscc_sagemaker_notebook_instance", &version("1")), ["notebook-version-1"]);
    let fleet = |tokens: &str| {
        json!({"launch_template_configs": [{
            "launch_template_specification": {"launch_template_id": {"references": ["awscc_ec2_launch_template.lt.id"]}},
            "overrides": [{"metadata_options": {"http_tokens": "required"}}, {"metadata_options": {"http_tokens": tokens}}]}]})
    };
    assert_eq!(stated_fully("awscc_ec2_ec2_fleet", &fleet("required")), [""; 0]);
    assert_eq!(stated_fully("awscc_ec2_ec2_fleet", &fleet("optional")), ["http-tokens-not-required"]);
}

#[rstest::rstest]
#[case("aws_elastic_beanstalk_environment", "setting", "name")]
#[case("aws_elastic_beanstalk_configuration_template", "setting", "name")]
#[case("awscc_elasticbeanstalk_environment", "option_settings", "option_name")]
fn the_option_of_elastic_beanstalk_is_read(#[case] kind: &str, #[case] list: &str, #[case] name: &str) {
    let option = |value: Value| {
        let other = json!({"namespace": "aws:autoscaling:asg", name: "MinSize", "value": "1"});
        let ours = json!({"namespace": "aws:autoscaling:launchconfiguration", name: "DisableIMDSv1", "value": value});
        json!({list: [other, ours]})
    };
    assert_eq!(stated_fully(kind, &option(json!("true"))), [""; 0]);
    assert_eq!(stated_fully(kind, &option(json!("false"))), ["http-tokens-not-required"]);
    assert_eq!(stated_fully(kind, &option(Value::Null)), ["cannot-tell"]);
    assert_eq!(stated_fully(kind, &json!({})), ["http-tokens-not-stated"]);
    assert_eq!(codes(kind, &json!({}), &json!({list: true}), &json!({list: {}})), ["cannot-tell"]);
    assert_eq!(stated_fully(kind, &json!({"template_name": "golden"})), ["cannot-tell"]);
}

#[rstest::rstest]
#[case("aws_emr_security_configuration", "configuration")]
#[case("awscc_emr_security_configuration", "security_configuration")]
fn the_security_configuration_of_emr_is_read(#[case] kind: &str, #[case] argument: &str) {
    let configuration = |version: u8| {
        let service = json!({"MinimumInstanceMetadataServiceVersion": version});
        json!({argument: json!({"InstanceMetadataServiceConfiguration": service}).to_string()})
    };
    assert_eq!(stated_fully(kind, &configuration(2)), [""; 0]);
    assert_eq!(stated_fully(kind, &configuration(1)), ["http-tokens-not-required"]);
    assert_eq!(stated_fully(kind, &json!({argument: "{}"})), ["http-tokens-not-stated"]);
    assert_eq!(stated_fully(kind, &json!({argument: "{"})), ["cannot-tell"]);
    assert_eq!(codes(kind, &json!({}), &json!({argument: true}), &json!({argument: {}})), ["cannot-tell"]);
}

#[test]
fn the_deletion_of_the_account_default_is_a_warning() {
    let kind = "aws_ec2_instance_metadata_defaults";
    let mut plan = plan(&format!("{kind}.web"), kind, &Value::Null, &json!({}), &json!({}));
    plan["resource_changes"][0]["change"]["actions"] = json!(["delete"]);
    let found = findings(&plan, &Settings::shipped());
    assert_eq!((found.len(), found[0].code), (1, "defaults-not-required"));
}
