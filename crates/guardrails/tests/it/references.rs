//! Launch templates that resources of a Terraform plan refer to.

use rstest::rstest;
use serde_json::{Value, json};
use v2only_guardrails::Settings;
use v2only_guardrails::iac::terraform::findings;

const REFERENCES: [&str; 2] = ["aws_launch_template.lt[0].id", "aws_launch_template.lt"];

/// A plan with an instance that refers to a launch template, which the plan does not change.
fn plan(address: &str, configuration: &Value) -> Value {
    json!({
        "format_version": "1.2",
        "resource_changes": [{"address": address, "mode": "managed", "type": "aws_instance",
            "change": {"actions": ["create"], "after": {}, "after_unknown": {"launch_template": true}}}],
        "configuration": {"root_module": configuration},
    })
}

fn instance(references: &[&str]) -> Value {
    json!({"address": "aws_instance.web", "expressions": {"launch_template": [
        {"id": {"references": references}, "version": {"references": ["var.version"]}}]}})
}

fn root(references: &[&str]) -> Value {
    plan("aws_instance.web", &json!({"resources": [instance(references)]}))
}

fn template(address: &str, tokens: &str) -> Value {
    json!({"address": address, "mode": "managed", "type": "aws_launch_template",
        "values": {"metadata_options": [{"http_tokens": tokens}]}})
}

/// The findings as `code: why`.
fn found(plan: &Value) -> Vec<String> {
    let findings = findings(plan, &Settings::shipped());
    assert!(findings.iter().all(|it| it.address.contains("aws_instance.web")), "{findings:?}");
    findings.into_iter().map(|it| format!("{}: {}", it.code, it.why)).collect()
}

const MISSING: &str =
    "cannot-tell: the launch template aws_launch_template.lt is not in this plan, and decides";
const OPEN: &str = "http-tokens-not-required: http_tokens is optional, in aws_launch_template.lt[0], which this plan \
                    does not change";

#[test]
fn a_launch_template_that_the_plan_does_not_contain_is_named() {
    assert_eq!(found(&root(&REFERENCES)), [MISSING]);
    let mut deleted = root(&REFERENCES);
    deleted["resource_changes"].as_array_mut().unwrap().push(json!({"address": "aws_launch_template.lt[0]",
        "mode": "managed", "type": "aws_launch_template", "change": {"actions": ["delete"], "after": null}}));
    deleted["prior_state"] = json!({"values": {"root_module": {"resources": [template("aws_launch_template.lt[0]", "required")]}}});
    assert_eq!(found(&deleted), [MISSING]);
}

#[test]
fn a_launch_template_in_the_state_is_judged_there() {
    for (tokens, expected) in [("required", &[] as &[&str]), ("optional", &[OPEN])] {
        let values = json!({"resources": [template("aws_launch_template.lt[0]", tokens)]});
        let mut plan = root(&REFERENCES);
        plan["prior_state"] = json!({"values": {"root_module": values}});
        assert_eq!(found(&plan), expected);
        plan["prior_state"] = json!({"values": {"root_module": {"resources": []}}});
        plan["planned_values"] = json!({"root_module": values});
        assert_eq!(found(&plan), expected);
    }
    // What the plan leads to wins.
    let mut both = root(&REFERENCES);
    let resources = |tokens| json!({"resources": [template("aws_launch_template.lt[0]", tokens)]});
    both["planned_values"] = json!({"root_module": resources("required")});
    both["prior_state"] = json!({"values": {"root_module": resources("optional")}});
    assert_eq!(found(&both), [""; 0]);
}

/// The instance is in a module of its own, which has a template of the same name as the root module.
#[test]
fn a_reference_is_to_a_resource_of_the_same_module() {
    let address = "module.a[\"x.y\"].aws_instance.web";
    let inner = json!({"resources": [instance(&REFERENCES)]});
    let mut plan = plan(address, &json!({"module_calls": {"a": {"module": inner}}}));
    plan["planned_values"] =
        json!({"root_module": {"resources": [template("aws_launch_template.lt[0]", "required")]}});
    let missing = MISSING.replace("aws_launch_template.lt", "module.a.aws_launch_template.lt");
    assert_eq!(found(&plan), [missing]);
    plan["planned_values"] = json!({"root_module": {"child_modules": [{"resources":
        [template("module.a[\"x.y\"].aws_launch_template.lt[0]", "required")]}]}});
    assert_eq!(found(&plan), [""; 0]);
}

#[rstest]
#[case::output(&["module.base.template", "module.base"], json!({"references": REFERENCES}), &[])]
#[case::output_of_a_variable(&["module.base.template", "module.base"], json!({"references": ["var.id"]}), &["the launch template is not in this plan, and decides"])]
#[case::output_that_is_not_declared(&["module.base.other", "module.base"], json!({"references": REFERENCES}), &["the launch template is not in this plan, and decides"])]
#[case::module(&["module.base"], json!({"references": REFERENCES}), &["the launch template is not in this plan, and decides"])]
fn an_output_of_a_module_is_followed(
    #[case] references: &[&str],
    #[case] output: Value,
    #[case] expected: &[&str],
) {
    let module = json!({"outputs": {"template": {"expression": output}}});
    let configuration =
        json!({"resources": [instance(references)], "module_calls": {"base": {"module": module}}});
    let mut plan = plan("aws_instance.web", &configuration);
    plan["planned_values"] = json!({"root_module": {"child_modules": [{"resources":
        [template("module.base.aws_launch_template.lt[0]", "required")]}]}});
    let whys: Vec<String> = findings(&plan, &Settings::shipped()).into_iter().map(|it| it.why).collect();
    assert_eq!(whys, expected);
}

