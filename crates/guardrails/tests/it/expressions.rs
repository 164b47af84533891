//! Expressions of Terraform: functions, operators, types and limits. A condition that holds chooses the right tokens.

use v2only_guardrails::Settings;
use v2only_guardrails::iac::source::{SourceFile, Sources};

const BESIDE: &str = "variable \"later\" {}\nlocals {\n  it = { a = 1, b = null }\n  items = [{ a = 1 }, { a = 2 }]\n  lists = [[1], [2]]\n  nested = [{ it = [1, 2] }, { it = [3, 4] }]\n  blank = <<-EOT\n  EOT\n}\n";

/// The code of what is found for an instance with this configuration.
fn code(text: &str) -> &'static str {
    let file = SourceFile::read("main.tf", text).unwrap_or_else(|it| panic!("{it}\n{text}"));
    let findings = Sources::new(vec![file]).findings(&Settings::shipped());
    assert!(findings.len() <= 1, "{findings:?}");
    findings.first().map_or("clean", |(_, it)| it.code)
}

/// The code where a condition chooses between right and wrong tokens.
fn chosen(condition: &str, beside: &str) -> &'static str {
    code(&format!(
        "resource \"aws_instance\" \"web\" {{\n  metadata_options {{\n    http_tokens = {condition} ? \"required\" : \
         \"optional\"\n  }}\n}}\n{beside}"
    ))
}

#[track_caller]
fn all(conditions: &[&str], beside: &str, expected: &str) {
    let found: Vec<_> = conditions.iter().map(|it| (*it, chosen(it, beside))).collect();
    let others: Vec<_> = found.into_iter().filter(|(_, code)| *code != expected).collect();
    assert_eq!(others, [], "each of them should be {expected}");
}

#[test]
fn functions_return_what_terraform_documents() {
    let hold = [
        "tolist([1]) == [1]",
        "tomap({ a = 1 }).a == 1",
        "toset([\"b\", \"a\", \"b\"]) == [\"b\", \"a\"]",
        "distinct([1, 1, \"a\", \"a\", true]) == [1, \"a\", true]",
        "tostring(1) == \"1\"",
        "tostring(true) == \"true\"",
        "tonumber(\"2\") == 2",
        "tobool(\"true\") == true",
        "tobool(true) == true",
        "lower(\"AB\") == \"ab\"",
        "upper(\"ab\") == \"AB\"",
        "trimspace(\" a \") == \"a\"",
        "startswith(\"required\", \"req\")",
        "!startswith(\"required\", \"ired\")",
        "endswith(\"required\", \"ired\")",
        "!endswith(\"required\", \"req\")",
        "length(\"é\") == 1",
        "length([1, 2]) == 2",
        "length({ a = 1 }) == 1",
        "lookup({ a = \"b\" }, \"a\", \"c\") == \"b\"",
        "lookup({ a = \"b\" }, \"d\", \"c\") == \"c\"",
        "lookup({ a = \"b\" }, \"a\") == \"b\"",
        "contains([\"a\"], \"a\")",
        "!contains([\"a\"], \"b\")",
        "contains([1, var.later], 1)",
        "contains([1, var.later ? 2 : 3], 1)",
        "!contains([var.later ? 2 : 3], 1)",
        "keys({ b = 1, a = 2 }) == [\"a\", \"b\"]",
        "values({ b = 1, a = 2 }) == [2, 1]",
        "merge({ a = 1 }, null, { b = 2, a = 3 }) == { a = 3, b = 2 }",
        "concat([1], [2, 3]) == [1, 2, 3]",
        "concat(local.lists...) == [1, 2]",
        "flatten([[1], [[2]], 3]) == [1, 2, 3]",
        "compact([\"a\", \"\", null, \"b\"]) == [\"a\", \"b\"]",
        "length(compact([var.later ? \"a\" : \"b\"])) == 1",
        "length(flatten([var.later ? [2] : [1]])) == 1",
        "length(toset([var.later])) == 1",
        "one([]) == null",
        "one([\"a\"]) == \"a\"",
        "element([\"a\", \"b\"], 3) == \"b\"",
        "join(\"-\", [\"a\", 1]) == \"a-1\"",
        "split(\",\", \"a,b\") == [\"a\", \"b\"]",
        "alltrue([])",
        "alltrue([true, \"true\"])",
        "!alltrue([true, false])",
        "!anytrue([])",
        "!anytrue([false])",
        "anytrue([false, true])",
        "jsonencode([1, true, \"x\", null, -2, 1.5]) == \"[1,true,\\\"x\\\",null,-2,1.5]\"",
        "jsonencode({ a = { b = 5000000000 } }) == \"{\\\"a\\\":{\\\"b\\\":5000000000}}\"",
        "can(local.it.a)",
        "!can(local.it.c)",
        "!can([local.it.c])",
        "!can({ a = [1, local.it.c] })",
        "can([local.it.a])",
        "length(try([local.it.c], [])) == 0",
        "try(local.items[*].a[0], 5) == 5",
        "try({ a = local.it.c }, { a = 2 }).a == 2",
        "try(local.it.c, \"x\") == \"x\"",
        "try(local.it.a, 2) == 1",
        "coalesce(\"\", null, \"a\") == \"a\"",
        "coalesce(0, 1) == 0",
        "sensitive(\"a\") == \"a\"",
        "nonsensitive(\"a\") == \"a\"",
        "core::lower(\"A\") == \"a\"",
    ];
    all(&hold, BESIDE, "clean");
}

