//! Where findings in source files of Terraform stand, and what stands in several cases of a resource.

use rstest::rstest;
use v2only_guardrails::Settings;
use v2only_guardrails::iac::Finding;
use v2only_guardrails::iac::source::{SourceFile, Sources};

fn found(path: &str, text: &str) -> Vec<Finding> {
    let file = SourceFile::read(path, text).unwrap_or_else(|it| panic!("{it}\n{text}"));
    Sources::new(vec![file]).findings(&Settings::shipped()).into_iter().map(|(_, it)| it).collect()
}

/// The lines and codes of what is found in a resource of this type, which begins on the first line.
fn places(kind: &str, body: &str) -> Vec<(usize, &'static str)> {
    let found = found("main.tf", &format!("resource \"{kind}\" \"web\" {{\n{body}}}\n"));
    found.into_iter().map(|it| (it.at.unwrap().line, it.code)).collect()
}

const DISK: &str = "  root_block_device {\n    volume_size = 8\n  }\n";

/// A finding stands at the argument, else at the block that should have it, else at the resource.
#[rstest]
#[case::argument("  metadata_options {\n    http_tokens = \"optional\"\n  }\n", &[(6, "http-tokens-not-required")])]
#[case::block("  metadata_options {\n    http_endpoint = \"enabled\"\n  }\n", &[(5, "http-tokens-not-stated")])]
#[case::other_dynamic_block(
    "  dynamic \"ebs_block_device\" {\n    for_each = []\n    content {}\n  }\n  metadata_options {}\n",
    &[(9, "http-tokens-not-stated")]
)]
#[case::dynamic_block(
    "  dynamic \"metadata_options\" {\n    for_each = [1]\n    content {}\n  }\n",
    &[(5, "http-tokens-not-stated")]
)]
#[case::dynamic_argument(
    "  dynamic \"metadata_options\" {\n    for_each = [1]\n    content {\n      http_tokens = \"a\"\n    }\n  }\n",
    &[(8, "http-tokens-not-required")]
)]
#[case::resource("", &[(1, "http-tokens-not-stated")])]
#[case::two(
    "  metadata_options {\n    http_put_response_hop_limit = 3\n    http_tokens = \"optional\"\n  }\n",
    &[(6, "hop-limit"), (7, "http-tokens-not-required")]
)]
fn a_finding_stands_where_it_is_to_be_fixed(#[case] options: &str, #[case] expected: &[(usize, &str)]) {
    assert_eq!(places("aws_instance", &format!("{DISK}{options}")), expected);
}

/// The finding about tokens comes first where several stand at one attribute.
#[test]
fn a_finding_about_a_nested_attribute_stands_at_the_attribute() {
    let listed = |options: &str| {
        let body = format!("  key_name = \"a\"\n  metadata_options = {options}\n");
        let found = found("main.tf", &format!("resource \"awscc_ec2_instance\" \"web\" {{\n{body}}}\n"));
        found.into_iter().map(|it| (it.at.unwrap().line, it.why)).collect::<Vec<_>>()
    };
    assert_eq!(
        listed("var.later"),
        [(3, "http_tokens depends on var.later, which is not declared".to_owned())]
    );
    let both = ["http_tokens is optional", "http_put_response_hop_limit is 3"].map(|it| (3, it.to_owned()));
    assert_eq!(listed("{ http_tokens = \"optional\", http_put_response_hop_limit = 3 }"), both);
}

/// In the JSON syntax too, with blocks as maps or as lists of maps.
#[rstest]
#[case("{\n\"http_tokens\": \"optional\"}")]
#[case("[{\n\"http_tokens\": \"optional\"}]")]
fn a_finding_in_json_stands_at_its_key(#[case] options: &str) {
    let text = format!(
        "{{\"resource\": {{\"aws_instance\": {{\"web\": {{\n\"metadata_options\": {options}}}}}}}}}\n"
    );
    let found: Vec<_> =
        found("main.tf.json", &text).into_iter().map(|it| (it.at.unwrap().line, it.code)).collect();
    assert_eq!(found, [(3, "http-tokens-not-required")]);
}

