//! Outputs of modules of Terraform, by the instances of the module.

use rstest::rstest;

use super::modules::{instance, whys};

/// The output of a module by the key of its instance.
#[rstest]
#[case("module.m[\"x\"].tokens", "clean")]
#[case("module.m[\"y\"].tokens", "http_tokens is a")]
#[case("module.m[*].tokens", "http_tokens depends on a splat of module.m, which has for_each")]
#[case("try(module.m[*].tokens[0], \"b\")", "http_tokens is b")]
#[case("module.m.tokens", "http_tokens depends on module.m.tokens")]
#[case("module.m[\"z\"].tokens", "http_tokens depends on module.m.tokens")]
#[case("module.m[\"x\"].none", "http_tokens depends on module.m[\"x\"].none, which is not declared")]
#[case("module.m[\"x\"]", "http_tokens depends on module.m, which is not read")]
#[case("module.n.tokens", "http_tokens depends on module.n, which is not read")]
#[case("module.far.tokens", "http_tokens depends on module.far, which is not read")]
fn an_output_is_that_of_one_instance(#[case] tokens: &str, #[case] expected: &str) {
    let call = "module \"m\" {\n  source = \"./m\"\n  for_each = { x = \"required\", y = \"a\" }\n  tokens = each.value\n}\n\
                module \"far\" {\n  source = \"far/m/aws\"\n}\n";
    let module = "variable \"tokens\" {}\noutput \"tokens\" {\n  value = var.tokens\n}\n";
    let main = instance("", tokens) + call;
    let found = whys(&[("main.tf", &main), ("m/main.tf", module)]);
    let of_instance: Vec<&String> = found.iter().filter(|it| it.starts_with("aws_instance.web")).collect();
    let why = of_instance.first().map_or("clean", |it| it.trim_start_matches("aws_instance.web: "));
    assert_eq!(why, expected);
}

/// The output of a module that is created never, once, several times, or as often as is known later.
#[rstest]
#[case("", "module.m.tokens", "clean")]
#[case("", "module.m.*.tokens[0]", "clean")]
#[case("count = 0", "one(module.m[*].tokens)", "http_tokens is not stated")]
#[case("count = 0", "length(module.m[*].tokens) == 0 ? \"a\" : \"required\"", "http_tokens is a")]
#[case("count = 0", "try(module.m[0].tokens, \"a\")", "http_tokens is a")]
#[case("for_each = {}", "try(module.m[\"x\"].tokens, \"a\")", "http_tokens is a")]
#[case("count = 1", "one(module.m[*].tokens)", "clean")]
#[case("count = 2", "module.m[0].number == 0 && module.m[1].number == 1 ? \"required\" : \"a\"", "clean")]
#[case(
    "count = 2",
    "module.m[*].number == [0, 1] && module.m.*.number[1] == 1 ? \"required\" : \"a\"",
    "clean"
)]
#[case("count = 2", "try(module.m[*].tokens[0], \"a\")", "http_tokens is a")]
#[case("count = 0", "try(module.m.*.tokens[0], \"a\")", "http_tokens is a")]
#[case(
    "count = var.later",
    "length(module.m[*].tokens) == 1 ? \"required\" : \"a\"",
    "http_tokens is a, in one case"
)]
#[case(
    "count = var.later",
    "try(module.m[0].tokens, \"a\")",
    "http_tokens depends on the number of module.m"
)]
#[case("for_each = var.later", "one(values(module.m)[*].tokens)", "http_tokens depends on module.m")]
#[case(
    "count = 101",
    "length(module.m[*].tokens) == 1 ? \"required\" : \"a\"",
    "http_tokens is a, in one case"
)]
fn an_output_is_there_as_often_as_its_module(
    #[case] repeated: &str,
    #[case] tokens: &str,
    #[case] expected: &str,
) {
    let index = if repeated.starts_with("count") { "count.index" } else { "0" };
    let call = format!("module \"m\" {{\n  source = \"./m\"\n  number = {index}\n  {repeated}\n}}\n");
    let module = "variable \"number\" {}\noutput \"number\" {\n  value = var.number\n}\noutput \"tokens\" {\n  \
                  value = \"required\"\n}\n";
    let main = instance("", tokens) + &call;
    let found = whys(&[("main.tf", &main), ("m/main.tf", module)]);
    let why = found.first().map_or("clean", |it| it.trim_start_matches("aws_instance.web: "));
    assert!(why.starts_with(expected) && found.len() <= 1, "{found:?}");
}
