//! Folders of Terraform: which files are read, how modules call each other, and how often a resource is created.

use rstest::rstest;
use v2only_guardrails::Settings;
use v2only_guardrails::iac::Counts;
use v2only_guardrails::iac::source::{SourceFile, Sources, normal};

/// The findings in some files as `address: why`.
pub(super) fn whys(files: &[(&str, &str)]) -> Vec<String> {
    let read = |(path, text): &(&str, &str)| SourceFile::read(path, text).unwrap_or_else(|it| panic!("{it}"));
    let findings = Sources::new(files.iter().map(read).collect()).findings(&Settings::shipped());
    findings.into_iter().map(|(_, it)| format!("{}: {}", it.address, it.why)).collect()
}

pub(super) fn instance(before: &str, tokens: &str) -> String {
    format!(
        "resource \"aws_instance\" \"web\" {{\n{before}  metadata_options {{\n    http_tokens = {tokens}\n  }}\n}}\n"
    )
}

#[rstest]
#[case("main.tf", true, true, "terraform")]
#[case("a/main.tf.json", true, true, "terraform")]
#[case("main.tofu", true, true, "terraform")]
#[case("main.tofu.json", true, true, "terraform")]
#[case("terraform.tfvars", true, false, "terraform")]
#[case("terraform.tfvars.json", true, false, "terraform")]
#[case("a.auto.tfvars", true, false, "terraform")]
#[case("a.auto.tfvars.json", true, false, "terraform")]
#[case("prod.tfvars", false, false, "terraform")]
#[case("a.pkr.hcl", true, true, "packer")]
#[case("a.pkr.json", true, true, "packer")]
#[case("a.auto.pkrvars.hcl", true, false, "packer")]
#[case("a.auto.pkrvars.json", true, false, "packer")]
#[case("a.pkrvars.hcl", false, false, "terraform")]
#[case("main.tf/readme.md", false, false, "terraform")]
fn a_file_is_what_its_name_says(
    #[case] path: &str,
    #[case] is_read: bool,
    #[case] has_resources: bool,
    #[case] language: &str,
) {
    assert_eq!(
        (SourceFile::is_one(path), SourceFile::has_resources(path), SourceFile::language(path)),
        (is_read, has_resources, language)
    );
}

/// Later files of values win: `terraform.tfvars`, `terraform.tfvars.json`, and the others by their names.
#[test]
fn files_of_values_are_read_in_the_order_of_terraform() {
    let main = instance("", "var.it") + "variable \"it\" {}\n";
    let json = |value: &str| format!("{{\"it\": \"{value}\"}}");
    let hcl = |value: &str| format!("it = \"{value}\"\n");
    let order = [
        ("terraform.tfvars", hcl("a")),
        ("terraform.tfvars.json", json("b")),
        ("a.auto.tfvars", hcl("c")),
        ("b.auto.tfvars.json", json("d")),
    ];
    for count in 1..=order.len() {
        let mut files = vec![("main.tf", main.as_str())];
        files.extend(order.iter().take(count).rev().map(|(path, text)| (*path, text.as_str())));
        let last = ["a", "b", "c", "d"][count - 1];
        assert_eq!(whys(&files), [format!("aws_instance.web: http_tokens is {last}")]);
    }
}

#[rstest]
#[case("override.tf", true)]
#[case("a_override.tf", true)]
#[case("my-override.tf", false)]
#[case("overrides.tf", false)]
fn only_override_files_change_other_files(#[case] name: &str, #[case] overrides: bool) {
    let main = "resource \"aws_instance\" \"web\" {\n  dynamic \"metadata_options\" {\n    for_each = [\"optional\"]\n    \
                content {\n      http_tokens = metadata_options.value\n    }\n  }\n}\n";
    let found = whys(&[("main.tf", main), (name, &instance("", "\"required\""))]);
    assert_eq!(found.is_empty(), overrides, "{found:?}");
}

#[test]
fn an_override_changes_variables_and_calls() {
    let module = instance("", "var.tokens") + "variable \"tokens\" {\n  default = \"a\"\n}\n";
    let call =
        "module \"m\" {\n  source = \"./m\"\n  tokens = var.it\n}\nvariable \"it\" {\n  default = \"b\"\n}\n";
    let files =
        |changed: &str| whys(&[("main.tf", call), ("x_override.tf", changed), ("m/main.tf", &module)]);
    assert_eq!(files(""), ["module.m.aws_instance.web: http_tokens is b"]);
    let variable = files("variable \"it\" {\n  default = \"c\"\n}\n");
    assert_eq!(variable, ["module.m.aws_instance.web: http_tokens is c"]);
    let argument = files("module \"m\" {\n  tokens = \"d\"\n}\n");
    assert_eq!(argument, ["module.m.aws_instance.web: http_tokens is d"]);
}