#[test]
fn operators_and_steps_return_what_terraform_documents() {
    let hold = [
        "1 + 2 == 3",
        "5 - 3 == 2",
        "2 * 3 == 6",
        "7 / 2 == 3.5",
        "7 % 4 == 3",
        "-1 + 2 == 1",
        "-local.it.a + 2 == 1",
        "1 < 2",
        "!(2 < 2)",
        "2 <= 2",
        "!(3 <= 2)",
        "2 > 1",
        "!(2 > 2)",
        "2 >= 2",
        "!(1 >= 2)",
        "1 != 2",
        "!(1 != 1)",
        "\"a\" != \"b\"",
        "!(\"a\" != \"a\")",
        "!(\"a\" == \"b\")",
        "true && true",
        "!(true && false)",
        "!(false && true)",
        "true || false",
        "false || true",
        "!(false || false)",
        "!\"false\"",
        "\"true\" && true",
        "null == null",
        "[var.later] != null",
        "null != { a = var.later }",
        "!(false && var.later)",
        "!(var.later && false)",
        "true || var.later",
        "var.later || true",
        "local.it[\"a\"] == 1",
        "local.it.b == null",
        "local.items[1].a == 2",
        "local.items[*].a == [1, 2]",
        "local.items.*.a == [1, 2]",
        "local.items.*.a[1] == 2",
        "local.nested[*].it[1] == [2, 4]",
        "local.nested.*.it[1] == [3, 4]",
        "local.it.*.a[0] == 1",
        "local.it[*].a == [1]",
        "local.it.b[*] == []",
        "[for k, v in { x = 1 } : k] == [\"x\"]",
        "[for k, v in { x = 1 } : v + 1] == [2]",
        "{ for k, v in { x = 1 } : upper(k) => v }.X == 1",
        "[for v in [1, 2, 3] : v if v != 2] == [1, 3]",
        "[for v in null : v] == []",
        "\"${1}-${\"a\"}\" == \"1-a\"",
        "\"${local.lists}\" == [[1], [2]]",
        "local.blank == \"\"",
        "(true ? 1 : 2) == 1",
        "(false ? 1 : 2) == 2",
    ];
    all(&hold, BESIDE, "clean");
}

