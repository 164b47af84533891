//! The policy document.

use serde_json::{Map, Value as Json};
use v2only_document::tree::{self, Mark, Node, Options, Value, scalar};
use v2only_document::{Invalid, parse};

use crate::corpus;
use crate::marks::{Lines, harmless};

/// More problems are not listed.
const MOST_PROBLEMS: usize = 100;

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = corpus::files(&["examples", "crates/document"], &[".yaml", ".yml", ".json"]);
    seeds.extend(corpus::literals(&["crates/document/src/tests", "crates/cli/tests"], &["version: 1"]));
    seeds.extend(corpus::code_blocks("yaml", &["version: 1"]));
    seeds
}

/// A document means the same with other line ends and as JSON; every problem has its position and is harmless.
pub(crate) fn run(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let parsed = parse(text);
    let with_mark = format!("\u{feff}{}", text.strip_prefix('\u{feff}').unwrap_or(text));
    match (&parsed, parse(&with_mark)) {
        (Ok(document), Ok(marked)) => assert_eq!(document.policy, marked.policy, "a byte order mark counts"),
        (one, other) => assert_eq!(one.is_ok(), other.is_ok(), "a byte order mark counts: {text:?}"),
    }
    let document = match parsed {
        Ok(document) => document,
        Err(invalid) => return positions(&invalid, text),
    };
    for notice in &document.notices {
        harmless(&notice.message);
    }
    let tree = tree::read(text, &Options::STRICT);
    let Some(root) = tree.root().filter(|_| tree.issues.is_empty()) else { return };
    let Some(json) = as_json(root) else { return };
    let json = json.to_string();
    let same = parse(&json).map(|it| it.policy);
    assert_eq!(same.as_ref(), Ok(&document.policy), "as JSON it means something else: {json}");
}

fn positions(invalid: &Invalid, text: &str) {
    assert!((1..=MOST_PROBLEMS).contains(&invalid.problems.len()));
    let lines = Lines::of_yaml(text);
    for problem in &invalid.problems {
        lines.hold(Mark { line: problem.line, column: problem.column }, &problem.message);
        harmless(&problem.to_string());
    }
    invalid.render("policy.yaml", text).lines().for_each(harmless);
}

/// The value that the core schema of YAML 1.2 gives to a node. `None` for a number that JSON writes otherwise: where a text
/// is expected, `0x1f` and `007` are texts.
fn as_json(node: &Node) -> Option<Json> {
    Some(match &node.value {
        Value::Map(entries) => {
            let fields = entries.iter().map(|entry| Some((entry.key.text.clone(), as_json(&entry.value)?)));
            Json::Object(fields.collect::<Option<Map<_, _>>>()?)
        }
        Value::List(items) => Json::Array(items.iter().map(as_json).collect::<Option<_>>()?),
        Value::Scalar { text, .. } => {
            match (scalar::is_null(node), scalar::boolean(node), scalar::integer(node)) {
                (true, ..) => Json::Null,
                (_, Some(flag), _) => Json::from(flag),
                (_, _, Some(number)) => (number.to_string() == *text).then(|| Json::from(number))?,
                _ => Json::from(text.as_str()),
            }
        }
        Value::Refused => return None,
    })
}
