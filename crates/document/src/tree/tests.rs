//! What both consumers of the tree need: exact positions, and nothing dropped.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::scalar::integer;
use super::{Format, Issue, IssueKind, Mark, Node, Options, Tree, Value, decode, read};
use crate::text::lines;

fn template(text: &str) -> Tree {
    read(text, &Options::TEMPLATE)
}

#[track_caller]
fn at(node: Option<&Node>) -> (usize, usize) {
    let Mark { line, column } = node.unwrap().at;
    (line, column)
}

#[test]
fn json_is_read_by_the_rules_of_json() {
    let key = "k".repeat(2_000);
    let text = format!("{{\"a\": \"del \u{7f} \\u00e4\\/\", \r\n \"é\": 1, \"{key}\":\t[true, null, 1.50]}}");
    let tree = template(&text);
    assert_eq!((tree.format, tree.issues.len()), (Format::Json, 0));
    let root = tree.root().unwrap();
    assert_eq!(root.get("a").unwrap().text(), Some("del \u{7f} ä/"));
    assert_eq!(at(root.get("a")), (1, 7));
    assert_eq!(at(root.get("é")), (2, 7));
    let Value::List(items) = &root.get(&key).unwrap().value else { panic!("{root:?}") };
    assert_eq!(items[2].value, Value::Scalar { text: "1.50".to_owned(), plain: true });
    assert_eq!(at(items.first()), (2, 15 + 2_000));
}

#[test]
fn a_flow_map_that_is_not_json_is_yaml() {
    for text in ["{a: 1}", "{\"a\": 1,}", "{\"a\": yes}"] {
        assert_eq!(template(text).format, Format::Yaml, "{text}");
        assert_eq!(template(text).issues, [], "{text}");
    }
}

#[test]
fn both_lines_of_a_duplicate_key_are_named_and_the_last_value_counts() {
    for text in ["{\"a\": {\"b\": 1,\n\"b\": 2}}", "a:\n  b: 1\n  b: 2\n"] {
        let tree = template(text);
        let issue = tree.issues.first().unwrap();
        let IssueKind::DuplicateKey { key, first } = &issue.kind else { panic!("{issue:?}") };
        assert_eq!((key.as_str(), issue.path.as_str(), tree.issues.len()), ("b", "a", 1));
        assert_eq!(issue.at.line, first.line + 1);
        let map = tree.root().unwrap().get("a").unwrap();
        assert_eq!((map.entries().len(), map.get("b").unwrap().text()), (2, Some("2")));
        let strict = read(text, &Options::STRICT);
        assert_eq!(strict.root().unwrap().get("a").unwrap().get("b").unwrap().text(), Some("1"));
    }
}

#[test]
fn every_document_of_a_text_is_kept() {
    let tree = template("a: 1\n---\nb: 2\n---\n");
    let lines: Vec<usize> = tree.documents.iter().map(|it| it.at.line).collect();
    assert_eq!(lines, [1, 2, 4]);
    assert!(tree.documents[1].root.get("b").is_some());
}

#[test]
fn aliases_are_resolved_and_listed() {
    let tree = template("x: &x { y: 1 }\nz: *x\nw: *v\n");
    let kinds: Vec<&IssueKind> = tree.issues.iter().map(|it| &it.kind).collect();
    assert_eq!(kinds, [&IssueKind::Alias, &IssueKind::UnknownAlias("v".to_owned())]);
    let root = tree.root().unwrap();
    assert_eq!(root.get("z").unwrap().get("y").unwrap().text(), Some("1"));
    assert_eq!(root.get("w").unwrap().value, Value::Refused);
    let recursive = template("x: &x [*x]\n");
    assert_eq!(recursive.fatal().map(|it| &it.kind), Some(&IssueKind::RecursiveAlias));
}

#[test]
fn short_functions_keep_their_name_and_their_text_stays_plain() {
    let tree = template("a: !Ref B\nc: !GetAtt [D, 1]\ne: !!str 1\nf: !Sub 'g'\n");
    let root = tree.root().unwrap();
    let tags: Vec<Option<&str>> = root.entries().iter().map(|it| it.value.tag.as_deref()).collect();
    assert_eq!(tags, [Some("Ref"), Some("GetAtt"), None, Some("Sub")]);
    let plain = |key| matches!(root.get(key).unwrap().value, Value::Scalar { plain: true, .. });
    assert_eq!((plain("a"), plain("e"), plain("f")), (true, false, false));
    assert_eq!(tree.issues.len(), 3);
}