#[test]
fn what_is_refused_or_known_later_decides_nothing() {
    let later = [
        "var.later",
        "var.later == 1",
        "true && var.later",
        "false || var.later",
        "contains([var.later], 1)",
        "contains([var.later ? 1 : 2], 1)",
        "[var.later ? 1 : 2] == [1]",
        "[var.later ? 1 : 2] != [1]",
        "{ a = var.later ? 1 : 2 } == { a = 1 }",
        "length(compact([var.later])) == 1",
        "length(compact([var.later ? \"\" : \"a\"])) == 1",
        "length(flatten([var.later])) == 1",
        "length(flatten([[var.later]])) == 1",
        "length(flatten([var.later ? [] : [1]])) == 1",
        "length(distinct([1, var.later ? 1 : 2])) == 2",
        "length(distinct([1, var.later])) == 2",
        "var.later == null",
        "null != var.later",
        "{ a = var.later } == { a = 1 }",
        "length(toset([var.later ? 1 : 2, 2])) == 2",
        "one([1, 2]) == 1",
        "element([], 0) == 1",
        "lookup({}, \"a\") == 1",
        "lookup(1, \"a\", 1) == 1",
        "coalesce(null, \"\") == 1",
        "coalesce(var.later, 1) == 1",
        "try(var.later, 1) == 1",
        "try(var.later[0], 1) == 1",
        "try(local.items[var.later].a, 1) == 1",
        "can(var.later)",
        "can([var.later ? local.it.c : 1])",
        "length(try([var.later ? 1 : local.it.c], [])) == 1",
        "merge(1) == 1",
        "concat([1], 2) == [1, 2]",
        "concat(var.later...) == [1]",
        "concat(1...) == [1]",
        "length(1) == 1",
        "tonumber(\"a\") == 1",
        "tobool(\"a\") == true",
        "join(\"\", [var.later]) == \"\"",
        "join(\"\", [[]]) == \"\"",
        "jsonencode([var.later]) == \"[null]\"",
        "jsonencode([var.later ? 1 : 2]) == \"[null]\"",
        "unknown(1) == 1",
        "local.none == 1",
        "local.it.c == 1",
        "local.items[2] == 1",
        "local.items[1.5] == 1",
        "local.it[null] == 1",
        "\"a\".b == 1",
        "local.it.a[0] == 1",
        "1 < \"a\"",
        "\"a\" + 1 == 2",
        "-\"a\" == 1",
        "!\"a\"",
        "!var.later",
        "\"${var.later}\" == \"\"",
        "\"a${[1]}\" == \"a1\"",
        "{ (var.later) = 1 } == { a = 1 }",
        "[for v in var.later : v] == [1]",
        "[for v in 1 : v] == [1]",
        "[for v in [1] : v if var.later] == [1]",
        "{ for v in [\"a\"] : v => 1... } == { a = [1] }",
        "{ for v in [\"a\"] : var.later => 1 } == { a = 1 }",
    ];
    all(&later, BESIDE, "cannot-tell");
}

/// Over a list, the first name of a `for` is the index; over a set, the element. Values do not say which they are.
#[test]
fn the_first_name_of_a_for_over_a_list_is_not_its_element() {
    // Terraform keeps only the second element.
    all(&["[for i, it in [true, false] : it if i != 0][0]"], "", "cannot-tell");
    let block = "resource \"aws_instance\" \"web\" {\n  dynamic \"metadata_options\" {\n    for_each = [\"required\"]\n    \
                 content {\n      http_tokens = metadata_options.key\n    }\n  }\n}\n";
    assert_eq!(code(block), "cannot-tell");
}

