//! Why a value of Terraform source is known later, as a note names it.

use rstest::rstest;
use v2only_guardrails::Settings;
use v2only_guardrails::iac::source::{SourceFile, Sources};

/// The reasons for one instance with these tokens.
fn whys(tokens: &str) -> Vec<String> {
    let text = format!(
        "resource \"aws_instance\" \"web\" {{\n  metadata_options {{\n    http_tokens = {tokens}\n  }}\n}}\n\
         variable \"later\" {{}}\n"
    );
    let file = SourceFile::read("main.tf", &text).unwrap();
    let found = Sources::new(vec![file]).findings(&Settings::shipped());
    found.into_iter().map(|(_, it)| it.why.replace("http_tokens depends on ", "")).collect()
}

const LATER: &str = "var.later, which has no default";

#[rstest]
#[case("var.later", LATER)]
#[case("var.later[0].tokens", LATER)]
#[case("one([for it in (var.none ? [\"a\"] : var.later) : it])", LATER)]
#[case("one([for it in var.later : it])", LATER)]
#[case("one([for it in 1 : it])", "a for expression")]
#[case("one([for it in [1] : it if var.later])", LATER)]
#[case("{ (var.later) = 1 }.a", LATER)]
#[case("{ (null) = 1 }.a", "the key of a map")]
#[case("concat(var.later...)", LATER)]
#[case("concat(1...)", "an expanded argument")]
#[case("lower(var.later)", LATER)]
#[case("file(\"a\")", "the function file")]
#[case("one([1, 2])", "the function one")]
#[case("compact([var.later])[0]", LATER)]
#[case("\"a${var.later}\"", LATER)]
#[case("\"%{ if true }a%{ endif }\"", "a template directive")]
#[case("local.none", "local.none, which is not declared")]
#[case("data.aws_ssm_parameter.it.value", "data.aws_ssm_parameter.it.value")]
#[case("aws_instance.none.id", "aws_instance.none, which is not declared")]
#[case("path.module", "path.module")]
#[case("\"a\" + 1", "an operator")]
fn a_value_that_is_known_later_names_what_decides(#[case] tokens: &str, #[case] why: &str) {
    assert_eq!(whys(tokens), [why]);
}
