//! The document as its author sees it: what is accepted, what is refused and how it is said.

mod accepted;
mod documents;
mod examples;
mod limits;
mod matching;
mod mistakes;
mod not_yaml;
mod properties;
mod ranges;
mod rendering;
mod schema;
mod wordings;

use serde_json::{Map, Number, Value as Json};

use super::reader::Reader;
use super::tree::scalar::{boolean, integer, is_null};
use super::tree::{self, Node, Options, Value};
use super::{Document, issues, parse};

/// The design of the document, with every key of it.
const COMPLETE: &str = r#"
version: 1
mode: enforce                    # observe | enforce; required, no default
instances:
  http_tokens: required          # the point; the only legal value
  hop_limit: { max: 2 }          # keep (default) | { max: n } | { exactly: n }, 1..64
  http_endpoint: keep            # keep (default) | disabled
  ipv6_endpoint: keep            # keep | enabled | disabled
  metadata_tags: keep            # keep | enabled | disabled
  remediate_with: api            # api | ssm-automation
  usage_gate: { quiet_days: 14, applies_to: existing }   # existing | all | none
  fresh_minutes: 30
  trace_at_boot: deny            # deny | allow
notebooks:
  minimum_version: 2
  in_service: window             # wait | window | report
  fresh_minutes: 30
  window: "Sun 02:00-04:00"      # UTC, for in_service: window
  upgrade_platform: false
launch_templates: { fix: report }        # report | new-version
images: { fix: report }                  # report | mark-v2 (irreversible)
account_defaults: { http_tokens: required, hop_limit: 2, enforced: keep }   # enforced: keep | enabled
drift: { contested_after: 3, window_hours: 168, when_contested: keep_closing }   # keep_closing | report
exemptions:
  - match: { account: "111122223333", tag: { key: app, value: legacy-billing } }
    reason: vendor agent speaks only v1
    owner: billing@example.com
    until: 2027-01-31
overrides:                       # first match wins; any subset of the above
  - match: { accounts: ["222233334444"], regions: [eu-*], ous: [ou-ab12-sandbox] }
    mode: observe
  - match: { tag: { key: "eks:cluster-name", value: "*" } }
    instances: { hop_limit: { exactly: 2 } }
"#;

/// A document with these lines below the two that every document has.
fn observing(lines: &str) -> String {
    format!("version: 1\nmode: observe\n{lines}")
}

#[track_caller]
fn accepted(text: &str) -> Document {
    match parse(text) {
        Ok(document) => document,
        Err(invalid) => panic!("refused:\n{}", invalid.render("policy.yaml", text)),
    }
}

/// What a user sees of a document that is refused.
#[track_caller]
fn refused(text: &str) -> String {
    match parse(text) {
        Ok(document) => panic!("accepted: {document:#?}"),
        Err(invalid) => invalid.render("policy.yaml", text),
    }
}

/// What a program that knows YAML 1.2 and nothing else makes of the text; `None` if it is none, or says
/// something twice.
fn json(text: &str) -> Option<Json> {
    let mut reader = Reader::default();
    let tree = tree::read(text, &Options::STRICT);
    let root = issues::report(&tree, &mut reader)?;
    reader.problems.is_empty().then(|| as_json(root))
}

fn as_json(node: &Node) -> Json {
    match &node.value {
        Value::List(items) => Json::Array(items.iter().map(as_json).collect()),
        Value::Map(entries) => {
            let pairs = entries.iter().map(|it| (it.key.text.clone(), as_json(&it.value)));
            Json::Object(pairs.collect::<Map<_, _>>())
        }
        Value::Refused => Json::Null,
        Value::Scalar { .. } if is_null(node) => Json::Null,
        Value::Scalar { text, plain } => {
            let float = text.parse().ok().filter(|_| *plain && text.contains(|it: char| it.is_ascii_digit()));
            let number = integer(node).map(Json::from);
            number
                .or_else(|| boolean(node).map(Json::Bool))
                .or_else(|| float.and_then(Number::from_f64).map(Json::Number))
                .unwrap_or_else(|| Json::String(text.clone()))
        }
    }
}
