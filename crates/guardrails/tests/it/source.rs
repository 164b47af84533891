//! Source files of Terraform.

use rstest::rstest;
use v2only_guardrails::Settings;
use v2only_guardrails::check::Level;
use v2only_guardrails::iac::Finding;
use v2only_guardrails::iac::source::{SourceFile, Sources};

/// What is found in some files.
pub(super) fn found(files: &[(&str, &str)]) -> Vec<(String, Finding)> {
    let read = |(path, text): &(&str, &str)| SourceFile::read(path, text).unwrap_or_else(|it| panic!("{it}"));
    Sources::new(files.iter().map(read).collect()).findings(&Settings::shipped())
}

/// The level and the code of what is found in one file.
pub(super) fn codes(text: &str) -> Vec<(Level, &'static str)> {
    found(&[("main.tf", text)]).into_iter().map(|(_, it)| (it.level, it.code)).collect()
}

fn whys(files: &[(&str, &str)]) -> Vec<String> {
    found(files).into_iter().map(|(_, it)| format!("{}: {}", it.address, it.why)).collect()
}

pub(super) const NONE: [(Level, &str); 0] = [];
const OPTIONAL: [(Level, &str); 1] = [(Level::Error, "http-tokens-not-required")];
const SILENT: [(Level, &str); 1] = [(Level::Error, "http-tokens-not-stated")];
pub(super) const NOTE: [(Level, &str); 1] = [(Level::Note, "cannot-tell")];

/// An instance with tokens by an expression, beside other blocks.
pub(super) fn instance(tokens: &str, beside: &str) -> String {
    format!(
        "resource \"aws_instance\" \"web\" {{\n  metadata_options {{\n    http_tokens = {tokens}\n  }}\n}}\n{beside}\n"
    )
}

#[test]
fn literals_are_judged_with_their_lines() {
    assert_eq!(codes(&instance("\"required\"", "")), NONE);
    let all = found(&[("main.tf", &instance("\"optional\"", ""))]);
    let (file, finding) = &all[0];
    assert_eq!((file.as_str(), finding.code), ("main.tf", "http-tokens-not-required"));
    assert_eq!(finding.at.map(|it| (it.line, it.column)), Some((3, 5)));
    assert_eq!(finding.address, "aws_instance.web");
    assert!(finding.instead.contains("http_tokens   = \"required\""), "{}", finding.instead);
    assert_eq!(codes("resource \"aws_instance\" \"web\" {}"), SILENT);
    assert_eq!(codes("resource aws_instance web {}"), SILENT);
    assert_eq!(
        codes("resource \"aws_instance\" \"w\" {\n metadata_options {\n http_endpoint = \"disabled\"\n }\n}"),
        NONE
    );
    assert_eq!(codes("resource \"aws_s3_bucket\" \"b\" {}\ndata \"aws_instance\" \"d\" {}"), NONE);
}

