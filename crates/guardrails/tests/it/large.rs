//! Large plans, templates and source files: they are judged in a moment, and the time grows with the number of resources.

use serde_json::{Value, json};
use v2only_guardrails::Settings;
use v2only_guardrails::iac::cloudformation::Template;
use v2only_guardrails::iac::terraform::findings;

use super::source::{NONE, codes};

/// A plan with so many resources, each with its configuration.
fn large_plan(resources: usize) -> Value {
    let address = |it: usize| format!("aws_instance.web{it}");
    let change = |name| {
        json!({"address": address(name), "mode": "managed", "type": "aws_instance",
            "change": {"actions": ["create"], "after": {}, "after_unknown": {"metadata_options": true}}})
    };
    let stated =
        |it| json!({"address": address(it), "expressions": {"metadata_options": [{"http_tokens": {}}]}});
    json!({
        "format_version": "1.2",
        "resource_changes": (0..resources).map(change).collect::<Vec<_>>(),
        "configuration": {"root_module": {"resources": (0..resources).map(stated).collect::<Vec<_>>()}},
    })
}

/// A template with so many groups, each with its launch template, by logical name and by name.
fn large_template(groups: usize) -> Template {
    let mut text = "Resources:\n".to_owned();
    for it in 0..groups {
        text.push_str(&format!(
            "  T{it}: {{Type: AWS::EC2::LaunchTemplate, Properties: {{LaunchTemplateName: t{it}, LaunchTemplateData: \
             {{MetadataOptions: {{HttpTokens: required}}}}}}}}\n  \
             G{it}: {{Type: AWS::AutoScaling::AutoScalingGroup, Properties: {{LaunchTemplate: {{LaunchTemplateName: t{it}}}}}}}\n"
        ));
    }
    Template::read(&text).unwrap().unwrap()
}

/// The shortest of five runs: noise of the machine only makes a run longer.
fn shortest(mut run: impl FnMut()) -> f64 {
    let runs = (0..5).map(|_| {
        let start = std::time::Instant::now();
        run();
        start.elapsed().as_secs_f64()
    });
    runs.fold(f64::INFINITY, f64::min)
}

/// Ten times the resources take about ten times as long; what is quadratic takes a hundred times as long.
#[test]
fn the_time_grows_with_the_number_of_resources_and_not_with_its_square() {
    let settings = Settings::shipped();
    let (small, large) = (large_plan(1_000), large_plan(10_000));
    assert_eq!(findings(&large, &settings).len(), 10_000);
    let time = |plan: &Value| shortest(|| drop(findings(plan, &settings)));
    let ratio = time(&large) / time(&small);
    assert!(ratio < 40.0, "plans: 10 times the resources take {ratio:.0} times as long");

    let (small, large) = (large_template(500), large_template(5_000));
    assert_eq!(large.findings(&settings), []);
    let time = |template: &Template| shortest(|| drop(template.findings(&settings)));
    let ratio = time(&large) / time(&small);
    assert!(ratio < 40.0, "templates: 10 times the resources take {ratio:.0} times as long");
}

#[test]
fn ten_thousand_resources_are_judged_in_a_moment() {
    let big: String = (0..500).map(|it| format!("    k{it} = \"required\"\n")).collect();
    let mut text = format!("locals {{\n  it = {{\n{big}  }}\n}}\n");
    for it in 0..10_000 {
        text.push_str(&format!(
            "resource \"aws_instance\" \"web{it}\" {{\n  tags = local.it\n  metadata_options {{\n    http_tokens = local.it[\"k{}\"]\n  }}\n}}\n",
            it % 500
        ));
    }
    let start = std::time::Instant::now();
    assert_eq!(codes(&text), NONE);
    assert!(start.elapsed().as_secs() < 30, "{:?}", start.elapsed());
}