#[test]
fn a_value_has_the_type_of_its_variable() {
    let typed =
        |of: &str, default: &str| format!("variable \"it\" {{\n  type = {of}\n  default = {default}\n}}\n");
    for (of, default, condition) in [
        ("string", "1", "var.it == \"1\""),
        ("number", "\"2\"", "var.it == 2"),
        ("bool", "\"true\"", "var.it == true"),
        ("any", "\"2\"", "var.it == \"2\""),
        ("string", "null", "var.it == null"),
        ("object({ t = optional(string, \"x\") })", "{}", "var.it.t == \"x\""),
        ("object({ t = optional(string, \"x\") })", "{ t = null }", "var.it.t == \"x\""),
        ("object({ t = optional(string, \"x\") })", "{ t = \"y\" }", "var.it.t == \"y\""),
        ("object({ t = optional(string) })", "{}", "var.it.t == null"),
        ("object({ t = optional(number, \"2\") })", "{}", "var.it.t == 2"),
        ("object({ t = number })", "{ t = \"2\" }", "var.it.t == 2"),
        ("object({ t = number })", "{ t = 2, u = 3 }", "!can(var.it.u)"),
        ("list(object({ t = optional(string, \"x\") }))", "[{}]", "var.it[0].t == \"x\""),
        ("set(number)", "[\"2\"]", "contains(var.it, 2)"),
        ("map(object({ t = optional(string, \"x\") }))", "{ a = {} }", "var.it[\"a\"].t == \"x\""),
        ("list(string)", "{ a = 1 }", "var.it.a == 1"),
        ("object({ t = list(string) })", "{ t = [1] }", "var.it.t == [\"1\"]"),
        ("object({ t = list(string) })", "{}", "!can(var.it.t)"),
        ("map(string)", "[1]", "var.it[0] == 1"),
        (
            "object({ o = optional(object({ t = optional(string, \"x\") }), {}) })",
            "{}",
            "var.it.o.t == \"x\"",
        ),
    ] {
        assert_eq!(chosen(condition, &typed(of, default)), "clean", "{of} = {default}: {condition}");
    }
}

#[test]
fn long_texts_and_long_chains_are_followed_up_to_a_limit() {
    let text = |length: usize| format!("locals {{\n  it = \"{}\"\n}}\n", "x".repeat(length));
    assert_eq!(chosen("length(local.it) == 200000", &text(200_000)), "clean");
    assert_eq!(chosen("length(local.it) == 200001", &text(200_001)), "cannot-tell");
    let chain = |length: usize| {
        let links: String = (1..length).map(|it| format!("  a{it} = local.a{}\n", it - 1)).collect();
        let text = format!("locals {{\n  a0 = \"optional\"\n{links}}}\n");
        let tokens = format!("local.a{}", length - 1);
        code(&format!(
            "resource \"aws_instance\" \"web\" {{\n  metadata_options {{\n    http_tokens = {tokens}\n  }}\n}}\n{text}"
        ))
    };
    assert_eq!((chain(149), chain(150)), ("http-tokens-not-required", "cannot-tell"));
}

/// Thirty-two cases are told apart, and each of them is wrong.
#[test]
fn the_cases_of_five_conditions_are_told_apart() {
    let texts = |conditions: usize| {
        let parts: String = (0..conditions).map(|it| format!("${{var.a{it} ? \"x\" : \"y\"}}")).collect();
        code(&format!(
            "resource \"aws_instance\" \"web\" {{\n  metadata_options {{\n    http_tokens = \"{parts}\"\n  }}\n}}\n"
        ))
    };
    assert_eq!((texts(5), texts(6)), ("http-tokens-not-required", "cannot-tell"));
    // Two texts have as many cases as the square of that.
    let text = |name: char| {
        (0..5).map(|it| format!("${{var.{name}{it} ? \"x{name}\" : \"y{name}\"}}")).collect::<String>()
    };
    all(&[&format!("\"{}\" != \"{}\"", text('a'), text('b'))], "", "clean");
    let list = |conditions: usize| {
        let items: String = (0..conditions).map(|it| format!("var.a{it} ? \"x\" : \"y\", ")).collect();
        format!("[{items}]")
    };
    let items = |conditions: usize| format!("!contains({}, \"z\")", list(conditions));
    // Whatever the elements are, the list is not null, and Terraform does not refuse it.
    all(&[&format!("{} != null", list(11)), &format!("try({}, null) != null", list(11))], "", "clean");
    all(&[&items(10)], "", "clean");
    all(&[&items(11)], "", "cannot-tell");
    // A million elements in all cases are looked through, with the one that is wanted.
    let many = |elements: usize| {
        let others = "1, ".repeat(elements - 6);
        format!("!contains(concat({}, [{others}]), \"z\")", list(6))
    };
    all(&[&many(15_624)], "", "clean");
    all(&[&many(15_625)], "", "cannot-tell");
    // What stands in maps is none of the elements that are put into one list.
    let entries: String = (0..11).map(|it| format!("a{it} = var.a{it} ? 1 : 2, ")).collect();
    all(&[&format!("length(flatten([[{{ {entries} }}]])) == 1")], "", "clean");
}