#[rstest]
#[case::default("var.it", "variable \"it\" { default = \"optional\" }", &OPTIONAL)]
#[case::right_default("var.it", "variable \"it\" { default = \"required\" }", &NONE)]
#[case::no_default("var.it", "variable \"it\" {}", &NOTE)]
#[case::undeclared("var.it", "", &NOTE)]
#[case::local("local.it", "locals {\n it = local.other\n other = \"optional\"\n}", &OPTIONAL)]
#[case::ring("local.it", "locals {\n it = local.other\n other = local.it\n}", &NOTE)]
#[case::map("local.it[\"a\"].b", "locals {\n it = { a = { b = \"required\" } }\n}", &NONE)]
#[case::template("\"${local.it}\"", "locals {\n it = \"required\"\n}", &NONE)]
#[case::joined("\"req${local.it}\"", "locals {\n it = \"uired\"\n}", &NONE)]
#[case::data("data.aws_ssm_parameter.it.value", "", &NOTE)]
#[case::known_condition("var.it ? \"required\" : \"optional\"", "variable \"it\" { default = false }", &OPTIONAL)]
#[case::open_condition("var.it ? \"required\" : \"optional\"", "variable \"it\" {}", &NOTE)]
#[case::equal_branches("var.it ? \"required\" : \"required\"", "variable \"it\" {}", &NONE)]
#[case::all_violate("var.it ? \"optional\" : null", "variable \"it\" {}", &OPTIONAL)]
#[case::null("null", "", &SILENT)]
#[case::comparison("var.env == \"prod\" ? \"required\" : \"optional\"", "variable \"env\" { default = \"dev\" }", &OPTIONAL)]
#[case::lookup("lookup(var.it, \"tokens\", \"optional\")", "variable \"it\" { default = {} }", &OPTIONAL)]
#[case::attempt("try(var.it.tokens, \"required\")", "variable \"it\" { default = {} }", &NONE)]
#[case::attempt_later("try(var.it.tokens, \"required\")", "variable \"it\" {}", &NOTE)]
#[case::coalesce("coalesce(var.it, \"required\")", "variable \"it\" { default = null }", &NONE)]
#[case::merge("merge(local.a, local.b).t", "locals {\n a = { t = \"required\" }\n b = { t = \"optional\" }\n}", &OPTIONAL)]
#[case::unknown_function("file(\"tokens\")", "", &NOTE)]
#[case::for_expression("[for it in local.it : upper(it) == \"REQUIRED\" ? it : \"optional\"][0]", "locals {\n it = [\"required\"]\n}", &NONE)]
#[case::object_default("var.it.tokens", "variable \"it\" {\n type = object({ tokens = optional(string, \"optional\") })\n default = {}\n}", &OPTIONAL)]
#[case::directive("\"%{ if true }required%{ endif }\"", "", &NOTE)]
fn expressions_are_evaluated(
    #[case] tokens: &str,
    #[case] beside: &str,
    #[case] expected: &[(Level, &'static str)],
) {
    assert_eq!(
        codes(&instance(tokens, beside)),
        expected,
        "{:?}",
        whys(&[("main.tf", &instance(tokens, beside))])
    );
}

#[test]
fn a_note_names_what_decides() {
    let text = instance("var.tokens", "variable \"tokens\" {}");
    assert_eq!(
        whys(&[("main.tf", &text)]),
        ["aws_instance.web: http_tokens depends on var.tokens, which has no default"]
    );
    let text = instance("var.safe ? \"required\" : \"optional\"", "variable \"safe\" {}");
    assert_eq!(
        whys(&[("main.tf", &text)]),
        ["aws_instance.web: http_tokens is optional, in one case of `var.safe`"]
    );
}

#[test]
fn one_condition_chooses_tokens_and_endpoint_together() {
    let text = "variable \"safe\" {}\nresource \"aws_instance\" \"web\" {\n  metadata_options {\n    \
                http_tokens   = var.safe ? \"required\" : \"optional\"\n    \
                http_endpoint = var.safe ? \"enabled\" : \"disabled\"\n  }\n}\n";
    assert_eq!(codes(text), NONE);
}

#[test]
fn files_of_variables_win_over_defaults() {
    let main = instance("var.it", "variable \"it\" { default = \"optional\" }");
    assert_eq!(found(&[("main.tf", &main), ("terraform.tfvars", "it = \"required\"\n")]), []);
    let all = [
        ("main.tf", main.as_str()),
        ("terraform.tfvars", "it = \"required\"\n"),
        ("z.auto.tfvars.json", "{\"it\": \"optional\"}"),
    ];
    assert_eq!(found(&all).len(), 1);
    // Terraform reads other files of variables only when it is told to.
    assert!(!SourceFile::is_one("prod.tfvars"));
}

#[test]
fn an_override_file_replaces_arguments_and_blocks() {
    let changed =
        "resource \"aws_instance\" \"web\" {\n  metadata_options {\n    http_tokens = \"optional\"\n  }\n}\n";
    let all = [("a_override.tf", changed), ("main.tf", &instance("\"required\"", ""))];
    assert_eq!(found(&all).len(), 1);
}

