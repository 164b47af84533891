//! Source files of Terraform whose values grow with each step: they are judged in a moment, or a note says that they are not.

use v2only_guardrails::iac::source::SourceFile;

use super::source::{NOTE, codes, instance};

#[test]
fn values_that_grow_are_no_danger() {
    let lists: String =
        (1..60).map(|it| format!("  a{it} = concat(local.a{0}, local.a{0})\n", it - 1)).collect();
    let texts: String =
        (1..60).map(|it| format!("  b{it} = \"${{local.b{0}}}${{local.b{0}}}\"\n", it - 1)).collect();
    let nested: String = (1..60).map(|it| format!("  c{it} = [local.c{0}, local.c{0}]\n", it - 1)).collect();
    let locals = format!("locals {{\n  a0 = [1]\n  b0 = \"x\"\n  c0 = \"x\"\n{lists}{texts}{nested}}}\n");
    assert_eq!(codes(&instance("local.a59[0]", &locals)), NOTE);
    assert_eq!(codes(&instance("local.b59", &locals)), NOTE);
    assert!(!codes(&instance("local.c59[0]", &locals)).is_empty());
    let maps: String =
        (1..60).map(|it| format!("  d{it} = {{ a = local.d{0}, b = local.d{0} }}\n", it - 1)).collect();
    let chosen: String =
        (1..60).map(|it| format!("  e{it} = [var.a{it} ? local.e{0} : [local.e{0}]]\n", it - 1)).collect();
    let locals = format!("locals {{\n  d0 = \"x\"\n  e0 = \"x\"\n{maps}{chosen}}}\n");
    assert!(!codes(&instance("local.d59.a", &locals)).is_empty());
    assert!(!codes(&instance("local.e59[0]", &locals)).is_empty());
    assert!(
        !codes(&instance("contains(local.e59, 1) || local.d59 == local.d58 ? \"required\" : \"a\"", &locals))
            .is_empty()
    );
}

/// The library reads the operands of a wrong one twice at each level, and refuses deeper nesting by itself.
#[test]
fn a_wrong_operand_within_operands_is_refused_at_once() {
    let nested = format!("1 % 0 - {}{{ a / 0 & 0 }}", "{ a % 5 - ".repeat(40));
    let error = SourceFile::read("main.tf", &format!("locals {{\n  x = {nested}\n}}\n")).unwrap_err();
    assert_eq!((error.at.line, error.at.column), (2, 115));
    assert!(error.message.contains("more than 10 brackets"), "{error}");
    let as_json = format!("{{\"locals\": [{{\"x\": \"${{{nested}}}\"}}]}}");
    assert!(SourceFile::read("main.tf.json", &as_json).is_ok(), "only this value is unknown");
}

#[test]
fn deep_texts_and_long_chains_are_no_danger() {
    let deep = format!("a = {}1{}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(SourceFile::read("main.tf", &deep).is_err());
    let chain: String = (0..10_000).map(|it| format!("  a{it} = local.a{}\n", it + 1)).collect();
    let text = instance("local.a0", &format!("locals {{\n{chain}}}\n"));
    assert_eq!(codes(&text), NOTE);
    // Each condition doubles the cases, which are not all told apart.
    let many: String =
        (0..40).map(|it| format!("  {}", format_args!("(var.a{it} ? \"x\" : \"y\"),\n"))).collect();
    let text = instance(&format!("join(\"\", [\n{many}])"), "");
    assert!(!codes(&text).is_empty());
    let many: String = (0..40).map(|it| format!("${{var.a{it} ? \"x\" : \"y\"}}")).collect();
    assert_eq!(codes(&instance(&format!("\"{many}\""), "")), NOTE);
}