#[test]
fn every_tag_is_listed_that_is_neither_text_nor_map_nor_list() {
    let tree = template("a: !!str 1\nb: !!map {}\nc: !!seq []\nd: !!int 1\ne: !str 1\n");
    let kinds: Vec<IssueKind> = tree.issues.iter().map(|it| it.kind.clone()).collect();
    assert_eq!(kinds, [IssueKind::Tag("!!int".to_owned()), IssueKind::Tag("!str".to_owned())]);
    let plain = |key| {
        let value = &tree.root().unwrap().get(key).unwrap().value;
        matches!(value, Value::Scalar { plain: true, .. })
    };
    assert_eq!((plain("a"), plain("d"), plain("e")), (false, true, true));
}

#[test]
fn a_map_keeps_the_entries_beside_a_key_that_is_no_text() {
    let tree = template("? [a]\n: 1\nb: 2\n");
    assert_eq!(tree.issues.iter().map(|it| &it.kind).collect::<Vec<_>>(), [&IssueKind::KeyNotText]);
    assert_eq!(tree.root().unwrap().get("b").and_then(Node::text), Some("2"));
    let placeholder = template("a: {{ name }}\n");
    assert_eq!(placeholder.root().unwrap().get("a").unwrap().value, Value::Refused);
}

/// `[1]` is one list, and a value is in as many collections as there are brackets around it.
#[test]
fn limits_are_the_largest_text_that_is_read() {
    let issues = |text: &str, max_nodes, max_depth| {
        let tree = read(text, &Options { max_nodes, max_depth, ..Options::TEMPLATE });
        tree.fatal().map(|issue| issue.kind.clone())
    };
    for (text, nodes, depth) in
        [("{\"a\": [1, {\"b\": 2}]}", 5, 3), ("[[[1]]]", 4, 3), ("{\"a\": {\"b\": {\"c\": {}}}}", 4, 3)]
    {
        assert_eq!(issues(text, nodes, depth), None, "{text}");
        assert_eq!(issues(text, nodes - 1, depth), Some(IssueKind::TooManyNodes), "{text}");
        assert_eq!(issues(text, nodes, depth - 1), Some(IssueKind::TooDeep), "{text}");
    }
    // What an anchor names counts twice, because it is kept for its aliases, and again for each of these. A key counts as well.
    for (text, nodes) in
        [("&a [[], []]", 6), ("a: &a [[], {}]\nb: *a\n", 12), ("a: &a [1]\nb: [*a, *a]\n", 12)]
    {
        assert_eq!(issues(text, nodes, 5), None, "{text}");
        assert_eq!(issues(text, nodes - 1, 5), Some(IssueKind::TooManyNodes), "{text}");
    }
    for (text, depth) in [("a: &a [[1]]\nb: *a\n", 3), ("a: &a { b: [1] }\nb: [[*a]]\n", 5)] {
        assert_eq!(issues(text, 100, depth), None, "{text}");
        assert_eq!(issues(text, 100, depth - 1), Some(IssueKind::TooDeep), "{text}");
    }
}

#[test]
fn an_issue_says_what_is_wrong() {
    for (text, expected) in [
        ("a: 1\na: 2\n", "duplicate key `a`, first on line 1"),
        ("[a]: 1\n", "a key must be a text, not a list or a map"),
        ("a: &a 1\nb: *a\n", "a YAML alias"),
        ("a: *b\n", "`*b` refers to an anchor that does not exist"),
        ("a: &a [*a]\n", "this alias repeats a value that contains the alias"),
        ("a: !Ref b\n", "the tag `!Ref`"),
    ] {
        let messages: Vec<String> = template(text).issues.iter().map(ToString::to_string).collect();
        assert_eq!(messages, [expected]);
    }
}

#[test]
fn an_integer_has_one_sign_before_its_digits() {
    for (text, expected) in [
        ("+7", Some(7)),
        ("-7", Some(-7)),
        ("0x1f", Some(31)),
        ("0o17", Some(15)),
        ("--7", None),
        ("+-7", None),
        ("0x-7", None),
        ("0x", None),
        ("", None),
        ("'7'", None),
    ] {
        let tree = template(&format!("a: {text}\n"));
        assert_eq!(integer(tree.root().unwrap().get("a").unwrap()), expected, "{text}");
    }
}

#[test]
fn a_quoted_text_may_continue_in_the_column_of_its_key_only_in_templates() {
    let text = "a:\n  b: 'one\n  two\nthree' # end\n  c: [\"x\n\n y\", d]\ne: f\n";
    let tree = template(text);
    assert_eq!(tree.issues, []);
    let root = tree.root().unwrap();
    assert_eq!(root.get("a").unwrap().get("b").unwrap().text(), Some("one two three"));
    let list = root.get("a").unwrap().get("c");
    assert_eq!(at(list), (5, 6));
    let Value::List(items) = &list.unwrap().value else { panic!("{root:?}") };
    assert_eq!(at(items.get(1)), (7, 6), "behind a quote that is left of its key");
    assert_eq!(at(root.get("e")), (8, 4));
    assert!(read(text, &Options::STRICT).fatal().is_some());
}