#[test]
fn a_path_has_no_dots_where_that_is_possible() {
    for (path, expected) in [
        ("a/./b//c", "a/b/c"),
        ("a/../b", "b"),
        ("../a", "../a"),
        ("../../a/..", "../.."),
        ("/a/../b", "/b"),
        ("", ""),
        (".", ""),
    ] {
        assert_eq!(normal(path), expected, "{path}");
    }
}

#[rstest]
#[case("live", "./m", Some("live/m"))]
#[case("live", "../m", Some("m"))]
#[case("live", "..", Some(""))]
#[case("live/a", "../../m/", Some("m"))]
#[case("/live", "./m", Some("/live/m"))]
#[case("live", "m", None)]
#[case("live", "terraform-aws-modules/m/aws", None)]
fn a_source_with_dots_is_a_folder(#[case] from: &str, #[case] source: &str, #[case] folder: Option<&str>) {
    let text = format!("module \"m\" {{\n  source = \"{source}\"\n}}\n");
    let file = SourceFile::read(&format!("{from}/main.tf"), &text).unwrap();
    assert_eq!(file.local_modules(), folder.into_iter().collect::<Vec<_>>());
    let counted = if folder.is_some() { Counts::default() } else { Counts { named: 1, ..Counts::default() } };
    assert_eq!(file.counts(), counted);
}

#[test]
fn resources_are_counted_by_what_is_done_with_them() {
    let text = "resource \"aws_instance\" \"a\" {}\nresource \"aws_autoscaling_group\" \"a\" {}\n\
                resource \"aws_cloud9_environment_ec2\" \"a\" {}\nresource \"aws_s3_bucket\" \"a\" {}\n\
                data \"aws_instance\" \"a\" {}\nmodule \"a\" {\n  source = var.it\n}\nmodule \"b\" {\n  source = \"./b\"\n}\n\
                source \"amazon-ebs\" \"a\" {}\n";
    let counts = |path: &str| SourceFile::read(path, text).unwrap().counts();
    assert_eq!(counts("main.tf"), Counts { judged: 1, named: 3, other: 1 });
    assert_eq!(counts("web.pkr.hcl"), Counts { judged: 1, named: 0, other: 0 });
    let other = SourceFile::read("web.pkr.hcl", "source \"docker\" \"a\" {}\n").unwrap().counts();
    assert_eq!(other, Counts { judged: 0, named: 0, other: 1 });
}

#[rstest]
#[case::none("  count = 0\n", "count.index", &["aws_instance.web: http_tokens depends on VALUE"])]
#[case::each_index("  count = 2\n", "count.index == 1 ? \"a\" : \"b\"", &["aws_instance.web[0]: http_tokens is b", "aws_instance.web[1]: http_tokens is a"])]
#[case::same("  count = 2\n", "\"a\"", &["aws_instance.web: http_tokens is a"])]
#[case::later("  count = var.later\n", "\"a${count.index}\"", &["aws_instance.web: http_tokens depends on count.index"])]
#[case::map("  for_each = { x = \"a\", y = \"required\" }\n", "each.value", &["aws_instance.web[\"x\"]: http_tokens is a"])]
#[case::key("  for_each = { x = \"a\" }\n", "each.key", &["aws_instance.web: http_tokens is x"])]
#[case::set("  for_each = toset([\"a\", \"required\"])\n", "each.key", &["aws_instance.web[\"a\"]: http_tokens is a"])]
#[case::for_each_later("  for_each = var.later\n", "each.value", &["aws_instance.web: http_tokens depends on var.later, which is not declared"])]
#[case::no_map("  for_each = 1\n", "each.value", &["aws_instance.web: http_tokens depends on for_each"])]
fn a_resource_is_judged_as_often_as_it_is_created(
    #[case] repeated: &str,
    #[case] tokens: &str,
    #[case] expected: &[&str],
) {
    let found = whys(&[("main.tf", &instance(repeated, tokens))]);
    if expected.iter().any(|it| it.ends_with("VALUE")) {
        assert!(
            found.len() == 1 && found[0].ends_with("but count is 0 here, so nothing is created"),
            "{found:?}"
        );
        return;
    }
    assert_eq!(found, expected);
}