#[rstest]
#[case(
    "aws_instance",
    r#""metadata_options": {"http_tokens": "required", "http_put_response_hop_limit": 3}"#,
    r#""metadata_options": { "http_put_response_hop_limit": 2 }"#
)]
#[case("awscc_appstream_fleet", "", r#""disable_imdsv1": true"#)]
#[case(
    "aws_sagemaker_notebook_instance",
    "",
    r#""instance_metadata_service_configuration": { "minimum_instance_metadata_service_version": "2" }"#
)]
fn the_lines_to_write_are_json_in_json(#[case] kind: &str, #[case] body: &str, #[case] instead: &str) {
    let text = format!(r#"{{"resource": {{"{kind}": {{"web": {{{body}}}}}}}}}"#);
    let found = found("main.tf.json", &text);
    assert_eq!(found.iter().map(|it| it.instead.as_str()).collect::<Vec<_>>(), [instead]);
}

/// The provider takes a text for a number. No other argument is a number.
#[rstest]
#[case("http_put_response_hop_limit = \"3\"", "http_put_response_hop_limit is 3")]
#[case("http_put_response_hop_limit = \"2\"", "")]
#[case("http_tokens = \"1\"", "http_tokens is 1")]
fn a_hop_limit_may_be_a_text(#[case] argument: &str, #[case] why: &str) {
    let tokens = if argument.starts_with("http_tokens") { "" } else { "    http_tokens = \"required\"\n" };
    let text = format!(
        "resource \"aws_instance\" \"web\" {{\n  metadata_options {{\n{tokens}    {argument}\n  }}\n}}\n"
    );
    let whys: Vec<String> = found("main.tf", &text).into_iter().map(|it| it.why).collect();
    assert_eq!(whys, Some(why).filter(|it| !it.is_empty()).into_iter().collect::<Vec<_>>());
}

/// Sixty-four cases of a resource are told apart: thirty-two texts, and a condition on each of two other arguments.
#[test]
fn the_cases_of_six_conditions_on_a_resource_are_told_apart() {
    let tokens: String = (0..5).map(|it| format!("${{var.a{it} ? \"x\" : \"y\"}}")).collect();
    let text = |others: &str| {
        format!(
            "resource \"aws_instance\" \"web\" {{\n{others}  metadata_options {{\n    http_tokens = \"{tokens}\"\n    \
             http_endpoint = var.b ? \"enabled\" : \"on\"\n  }}\n}}\n"
        )
    };
    let codes = |others: &str| {
        let mut codes: Vec<_> = found("main.tf", &text(others)).into_iter().map(|it| it.code).collect();
        codes.dedup();
        codes
    };
    assert_eq!(codes(""), ["http-tokens-not-required"]);
    assert_eq!(codes("  template_name = var.c ? \"a\" : \"b\"\n"), ["cannot-tell"]);
}

/// Of two launch templates, the one that is not in the files is named.
#[test]
fn the_launch_template_that_is_elsewhere_is_named() {
    let text = "resource \"aws_autoscaling_group\" \"g\" {\n  mixed_instances_policy {\n    launch_template {\n      \
                launch_template_specification {\n        launch_template_name = \"lt-1\"\n      }\n      override {\n        \
                launch_template_specification {\n          launch_template_id = aws_launch_template.it.id\n        }\n      }\n    \
                }\n  }\n}\nresource \"aws_launch_template\" \"it\" {\n  metadata_options {\n    http_tokens = \"required\"\n  }\n}\n";
    let whys: Vec<String> = found("main.tf", text).into_iter().map(|it| it.why).collect();
    assert_eq!(whys, ["the launch template lt-1 is not in these files, and decides"]);
}