#[rstest]
#[case::made("[1]", "\"optional\"", &OPTIONAL)]
#[case::none("[]", "\"required\"", &SILENT)]
#[case::value("[\"required\"]", "metadata_options.value", &NONE)]
#[case::of_a_map("{ required = 1 }", "metadata_options.key", &NONE)]
#[case::open("var.open", "\"required\"", &NOTE)]
#[case::open_and_bad("var.open", "\"optional\"", &OPTIONAL)]
#[case::open_value("var.open", "metadata_options.value.tokens", &[(Level::Note, "cannot-tell"), (Level::Note, "cannot-tell")])]
#[case::known_null("var.absent == null ? [] : [var.absent]", "metadata_options.value", &SILENT)]
fn dynamic_blocks_are_expanded(
    #[case] for_each: &str,
    #[case] tokens: &str,
    #[case] expected: &[(Level, &'static str)],
) {
    let text = format!(
        "variable \"open\" {{}}\nvariable \"absent\" {{ default = null }}\nresource \"aws_launch_template\" \"web\" {{\n  \
         dynamic \"metadata_options\" {{\n    for_each = {for_each}\n    content {{\n      http_tokens = {tokens}\n    }}\n  }}\n}}\n"
    );
    assert_eq!(codes(&text), expected, "{:?}", whys(&[("main.tf", &text)]));
}

#[test]
fn copies_are_judged_each_and_reported_once_if_they_are_equal() {
    let text = "resource \"aws_instance\" \"web\" {\n  for_each = { a = \"required\", b = \"optional\" }\n  \
                metadata_options {\n    http_tokens = each.value\n  }\n}\n\
                resource \"aws_instance\" \"same\" {\n  count = 3\n}\n";
    assert_eq!(
        whys(&[("main.tf", text)]),
        [
            "aws_instance.web[\"b\"]: http_tokens is optional",
            "aws_instance.same: http_tokens is not stated, so the account default and the AMI decide",
        ]
    );
    let none = "resource \"aws_instance\" \"web\" {\n  count = 0\n}\n";
    assert_eq!(codes(none), NOTE);
}

#[test]
fn the_values_of_a_call_decide_in_a_local_module() {
    let module = instance("var.tokens", "variable \"tokens\" { default = \"optional\" }");
    let call =
        |tokens: &str| format!("module \"web\" {{\n  source = \"../modules/web\"\n  tokens = {tokens}\n}}\n");
    let good = call("\"required\"");
    assert_eq!(found(&[("live/main.tf", &good), ("modules/web/main.tf", &module)]), []);
    let bad = call("local.tokens") + "locals {\n  tokens = \"optional\"\n}\n";
    let all = found(&[("live/main.tf", &bad), ("modules/web/main.tf", &module)]);
    assert_eq!(
        (all[0].0.as_str(), all[0].1.address.as_str()),
        ("modules/web/main.tf", "module.web.aws_instance.web")
    );
    // Alone, the module is judged by its defaults.
    assert_eq!(found(&[("modules/web/main.tf", &module)]).len(), 1);
    let file = SourceFile::read("live/main.tf", &good).unwrap();
    assert_eq!(file.local_modules(), ["modules/web"]);
}

#[test]
fn a_module_that_is_not_read_is_a_note() {
    for source in ["terraform-aws-modules/ec2-instance/aws", "./missing", "git::https://example.com/m.git"] {
        let text = format!("module \"web\" {{\n  source = \"{source}\"\n}}\n");
        assert_eq!(codes(&text), NOTE, "{source}");
    }
    let ring = "module \"it\" {\n  source = \"./\"\n}\nresource \"aws_instance\" \"web\" {}\n";
    let all = found(&[("a/main.tf", ring)]);
    assert_eq!(all.len(), 2, "{all:?}");
}