#[test]
fn a_hundred_copies_are_told_apart() {
    let found = |count: u32| {
        whys(&[(
            "main.tf",
            &instance(&format!("  count = {count}\n"), "count.index == 99 ? \"a\" : \"required\""),
        )])
    };
    assert_eq!(found(100), ["aws_instance.web[99]: http_tokens is a"]);
    assert_eq!(found(101), ["aws_instance.web: http_tokens is a, in one case of `count.index == 99`"]);
    let found = |count: u32| {
        let keys: String = (0..count).map(|it| format!("\"k{it}\", ")).collect();
        let repeated = format!("  for_each = toset([{keys}])\n");
        whys(&[("main.tf", &instance(&repeated, "each.key == \"k99\" ? \"a\" : \"required\""))])
    };
    assert_eq!(found(100), ["aws_instance.web[\"k99\"]: http_tokens is a"]);
    assert_eq!(found(101), ["aws_instance.web: http_tokens is a, in one case of `each.key == \"k99\"`"]);
}

#[test]
fn nothing_in_a_module_that_is_not_called_is_created() {
    let module = instance("", "\"a\"");
    for (repeated, why) in [("count = 0", "count is 0"), ("for_each = {}", "for_each is empty")] {
        let call = format!("module \"m\" {{\n  source = \"./m\"\n  {repeated}\n}}\n");
        let found = whys(&[("main.tf", &call), ("m/main.tf", &module)]);
        let expected =
            format!("module.m.aws_instance.web: http_tokens is a, but {why} here, so nothing is created");
        assert_eq!(found, [expected]);
    }
}

#[rstest]
#[case("  tokens = null\n", "", "http_tokens is not stated, so the account default and the AMI decide")]
#[case("  tokens = null\n", "  nullable = false\n", "http_tokens is a")]
#[case(
    "  tokens = null\n",
    "  nullable = true\n",
    "http_tokens is not stated, so the account default and the AMI decide"
)]
#[case("  tokens = \"b\"\n", "  nullable = false\n", "http_tokens is b")]
#[case("", "", "http_tokens is a")]
fn a_call_that_passes_null_keeps_the_default_only_if_the_variable_says_so(
    #[case] passed: &str,
    #[case] nullable: &str,
    #[case] why: &str,
) {
    let call = format!("module \"m\" {{\n  source = \"./m\"\n{passed}}}\n");
    let module =
        instance("", "var.tokens") + &format!("variable \"tokens\" {{\n  default = \"a\"\n{nullable}}}\n");
    let found = whys(&[("main.tf", &call), ("m/main.tf", &module)]);
    assert_eq!(found, [format!("module.m.aws_instance.web: {why}")]);
}

#[test]
fn a_condition_in_a_module_is_named_with_the_module() {
    let module = instance("", "var.safe ? \"required\" : \"a\"") + "variable \"safe\" {}\n";
    let call = "module \"m\" {\n  source = \"./m\"\n  safe = var.safe\n}\n";
    let found = whys(&[("main.tf", call), ("m/main.tf", &module)]);
    assert_eq!(found, ["module.m.aws_instance.web: http_tokens is a, in one case of `var.safe in module.m`"]);
}

/// Thirty-two calls lead to a module, and no more.
#[test]
fn modules_within_modules_are_followed_up_to_a_limit() {
    let found = |depth: usize| {
        let path = |it: usize| if it == 0 { "main.tf".to_owned() } else { format!("m{it}/main.tf") };
        let text = |number: usize| {
            let source = if number == 0 { "./m1".to_owned() } else { format!("../m{}", number + 1) };
            if number == depth {
                instance("", "\"required\"")
            } else {
                format!("module \"m\" {{\n  source = \"{source}\"\n}}\n")
            }
        };
        let files: Vec<(String, String)> = (0..=depth).map(|it| (path(it), text(it))).collect();
        let files: Vec<(&str, &str)> =
            files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        whys(&files)
    };
    assert_eq!(found(32), [""; 0]);
    let [why] = found(33).try_into().unwrap();
    assert!(
        why.ends_with("the resources of the module are not read: it is within 32 other modules"),
        "{why}"
    );
}

