//! The hop limit of the policy document against each language of infrastructure code. Tokens are always required here.

use serde_json::json;
use v2only_guardrails::Settings;
use v2only_guardrails::check::Level;
use v2only_guardrails::iac::cloudformation::Template;
use v2only_guardrails::iac::guard;
use v2only_guardrails::iac::kubernetes::Manifests;
use v2only_guardrails::iac::source::{SourceFile, Sources};
use v2only_guardrails::iac::{Finding, terraform};
use v2only_policy::settings::{HopLimit, HopLimitRule};

fn settings(hop_limit: HopLimitRule) -> Settings {
    Settings { hop_limit, ..Settings::shipped() }
}

fn max(hops: i64) -> HopLimitRule {
    HopLimitRule::Max(HopLimit::new(hops).unwrap())
}

fn exactly(hops: i64) -> HopLimitRule {
    HopLimitRule::Exactly(HopLimit::new(hops).unwrap())
}

/// What is found in a file whose hop limit is this text.
type Language = fn(&str, &Settings) -> Vec<Finding>;

fn template(hops: &str, settings: &Settings) -> Vec<Finding> {
    let text = format!(
        "Resources:\n  Web:\n    Type: AWS::EC2::Instance\n    Properties:\n      MetadataOptions:\n        HttpTokens: \
         required\n        HttpPutResponseHopLimit: {hops}\n"
    );
    Template::read(&text).unwrap().unwrap().findings(settings)
}

fn plan(hops: &str, settings: &Settings) -> Vec<Finding> {
    let options =
        json!([{ "http_tokens": "required", "http_put_response_hop_limit": hops.parse::<u64>().unwrap() }]);
    let change = json!({
        "address": "aws_instance.web", "type": "aws_instance", "mode": "managed",
        "change": { "actions": ["create"], "after": { "metadata_options": options }, "after_unknown": {} },
    });
    terraform::findings(&json!({ "format_version": "1.2", "resource_changes": [change] }), settings)
}

fn sources(path: &str, block: &str, hops: &str, settings: &Settings) -> Vec<Finding> {
    let text = format!(
        "{block} {{\n  imds_support = \"v2.0\"\n  metadata_options {{\n    http_tokens = \"required\"\n    \
         http_put_response_hop_limit = {hops}\n  }}\n}}\n"
    );
    let files = vec![SourceFile::read(path, &text).unwrap()];
    Sources::new(files).findings(settings).into_iter().map(|(_, it)| it).collect()
}

fn source(hops: &str, settings: &Settings) -> Vec<Finding> {
    sources("main.tf", "resource \"aws_instance\" \"web\"", hops, settings)
}

fn packer(hops: &str, settings: &Settings) -> Vec<Finding> {
    sources("web.pkr.hcl", "source \"amazon-ebs\" \"web\"", hops, settings)
}

fn object(hops: &str, settings: &Settings) -> Vec<Finding> {
    let text = format!(
        "apiVersion: karpenter.k8s.aws/v1\nkind: EC2NodeClass\nspec:\n  metadataOptions:\n    httpTokens: required\n    \
         httpPutResponseHopLimit: {hops}\n"
    );
    Manifests::read(&text).unwrap().unwrap().findings(settings)
}

const LANGUAGES: [(&str, Language); 5] =
    [("template", template), ("plan", plan), ("source", source), ("packer", packer), ("object", object)];

#[test]
fn each_language_is_judged_by_the_hop_limit_of_the_document() {
    for (rule, hops, right) in [
        (HopLimitRule::Keep, "1", true),
        (HopLimitRule::Keep, "64", true),
        (max(2), "1", true),
        (max(2), "2", true),
        (max(2), "3", false),
        (exactly(2), "1", false),
        (exactly(2), "2", true),
        (exactly(2), "3", false),
    ] {
        for (language, found) in LANGUAGES {
            let findings = found(hops, &settings(rule));
            let codes: Vec<_> = findings.iter().map(|it| (it.code, it.level)).collect();
            let expected: &[_] = if right { &[] } else { &[("hop-limit", Level::Error)] };
            assert_eq!(codes, expected, "{language}, {hops} hops by {rule:?}");
            for finding in findings {
                assert!(finding.why.ends_with(&format!(" is {hops}")), "{language}: {}", finding.why);
                assert!(finding.instead.contains('2'), "{language}: {}", finding.instead);
            }
        }
    }
}

#[test]
fn a_hop_limit_that_is_no_number_is_wrong_or_filled_in_later() {
    let found = |found: Language, hops: &str| {
        let findings = found(hops, &settings(max(2)));
        findings.into_iter().map(|it| format!("{}: {}", it.code, it.why)).collect::<Vec<_>>()
    };
    let why = "hop-limit: HttpPutResponseHopLimit is two, which is no number";
    assert_eq!(found(template, "two"), [why]);
    assert_eq!(found(object, "two"), ["hop-limit: httpPutResponseHopLimit is two"]);
    assert_eq!(found(object, "[]"), ["hop-limit: httpPutResponseHopLimit is no number"]);
    assert_eq!(found(object, "${HOPS}"), ["cannot-tell: httpPutResponseHopLimit is ${HOPS}"]);
    assert_eq!(found(object, ""), [""; 0]);
}

#[test]
fn the_rules_for_guard_have_the_hop_limit_of_the_document() {
    let text = |rule| {
        let files = guard::files(&settings(rule));
        files.into_iter().find(|it| it.path == "guard/hop-limit.guard").map(|it| it.text)
    };
    assert_eq!(text(HopLimitRule::Keep), None);
    assert!(text(max(3)).unwrap().contains("<= 3"));
    assert!(text(exactly(3)).unwrap().contains("== 3"));
}
