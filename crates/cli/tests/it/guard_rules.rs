//! The shipped Guard rules, run by Guard's own test command over the tests that lie beside them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use cfn_guard::commands::Executable;
use cfn_guard::utils::reader::Reader;
use cfn_guard::utils::writer::{WriteBuffer, Writer};
use cfn_guard::{CommandBuilder, TestBuilder};

fn rules() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../policies/guard")
}

/// What Guard says of each rule file, and the number it leaves with.
fn tested(verbose: bool) -> (i32, String) {
    let folder = rules().to_str().unwrap().to_owned();
    let command = TestBuilder::default()
        .directory(Some(folder))
        .alphabetical(true)
        .verbose(verbose)
        .try_build()
        .unwrap();
    let mut writer = Writer::new(WriteBuffer::Vec(Vec::new())).unwrap();
    let code = command.execute(&mut writer, &mut Reader::default()).unwrap();
    (code, writer.into_string().unwrap())
}

#[test]
fn every_shipped_rule_does_what_its_tests_say() {
    let (code, said) = tested(false);
    assert_eq!(code, 0, "{said}");
    assert!(!said.contains("FAIL Rules:"), "{said}");
}

#[test]
fn every_shipped_rule_has_a_pass_a_fail_and_a_skip_test() {
    let mut seen: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut tests = String::new();
    for file in std::fs::read_dir(rules().join("tests")).unwrap() {
        tests.push_str(&std::fs::read_to_string(file.unwrap().path()).unwrap());
    }
    for line in tests.lines() {
        if let Some((name, status)) = line.trim().split_once(": ")
            && ["PASS", "FAIL", "SKIP"].contains(&status)
        {
            seen.entry(name).or_default().push(status);
        }
    }
    let files = v2only_guardrails::iac::guard::files(&v2only_guardrails::Settings::shipped());
    for rule in files.iter().flat_map(|it| it.rules()) {
        let statuses = seen.get(rule).cloned().unwrap_or_default();
        for status in ["PASS", "FAIL", "SKIP"] {
            assert!(statuses.contains(&status), "{rule} has no {status} test");
        }
    }
}

/// What a rule of the conformance pack says of a configuration item; `exempt` takes the place of both parameters.
fn of_pack(rule: &str, exempt: &str, item: &serde_json::Value) -> String {
    let files = v2only_guardrails::deploy::files(&v2only_guardrails::Settings::shipped()).unwrap();
    let pack = files.iter().find(|it| it.path == "config/conformance-pack.yaml").unwrap();
    let text = pack.text.split(&format!("rule {rule} ")).nth(1).unwrap();
    let text = text.split("\n  LaunchTemplates:").next().unwrap();
    let text = format!("rule {rule} {text}")
        .replace("${ExemptInstances}", exempt)
        .replace("${ExemptNotebooks}", exempt);
    let item = item.to_string();
    let (data, rules) = (
        cfn_guard::ValidateInput { content: &item, file_name: "item.json" },
        cfn_guard::ValidateInput { content: &text, file_name: "rule.guard" },
    );
    let report: serde_json::Value =
        serde_json::from_str(&cfn_guard::run_checks(data, rules, false).unwrap()).unwrap();
    report["status"].as_str().unwrap().to_owned()
}

#[test]
fn the_rules_of_the_conformance_pack_judge_configuration_items() {
    let instance = |tokens: &str, endpoint: &str| {
        serde_json::json!({
            "resourceType": "AWS::EC2::Instance", "resourceId": "i-0abc0123456789def",
            "configuration": {"metadataOptions": {"httpTokens": tokens, "httpEndpoint": endpoint}},
        })
    };
    let rule = "ec2_instance_requires_imdsv2";
    assert_eq!(of_pack(rule, "none", &instance("required", "enabled")), "PASS");
    assert_eq!(of_pack(rule, "none", &instance("optional", "disabled")), "PASS");
    assert_eq!(of_pack(rule, "none", &instance("optional", "enabled")), "FAIL");
    assert_eq!(of_pack(rule, "i-0fff|i-0abc0123456789def", &instance("optional", "enabled")), "SKIP");
    assert_eq!(of_pack(rule, "i-0abc", &instance("optional", "enabled")), "FAIL");

    let notebook = |id: &str, configuration: serde_json::Value| {
        serde_json::json!({
            "resourceType": "AWS::SageMaker::NotebookInstance", "resourceId": id, "configuration": configuration,
        })
    };
    let version = |it: &str| serde_json::json!({"InstanceMetadataServiceConfiguration": {"MinimumInstanceMetadataServiceVersion": it}});
    let arn = "arn:aws:sagemaker:eu-central-1:111122223333:notebook-instance/lab";
    let rule = "sagemaker_notebook_requires_imdsv2";
    for id in ["lab", arn] {
        assert_eq!(of_pack(rule, "none", &notebook(id, version("2"))), "PASS");
        assert_eq!(of_pack(rule, "none", &notebook(id, version("1"))), "FAIL");
        assert_eq!(of_pack(rule, "none", &notebook(id, serde_json::json!({}))), "FAIL");
        assert_eq!(of_pack(rule, "legacy-.*|lab", &notebook(id, version("1"))), "SKIP");
        assert_eq!(of_pack(rule, "la", &notebook(id, version("1"))), "FAIL");
    }
}
