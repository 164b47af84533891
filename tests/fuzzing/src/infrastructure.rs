//! Templates, plans and source files: what `check` reads before a deployment.

use jiff::civil::{Date, date};
use serde_json::Value;
use v2only_guardrails::Settings;
use v2only_guardrails::iac::cloudformation::{Template, Unreadable};
use v2only_guardrails::iac::kubernetes::Manifests;
use v2only_guardrails::iac::source::{PackerTemplate, SourceFile, Sources};
use v2only_guardrails::iac::suppression::{Directive, Judged};
use v2only_guardrails::iac::{CODES, Counts, Finding, terraform};
use v2only_policy::exemption::TagExemptions;

use crate::corpus;
use crate::marks::{Lines, harmless_in_print};

const TODAY: Date = date(2026, 11, 1);

/// Every resource with a switch either states one of these words, or refers to something, or is reported. Parts of words
/// are enough to be careful: an escape or a function may put them together.
const MAY_BE_CLOSED: [&str; 14] = [
    "quire",
    "disable",
    "v2.0",
    "inimum",
    "EC2NodeClass",
    "ClusterConfig",
    "\\",
    "true",
    "<<",
    "count",
    "each",
    "ondition",
    // A copy of an image has what the image has, and no switch.
    "ami_copy",
    "ami_from_instance",
];

pub(crate) fn templates() -> Vec<Vec<u8>> {
    let mut seeds =
        corpus::files(&["policies/cloudformation", "policies/config", "policies/guard"], &[".yaml", ".json"]);
    seeds.extend(corpus::literals(&["crates/guardrails/tests", "crates/cli/tests"], &["AWS::"]));
    seeds.extend(corpus::code_blocks("yaml", &["AWS::"]));
    seeds
}

pub(crate) fn manifests() -> Vec<Vec<u8>> {
    let words = ["apiVersion", "builders"];
    let mut seeds =
        corpus::literals(&["crates/guardrails/tests", "crates/guardrails/src", "crates/cli/tests"], &words);
    seeds.extend(corpus::code_blocks("yaml", &words));
    seeds
}

pub(crate) fn plans() -> Vec<Vec<u8>> {
    let mut seeds = corpus::literals(&["crates/guardrails/tests", "crates/cli/tests"], &["resource_changes"]);
    seeds.push(PLAN.as_bytes().to_vec());
    seeds.push(COPY.as_bytes().to_vec());
    seeds
}

/// The tests put plans together; this one has a resource of each shape.
const PLAN: &str = r#"{"format_version": "1.2", "resource_changes": [
  {"address": "aws_instance.a", "mode": "managed", "type": "aws_instance", "name": "a", "change": {"actions": ["create"],
    "after": {"metadata_options": [{"http_tokens": "optional", "http_put_response_hop_limit": 2}]}, "after_unknown": {}}},
  {"address": "aws_launch_template.b", "mode": "managed", "type": "aws_launch_template", "name": "b", "change": {
    "actions": ["update"], "after": {"name": "b"}, "after_unknown": {"metadata_options": true}}},
  {"address": "aws_ec2_instance_metadata_defaults.c", "mode": "managed", "type": "aws_ec2_instance_metadata_defaults",
    "name": "c", "change": {"actions": ["create"], "after": {"http_tokens": "required"}, "after_unknown": {}}},
  {"address": "aws_sagemaker_notebook_instance.d", "mode": "managed", "type": "aws_sagemaker_notebook_instance",
    "name": "d", "change": {"actions": ["delete", "create"], "after": {"instance_metadata_service_configuration": []}}}],
  "configuration": {"root_module": {"resources": [{"address": "aws_instance.a", "expressions": {
    "launch_template": [{"id": {"references": ["aws_launch_template.b.id"]}}]}}]}}}"#;

const COPY: &str = r#"{"format_version": "1.2", "resource_changes": [
  {"address": "aws_ami_copy.a", "mode": "managed", "type": "aws_ami_copy", "name": "a", "change": {"actions": ["create"],
    "after": {"name": "a"}, "after_unknown": {}}}]}"#;

pub(crate) fn sources() -> Vec<Vec<u8>> {
    let words = ["resource \"", "variable \"", "locals {", "module \"", "source \"", "dynamic \""];
    let mut seeds = corpus::files(&["infra/terraform"], &[".tf"]);
    seeds.extend(corpus::literals(&["crates/guardrails/tests", "crates/cli/tests"], &words));
    seeds.extend(corpus::code_blocks("hcl", &words));
    seeds
}