#[test]
fn launch_templates_of_the_configuration_are_judged_where_they_stand() {
    let template = "resource \"aws_launch_template\" \"it\" {\n  metadata_options {\n    http_tokens = \"required\"\n  }\n}\n";
    let by = |id: &str| {
        format!(
            "resource \"aws_instance\" \"web\" {{\n  launch_template {{\n    id = {id}\n  }}\n}}\n\
                                resource \"aws_autoscaling_group\" \"web\" {{\n  launch_template {{\n    id = {id}\n  }}\n}}\n{template}"
        )
    };
    assert_eq!(codes(&by("aws_launch_template.it.id")), NONE);
    assert_eq!(codes(&by("one(aws_launch_template.it[*].id)")), NONE);
    assert_eq!(codes(&by("var.it == null ? aws_launch_template.it.id : aws_launch_template.it.id")), NONE);
    for outside in ["\"lt-0abc\"", "var.it", "data.aws_launch_template.it.id", "aws_launch_template.gone.id"]
    {
        assert_eq!(codes(&by(outside)), [NOTE[0], NOTE[0]], "{outside}");
    }
    let why = whys(&[("main.tf", &by("var.it"))]);
    assert!(
        why[0].contains("the launch template depends on var.it, which is not declared, and decides"),
        "{why:?}"
    );
}

#[test]
fn a_launch_template_of_a_module_is_one_of_the_configuration() {
    let module = "resource \"aws_launch_template\" \"it\" {\n  metadata_options {\n    http_tokens = \"required\"\n  }\n}\n\
                  output \"id\" {\n  value = aws_launch_template.it.id\n}\n";
    let group = "module \"lt\" {\n  source = \"./lt\"\n}\nresource \"aws_autoscaling_group\" \"g\" {\n  launch_template {\n    id = module.lt.id\n  }\n}\n";
    assert_eq!(found(&[("main.tf", group), ("lt/main.tf", module)]), []);
}

#[test]
fn the_json_syntax_is_read_alike() {
    let text = r#"{"variable": {"it": {"default": "optional"}},
  "resource": {"aws_instance": {"web": {
    "metadata_options": {"http_tokens": "${var.it}"}}}}}"#;
    let all = found(&[("main.tf.json", text)]);
    let (_, finding) = &all[0];
    assert_eq!((finding.code, finding.at.map(|it| it.line)), ("http-tokens-not-required", Some(3)));
    assert_eq!(
        finding.instead,
        r#""metadata_options": { "http_endpoint": "enabled", "http_tokens": "required" }"#
    );
    let right = text.replace("optional", "required");
    assert_eq!(found(&[("main.tf.json", &right)]), []);
    let dynamic = r#"{"resource": [{"aws_launch_template": {"web": [{
      "dynamic": {"metadata_options": {"for_each": ["required"], "content": {"http_tokens": "${metadata_options.value}"}}}}]}}]}"#;
    assert_eq!(found(&[("main.tf.json", dynamic)]), []);
}

#[test]
fn comments_name_the_resource_that_they_stand_in_or_above() {
    let text = "// v2only:ignore http-tokens-not-stated until=2027-01-31 reason=above\nresource \"aws_instance\" \"a\" {\n}\n\
                resource \"aws_instance\" \"b\" {\n  ami = 1 # v2only:ignore http-tokens-not-stated reason=within\n}\n";
    let directives = SourceFile::read("main.tf", text).unwrap().directives(text);
    let addresses: Vec<_> = directives.iter().map(|it| it.address.as_deref()).collect();
    assert_eq!(addresses, [Some("aws_instance.a"), Some("aws_instance.b")]);
}

#[test]
fn blocks_have_their_lines() {
    let file = SourceFile::read("main.tf", "resource \"aws_instance\" \"web\" {\n  a = 1\n}\n\nlocals {}\n")
        .unwrap();
    assert_eq!(file.blocks(), [("aws_instance.web".to_owned(), 1, 3), ("locals".to_owned(), 5, 5)]);
}

#[rstest]
#[case::open_block("a = 1\nresource \"aws_instance\" \"web\" {\n", "main.tf", 2)]
#[case::no_value("a =\n", "main.tf", 1)]
#[case::not_json("{\"a\": }", "main.tf.json", 1)]
#[case::a_list("\n[1]", "main.tf.json", 2)]
fn what_cannot_be_read_names_line_and_expectation(
    #[case] text: &str,
    #[case] path: &str,
    #[case] line: usize,
) {
    let error = SourceFile::read(path, text).unwrap_err();
    assert_eq!(error.at.line, line, "{error}");
    assert!(error.message.contains("expected") || path.ends_with(".json"), "{error}");
}

