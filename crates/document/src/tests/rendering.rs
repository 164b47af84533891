//! How a problem is shown, whatever the text around it.

use super::super::parse;
use super::{observing, refused};

#[test]
fn a_long_line_is_shown_around_the_place() {
    let regions = vec!["\"eu-*\""; 40].join(",");
    let text = format!(
        "{{\"version\":1,\"mode\":\"observe\",\"overrides\":[{{\"match\":{{\"regions\":[{regions},\"EU\",{regions}]}},\"mode\":\"enforce\"}}]}}"
    );
    insta::assert_snapshot!(refused(&text), @r#"
    policy.yaml:1:345: overrides[0].match.regions[40]: expected a Region code such as `eu-central-1` or a pattern such as `eu-*`, found `EU`
      |
    1 | …-*","eu-*","eu-*","eu-*","eu-*","eu-*","eu-*","eu-*","eu-*","EU","eu-*","eu-*","eu-*","eu-*","eu-*",…
      |                                                              ^
    "#);
}

#[test]
fn the_caret_counts_characters() {
    insta::assert_snapshot!(refused("version: 1\nmode: 'Überwachen–später'\nim\u{e4}ges: 1\r\n"), @r#"
    policy.yaml:2:7: mode: expected `observe` or `enforce`, found `Überwachen–später`
      |
    2 | mode: 'Überwachen–später'
      |       ^

    policy.yaml:3:1: unknown key `imäges`
      |
    3 | imäges: 1
      | ^
    hint: did you mean `images`?
    "#);
}

#[test]
fn nothing_in_the_text_reaches_the_terminal_as_a_command() {
    let text = observing("instances: { http_tokens: \"\\e[31mred\\u202E\\u0007\" } # \u{202e}\n");
    let rendered = refused(&text);
    assert!(rendered.chars().all(|it| it == '\n' || !it.is_control()), "{rendered:?}");
    assert!(!rendered.contains('\u{202e}'), "{rendered:?}");
}

#[test]
fn without_the_text_a_problem_is_one_line() {
    let invalid = parse(&observing("image: { fix: none }\nimages: { fix: reprot }")).unwrap_err();
    insta::assert_snapshot!(invalid.to_string(), @r#"
    3:1: unknown key `image` (hint: did you mean `images`?)
    4:16: images.fix: expected `report` or `mark-v2`, found `reprot` (hint: did you mean `report`?)
    "#);
}

#[test]
fn problems_are_in_the_order_of_the_text_and_none_is_told_twice() {
    let text = observing(
        "overrides: [{ match: &m { account: 1 }, mode: enforce }, { match: *m, mode: off }]\nimages: { fix: x }\n",
    );
    let invalid = parse(&text).unwrap_err();
    let places: Vec<_> = invalid.problems.iter().map(|it| (it.line, it.column, it.path.as_str())).collect();
    let expected =
        [(3, 36, "overrides[0].match.account"), (3, 77, "overrides[1].mode"), (4, 16, "images.fix")];
    assert_eq!(places, expected);
}