#[test]
fn positions_on_an_indented_line_are_those_of_the_text() {
    let tree = template("a: ['x', {b: \"one\ntwo\", c: d}]\ne: 'f\ng'\n");
    let Value::List(items) = &tree.root().unwrap().get("a").unwrap().value else { panic!("{tree:?}") };
    assert_eq!(at(items[1].get("c")), (2, 10));
    assert_eq!(tree.root().unwrap().get("e").unwrap().text(), Some("f g"));
    let tagged = template("a: 'x\ny'\nb:\n    c: !Ref d\n");
    assert_eq!(tagged.issues.iter().map(|it| it.at).collect::<Vec<_>>(), [Mark { line: 4, column: 8 }]);
    let open = template("a: 'one\ntwo\n");
    assert_eq!(open.fatal().map(|it| it.at.line), Some(1));
}

/// Each line costs a reading, however deep its key is.
#[test]
fn a_hundred_lines_of_a_quoted_text_may_be_left_of_its_key() {
    let text = |lines: usize| format!("a:\n  b:\n      c: 'x\n{}        '\nd: e\n", "y\n".repeat(lines));
    let most = template(&text(100));
    assert_eq!((most.fatal(), at(most.root().unwrap().get("d"))), (None, (105, 4)));
    assert!(template(&text(101)).fatal().is_some());
}

#[test]
fn a_quote_that_never_ends_does_not_take_long() {
    let text = format!("a: 'one\n{}", "b: c\n".repeat(100_000));
    assert!(template(&text).fatal().is_some());
}

#[test]
fn text_is_decoded_by_its_first_bytes() {
    let utf16 =
        |text: &str, bytes: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(bytes).collect::<Vec<u8>>();
    for text in ["a: 1\n", "{\"é\": \"😀\"}", "a", ""] {
        let marked = format!("\u{feff}{text}");
        assert_eq!(decode(text.as_bytes()).as_deref(), Ok(text));
        assert_eq!(decode(marked.as_bytes()).as_deref(), Ok(text));
        for bytes in [u16::to_le_bytes as fn(u16) -> [u8; 2], u16::to_be_bytes] {
            assert_eq!(decode(&utf16(text, bytes)).as_deref(), Ok(text));
            assert_eq!(decode(&utf16(&marked, bytes)).as_deref(), Ok(text));
        }
    }
    assert!(decode(&[0xff, 0xfe, 0x00]).is_err());
    assert!(decode(&[b'a', 0xe4]).is_err());
    assert_eq!(template("\u{feff}{\"a\": 1}").root().map(|it| it.at.column), Some(1));
    assert_eq!(at(template("\u{feff}a: 1").root().unwrap().get("a")), (1, 4));
}

/// The tab keeps the first indentation from being enough.
#[test]
fn a_line_that_is_indented_twice_has_its_own_positions() {
    let issue = template(" \t- \"\ra\"'").fatal().map(|it| it.at);
    assert_eq!(issue, Some(Mark { line: 2, column: 3 }));
}

#[test]
fn a_byte_has_its_line_and_its_character() {
    let text = "\u{1d54f}b\r\n\rc";
    let marks: Vec<(usize, usize)> =
        (0..10).map(|it| Mark::of_byte(text, it)).map(|it| (it.line, it.column)).collect();
    assert_eq!(marks, [(1, 1), (1, 1), (1, 1), (1, 1), (1, 2), (1, 3), (1, 4), (2, 1), (3, 1), (3, 2)]);
}

const PIECES: &[&str] = &[
    "a", ":", ": ", " ", "\n", "'", "\"", "\t", "\r", "\r\n", "- ", "|\n", ">", "&a ", "*a", "[", "]", "{",
    "}", ",", "? ", "#", "!x ", "%", "---", "...", "é", "\u{2028}", "\u{85}", "\\", "0", "\u{feff}", "\u{1}",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_096, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_position_is_in_the_text(pieces in vec(select(PIECES), 0..14)) {
        let text = pieces.concat();
        for options in [Options::TEMPLATE, Options::STRICT] {
            for Issue { at, kind, .. } in read(&text, &options).issues {
                let lines = lines(&text);
                let length = at.line.checked_sub(1).and_then(|it| lines.get(it)).map(|it| it.chars().count());
                let is_there = length.is_some_and(|it| (1..=it + 1).contains(&at.column));
                prop_assert!(is_there, "{text:?}: {kind:?} at {at:?}");
            }
        }
    }
}