pub(crate) fn sources_as_json() -> Vec<Vec<u8>> {
    let words = ["\"resource\"", "\"variable\"", "\"locals\"", "\"module\"", "aws_instance"];
    let mut seeds = corpus::literals(&["crates/guardrails/tests", "crates/cli/tests"], &words);
    seeds.retain(|seed| seed.starts_with(b"{") || seed.starts_with(b"["));
    seeds
}

pub(crate) fn template(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    match Template::read(text) {
        Ok(Some(template)) => {
            let settings = Settings::shipped();
            let findings = template.findings(&settings);
            hold(text, &findings, template.counts());
            excused(&findings, &template.directives(text));
            hold(text, &template.with_parameter_defaults().findings(&settings), Counts::default());
        }
        Ok(None) => {}
        Err(why) => unreadable(text, &why),
    }
}

pub(crate) fn manifest(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let settings = Settings::shipped();
    match Manifests::read(text) {
        Ok(Some(manifests)) => hold(text, &manifests.findings(&settings), manifests.counts()),
        Ok(None) => {}
        Err(why) => unreadable(text, &why),
    }
    match PackerTemplate::read(text) {
        Ok(Some(template)) => hold(text, &template.findings(&settings), template.counts()),
        Ok(None) => {}
        Err(why) => unreadable(text, &why),
    }
}

pub(crate) fn plan(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let _ = (
        terraform::is_plan_stream(text),
        terraform::is_plan_for_people(text),
        terraform::is_wrapped_plan(text),
    );
    let Ok(plan) = serde_json::from_str::<Value>(text) else { return };
    let _ = (terraform::is_plan(&plan), terraform::is_state(&plan));
    let findings = terraform::findings(&plan, &Settings::shipped());
    hold(text, &findings, terraform::counts(&plan));
    assert!(findings.iter().all(|finding| finding.at.is_none()), "a plan has no lines");
}

pub(crate) fn hcl(bytes: &[u8]) {
    source("main.tf", bytes);
    source("main.pkr.hcl", bytes);
    source("terraform.tfvars", bytes);
}

pub(crate) fn hcl_json(bytes: &[u8]) {
    source("main.tf.json", bytes);
    source("main.pkr.json", bytes);
}

fn source(path: &str, bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let lines = if path.ends_with(".json") { Lines::of_yaml(text) } else { Lines::of_hcl(text) };
    match SourceFile::read(path, text) {
        Ok(file) => {
            for (address, first, last) in file.blocks() {
                assert!(first <= last, "{address} ends in line {last}, before line {first}");
            }
            for folder in file.local_modules() {
                assert!(!folder.starts_with("//"), "{folder} is no folder");
            }
            let (counts, directives) = (file.counts(), file.directives(text));
            let findings = Sources::new(vec![file]).findings(&Settings::shipped());
            let findings: Vec<Finding> = findings.into_iter().map(|(_, finding)| finding).collect();
            let counts = if path.ends_with(".tf") { counts } else { Counts::default() };
            hold_lines(&lines, text, &findings, counts);
            excused(&findings, &directives);
        }
        Err(why) => lines.hold(why.at, &why.message),
    }
}

fn unreadable(text: &str, why: &Unreadable) {
    Lines::of_yaml(text).hold(why.at, &why.message);
    harmless_in_print(&why.message);
}

fn hold(text: &str, findings: &[Finding], counts: Counts) {
    hold_lines(&Lines::of_yaml(text), text, findings, counts);
}

/// Findings have a code and a position in the text, and are harmless in print. A file with a switch is not clean unless a word in it
/// may have closed the switch.
fn hold_lines(lines: &Lines, text: &str, findings: &[Finding], counts: Counts) {
    for finding in findings {
        assert!(CODES.iter().any(|(code, _)| *code == finding.code), "{} is no code", finding.code);
        if let Some(at) = finding.at {
            lines.hold(at, finding.code);
        }
        harmless_in_print(&format!("{}: {} [{}]", finding.address, finding.why, finding.code));
        finding.instead.lines().filter(|line| !line.is_empty()).for_each(harmless_in_print);
    }
    let open = !MAY_BE_CLOSED.iter().any(|word| text.contains(word));
    assert!(
        !open || counts.judged == 0 || !findings.is_empty(),
        "{} resources are clean in {text}",
        counts.judged
    );
}

/// A suppression moves a finding; it loses none.
fn excused(findings: &[Finding], directives: &[Directive]) {
    let judged = Judged::of(findings.to_vec(), directives, TagExemptions::default(), TODAY);
    let about_others = |finding: &&Finding| !finding.code.starts_with("suppression-");
    let remaining = judged.findings.iter().filter(about_others).count();
    let before = findings.iter().filter(about_others).count();
    assert_eq!(remaining + judged.suppressed.len(), before);
}