#[test]
fn what_a_loop_holds_is_followed() {
    let looped = |over: &[&str]| {
        let mut instance = instance(&["each.value.id", "each.value"]);
        instance["for_each_expression"] = json!({"references": over});
        let mut plan = plan("aws_instance.web[\"a\"]", &json!({"resources": [instance]}));
        plan["planned_values"] =
            json!({"root_module": {"resources": [template("aws_launch_template.lt[\"a\"]", "required")]}});
        findings(&plan, &Settings::shipped()).len()
    };
    assert_eq!(looped(&["aws_launch_template.lt"]), 0);
    assert_eq!(looped(&["var.templates"]), 1);
}

#[rstest]
#[case::data_source(&["data.aws_launch_template.it.id", "aws_launch_template.lt"])]
#[case::variable(&["var.id"])]
#[case::none(&[])]
fn another_source_of_the_template_is_a_note(#[case] references: &[&str]) {
    let mut plan = root(references);
    plan["planned_values"] =
        json!({"root_module": {"resources": [template("aws_launch_template.lt", "required")]}});
    assert_eq!(found(&plan), ["cannot-tell: the launch template is not in this plan, and decides"]);
}

/// The reference is in the version only, and the template is a text.
#[test]
fn a_version_does_not_choose_the_template() {
    let expressions = json!({"launch_template": [{"id": {"constant_value": "lt-0abc0123456789def"},
        "version": {"references": REFERENCES}}]});
    let configuration = json!({"resources": [{"address": "aws_instance.web", "expressions": expressions}]});
    let mut plan = plan("aws_instance.web", &configuration);
    plan["planned_values"] =
        json!({"root_module": {"resources": [template("aws_launch_template.lt", "required")]}});
    assert_eq!(found(&plan), ["cannot-tell: the launch template is not in this plan, and decides"]);
}

/// What an argument of a template states beside the reference to a template of the plan.
#[rstest]
#[case::no_name(json!({"name": {"constant_value": null}}), true)]
#[case::version(json!({"version": {"constant_value": "$Latest"}}), true)]
#[case::version_of_another(json!({"version": {"references": ["data.aws_launch_template.it.latest_version"]}}), true)]
#[case::name_of_another(json!({"name": {"constant_value": "web"}}), false)]
#[case::unknown_name(json!({"name": {}}), false)]
#[case::name_of_a_data_source(json!({"name": {"references": ["data.aws_launch_template.it.name"]}}), false)]
fn only_what_chooses_a_template_counts(#[case] beside: Value, #[case] is_inside: bool) {
    let mut block = json!({"id": {"references": REFERENCES}});
    block.as_object_mut().unwrap().extend(beside.as_object().unwrap().clone());
    let stated = json!({"address": "aws_instance.web", "expressions": {"launch_template": [block]}});
    let mut plan = plan("aws_instance.web", &json!({"resources": [stated]}));
    plan["planned_values"] =
        json!({"root_module": {"resources": [template("aws_launch_template.lt", "required")]}});
    let outside = "cannot-tell: the launch template is not in this plan, and decides";
    assert_eq!(found(&plan), Some(outside).filter(|_| !is_inside).into_iter().collect::<Vec<_>>());
}

/// A variable has the name of a module, and is none.
#[test]
fn a_variable_is_no_output_of_a_module() {
    let module = json!({"outputs": {"template": {"expression": {"references": REFERENCES}}}});
    let configuration = json!({
        "resources": [instance(&["var.base.template", "var.base"])],
        "module_calls": {"base": {"module": module}},
    });
    let mut plan = plan("aws_instance.web", &configuration);
    plan["planned_values"] = json!({"root_module": {"child_modules": [{"resources":
        [template("module.base.aws_launch_template.lt[0]", "required")]}]}});
    assert_eq!(found(&plan), ["cannot-tell: the launch template is not in this plan, and decides"]);
}

/// Terraform writes the type into the address. A plan in which the two differ was changed by hand, or by another tool.
#[test]
fn a_template_of_an_unknown_type_is_not_taken_for_judged() {
    let mut plan = root(&REFERENCES);
    plan["resource_changes"].as_array_mut().unwrap().push(json!({"address": "aws_launch_template.lt[0]",
        "mode": "managed", "type": "aws_other_template", "change": {"actions": ["update"], "after": {"name": "b"}}}));
    assert_eq!(found(&plan), [MISSING]);
    // The same where the plan does not change the template.
    let mut plan = root(&REFERENCES);
    let mut unchanged = template("aws_launch_template.lt[0]", "optional");
    unchanged["type"] = json!("aws_other_template");
    plan["planned_values"] = json!({"root_module": {"resources": [unchanged]}});
    assert_eq!(found(&plan), [MISSING]);
}
