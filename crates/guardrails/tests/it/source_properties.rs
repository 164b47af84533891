//! Source files of Terraform at random: reading one ends, and an instance without tokens is never passed over.

use proptest::prelude::*;
use v2only_guardrails::iac::source::SourceFile;

use super::source::found;

/// Expressions of all kinds. None is the text `required`.
fn expression() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        "[a-z]{1,5}".prop_map(|it| format!("\"{it}\"")),
        "[0-9]{1,3}",
        "[a-z]{1,3}".prop_map(|it| format!("var.{it}")),
        "[a-z]{1,3}".prop_map(|it| format!("local.{it}.x")),
        Just("each.value".to_owned()),
        Just("aws_launch_template.it.id".to_owned()),
        Just("module.m.out".to_owned()),
    ];
    leaf.prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone(), inner.clone()).prop_map(|(a, b, c)| format!("({a} ? {b} : {c})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} == {b})")),
            prop::collection::vec(inner.clone(), 0..3).prop_map(|it| format!("[{}]", it.join(", "))),
            (inner.clone(), "[a-z]{1,3}").prop_map(|(a, key)| format!("{{ {key} = {a} }}")),
            (
                inner.clone(),
                prop_oneof![
                    Just("try"),
                    Just("one"),
                    Just("lookup"),
                    Just("coalesce"),
                    Just("merge"),
                    Just("x")
                ]
            )
                .prop_map(|(a, name)| format!("{name}({a})")),
            inner.clone().prop_map(|it| format!("[for x in {it} : x]")),
            inner.prop_map(|it| format!("{it}[0]")),
        ]
    })
}

proptest! {
    /// What was not understood is never taken for right.
    #[test]
    fn an_instance_without_tokens_is_never_passed_over(
        count in prop::option::of(expression()),
        for_each in prop::option::of(expression()),
        hops in prop::option::of(expression()),
        dynamic in prop::option::of(expression()),
        local in expression(),
        default in prop::option::of(expression()),
    ) {
        let mut body = String::new();
        if let Some(it) = &count {
            body.push_str(&format!("  count = {it}\n"));
        } else if let Some(it) = &for_each {
            body.push_str(&format!("  for_each = {it}\n"));
        }
        if let Some(it) = &dynamic {
            body.push_str(&format!("  dynamic \"metadata_options\" {{\n    for_each = {it}\n    content {{\n      instance_metadata_tags = {it}\n    }}\n  }}\n"));
        } else if let Some(it) = &hops {
            body.push_str(&format!("  metadata_options {{\n    http_put_response_hop_limit = {it}\n  }}\n"));
        }
        let default = default.map(|it| format!("  default = {it}\n")).unwrap_or_default();
        let text = format!(
            "resource \"aws_instance\" \"web\" {{\n{body}}}\nlocals {{\n  a = {local}\n}}\nvariable \"a\" {{\n{default}}}\n\
             module \"m\" {{\n  source = \"./gone\"\n}}\n"
        );
        let all = found(&[("main.tf", &text)]);
        prop_assert!(all.iter().any(|(_, it)| it.address.starts_with("aws_instance.web")), "{text}\n{all:?}");
    }

    /// Whatever the text is, reading it ends.
    #[test]
    fn any_text_is_read_or_refused(text in "[a-z{}\\[\\]()\"$%?:=<>! \n\\\\.*,#/]{0,80}") {
        let _ = SourceFile::read("main.tf", &text);
        let _ = SourceFile::read("main.tf.json", &text);
    }
}
