//! Texts that are not YAML, or not the YAML their author thinks.

use insta::assert_snapshot;

use super::{observing, refused};

#[test]
fn patterns_without_quotes() {
    assert_snapshot!(refused(&observing("overrides:\n- match: { regions: [eu-*, *-1] }\n  mode: enforce\n")), @r#"
    policy.yaml:4:28: `*-1` refers to an anchor `&-1` that is not there
      |
    4 | - match: { regions: [eu-*, *-1] }
      |                            ^
    hint: a pattern that begins with `*` needs quotes: `"*-1"`
    "#);
    assert_snapshot!(refused(&observing("overrides:\n- match: { region: * }\n  mode: enforce\n")), @r#"
    policy.yaml:4:20: a `*` or `&` begins an alias or an anchor here
      |
    4 | - match: { region: * }
      |                    ^
    hint: a pattern that begins with `*` needs quotes: `"*"`
    "#);
}

#[test]
fn a_placeholder_that_nobody_filled_in() {
    assert_snapshot!(refused("version: 1\nmode: {{ mode }}\n"), @r#"
    policy.yaml:2:8: mode: a key must be a word, not a list or a map
      |
    2 | mode: {{ mode }}
      |        ^
    hint: is this a placeholder such as `{{ name }}` that nobody filled in?
    "#);
}

#[test]
fn two_documents() {
    assert_snapshot!(refused("version: 1\nmode: observe\n---\nversion: 1\nmode: enforce\n"), @r#"
    policy.yaml:3:1: a second document begins here
      |
    3 | ---
      | ^
    hint: keep one policy in a file
    "#);
}

#[test]
fn an_indentation_with_a_tab() {
    assert_snapshot!(refused("version: 1\nmode: observe\n\tinstances: {}\n"), @r#"
    policy.yaml:3:1: a tab is no indentation in YAML
      |
    3 |  instances: {}
      | ^
    hint: indent with spaces
    "#);
}

#[test]
fn no_space_after_the_colon() {
    assert_snapshot!(refused("version:1\nmode: observe\n"), @r#"
    policy.yaml:2:5: a key cannot be here
      |
    2 | mode: observe
      |     ^
    hint: check the indentation of this line and the space after the `:` of the line before; a value that holds `: ` needs quotes
    "#);
}

#[test]
fn a_colon_in_a_reason() {
    assert_snapshot!(refused(&observing("exemptions:\n  - reason: vendor: no fix\n")), @r#"
    policy.yaml:4:19: a key cannot be here
      |
    4 |   - reason: vendor: no fix
      |                   ^
    hint: check the indentation of this line and the space after the `:` of the line before; a value that holds `: ` needs quotes
    "#);
}

#[test]
fn an_open_bracket_and_an_open_quote() {
    assert_snapshot!(refused(&observing("instances: { hop_limit: { max: 2 }\n")), @r#"
    policy.yaml:3:12: `{` was opened and not closed
      |
    3 | instances: { hop_limit: { max: 2 }
      |            ^
    hint: close it with `}`
    "#);
    assert_snapshot!(refused(&observing("exemptions:\n  - reason: \"no end\n    until: 2027-01-31\n")), @r#"
    policy.yaml:5:5: a quote was opened and not closed
      |
    5 |     until: 2027-01-31
      |     ^
    hint: close it on the line on which it was opened
    "#);
}