#[test]
fn a_line_break_within_a_for_expression_is_read() {
    let text = "locals {\n  it = { for k in [\"a\"] : k => k == \"b\" ? \"optional\" :\r\n    (k == \"a\" ? \"required\"\n    : \"optional\") }\n}\n";
    assert_eq!(codes(&instance("local.it[\"a\"]", text)), NONE);
    let open = codes(&(text.to_owned() + "resource \"aws_instance\" \"web\" {}\n"));
    assert_eq!(open, SILENT);
}

#[test]
fn a_launch_configuration_that_is_elsewhere_is_a_note() {
    let by = |reference: &str| {
        format!(
            "resource \"aws_autoscaling_group\" \"g\" {{\n  launch_configuration = {reference}\n}}\n\
        resource \"aws_launch_configuration\" \"it\" {{\n  metadata_options {{\n    http_tokens = \"required\"\n  }}\n}}\n"
        )
    };
    assert_eq!(codes(&by("aws_launch_configuration.it.name")), NONE);
    for outside in ["\"mine\"", "var.it"] {
        assert_eq!(codes(&by(outside)), NOTE, "{outside}");
    }
}

#[test]
fn the_account_default_of_the_same_deployment_is_named_where_a_resource_is_silent() {
    let silent = "resource \"aws_instance\" \"web\" {\n}\n";
    let default = "variable \"tokens\" {\n  default = \"required\"\n}\n\
                   resource \"aws_ec2_instance_metadata_defaults\" \"all\" {\n  http_tokens = var.tokens\n}\n";
    let words = "aws_ec2_instance_metadata_defaults.all sets the default to required";
    assert!(whys(&[("main.tf", &format!("{silent}{default}"))])[0].contains(words));
    // A module of the deployment sets it.
    let call = format!("{silent}module \"base\" {{\n  source = \"./base\"\n}}\n");
    let found = whys(&[("main.tf", &call), ("base/main.tf", default)]);
    assert!(found[0].contains("module.base.aws_ec2_instance_metadata_defaults.all sets"), "{found:?}");
    // Another root module is another deployment.
    let apart = whys(&[("one/main.tf", silent), ("other/main.tf", default)]);
    assert!(apart.len() == 1 && !apart[0].contains("sets the default"), "{apart:?}");
}

#[test]
fn twins_and_settings_are_read_from_source_files() {
    let twin = |tokens: &str| {
        format!(
            "resource \"awscc_ec2_launch_template\" \"a\" {{\n  launch_template_data = {{\n    metadata_options = {{\n      \
             http_tokens = {tokens}\n    }}\n  }}\n}}\nvariable \"later\" {{}}\n"
        )
    };
    assert_eq!(codes(&twin("\"required\"")), NONE);
    assert_eq!(codes(&twin("\"optional\"")), OPTIONAL);
    assert_eq!(codes(&twin("var.later")), NOTE);
    let open = found(&[("main.tf", &twin("\"optional\""))]);
    assert_eq!(open[0].1.at.unwrap().line, 2);
    let setting = |value: &str| {
        format!(
            "resource \"aws_elastic_beanstalk_environment\" \"a\" {{\n  setting {{\n    namespace = \
             \"aws:autoscaling:launchconfiguration\"\n    name = \"DisableIMDSv1\"\n    value = {value}\n  }}\n}}\n\
             variable \"later\" {{}}\n"
        )
    };
    assert_eq!(codes(&setting("\"true\"")), NONE);
    assert_eq!(codes(&setting("true")), NONE);
    assert_eq!(codes(&setting("\"false\"")), OPTIONAL);
    assert_eq!(codes(&setting("var.later")), NOTE);
    let emr = |version: u8| {
        format!(
            "resource \"aws_emr_security_configuration\" \"a\" {{\n  configuration = jsonencode({{\n    \
             InstanceMetadataServiceConfiguration = {{ MinimumInstanceMetadataServiceVersion = {version} }}\n  }})\n}}\n"
        )
    };
    assert_eq!(codes(&emr(2)), NONE);
    assert_eq!(codes(&emr(1)), OPTIONAL);
}