#[test]
fn two_thousand_instances_of_modules_are_judged_and_no_more() {
    let found = |calls: usize| {
        let calls: String = (0..calls)
            .map(|it| format!("module \"m{it}\" {{\n  source = \"./m\"\n  count = 100\n}}\n"))
            .collect();
        whys(&[("main.tf", &calls), ("m/main.tf", "locals {}\n")])
    };
    assert_eq!(found(20), [""; 0]);
    assert_eq!(found(21).len(), 1);
}

#[rstest]
#[case("value", "", &["http_tokens is a"])]
#[case("it.value", "    iterator = it\n", &["http_tokens is a"])]
#[case("metadata_options.value", "    iterator = it\n", &["http_tokens depends on metadata_options.value, which is not declared"])]
fn a_dynamic_block_has_the_name_of_its_iterator(
    #[case] tokens: &str,
    #[case] iterator: &str,
    #[case] expected: &[&str],
) {
    let tokens = if tokens == "value" { "metadata_options.value" } else { tokens };
    let text = format!(
        "resource \"aws_instance\" \"web\" {{\n  dynamic \"metadata_options\" {{\n    for_each = {{ x = \"a\" }}\n{iterator}    \
         content {{\n      http_tokens = {tokens}\n    }}\n  }}\n}}\n"
    );
    let found: Vec<String> =
        whys(&[("main.tf", &text)]).into_iter().map(|it| it.replace("aws_instance.web: ", "")).collect();
    assert_eq!(found, expected);
}

/// The launch template of a group: named where it is outside of the files, and judged where it stands otherwise.
#[rstest]
#[case("aws_launch_template.it.id", None)]
#[case("awscc_ec2_launch_template.it.launch_template_id", None)]
#[case("tostring(aws_launch_template.it.id)", None)]
#[case("format(\"%s\", aws_launch_template.it.id)", None)]
#[case("lower(aws_launch_template.it.id)", Some("the launch template depends on aws_launch_template.it.id"))]
#[case("format(\"%s\", var.it)", Some("the launch template depends on var.it, which is not declared"))]
#[case("join(\"\", [aws_launch_template.it.id])", Some("the launch template depends on the function join"))]
#[case("aws_instance.other.id", Some("the launch template depends on aws_instance.other.id"))]
#[case(
    "aws_launch_template.gone.id",
    Some("the launch template depends on aws_launch_template.gone, which is not declared")
)]
#[case("\"lt-1\"", Some("the launch template lt-1 is not in these files"))]
fn a_launch_template_is_inside_or_named(#[case] id: &str, #[case] why: Option<&str>) {
    let right = "  metadata_options {\n    http_tokens = \"required\"\n  }\n";
    let nested = "  launch_template_data = { metadata_options = { http_tokens = \"required\" } }\n";
    let beside = format!(
        "resource \"aws_launch_template\" \"it\" {{\n{right}}}\nresource \"aws_instance\" \"other\" {{\n{right}}}\n\
         resource \"awscc_ec2_launch_template\" \"it\" {{\n{nested}}}\n"
    );
    let blocks = [
        ("aws_autoscaling_group", format!("launch_template {{\n    id = {id}\n  }}")),
        ("aws_autoscaling_group", format!("launch_template {{\n    name = {id}\n  }}")),
        (
            "aws_autoscaling_group",
            format!(
                "mixed_instances_policy {{\n    launch_template {{\n      launch_template_specification {{\n        \
                 launch_template_id = {id}\n      }}\n    }}\n  }}"
            ),
        ),
        (
            "aws_ec2_fleet",
            format!(
                "launch_template_config {{\n    launch_template_specification {{\n      launch_template_name = {id}\n    }}\n  }}"
            ),
        ),
        (
            "aws_batch_compute_environment",
            format!(
                "compute_resources {{\n    launch_template {{\n      launch_template_id = {id}\n    }}\n  }}"
            ),
        ),
    ];
    for (kind, block) in blocks {
        let text = format!("resource \"{kind}\" \"g\" {{\n  {block}\n}}\n{beside}");
        let found = whys(&[("main.tf", &text)]);
        let expected = why.map(|it| format!("{kind}.g: {it}, and decides"));
        assert_eq!(found, expected.into_iter().collect::<Vec<_>>(), "{block}");
    }
}
