//! What holds for every text and for every document.

use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Value as Json, json};

use super::super::{keys, parse};
use super::documents::document;
use super::schema::allows;

/// Scraps that make up texts that are almost YAML.
const SCRAPS: &[&str] = &[
    "version: 1\n",
    "mode: observe\n",
    "instances",
    "overrides",
    "match",
    "exemptions",
    "notebooks",
    ":",
    ": ",
    " ",
    "\n",
    "\n  ",
    "\n    ",
    "- ",
    "{",
    "}",
    "[",
    "]",
    ",",
    "\"",
    "'",
    "\\",
    "|\n",
    ">-\n",
    "&a ",
    "*a",
    "*",
    "&",
    "!!str ",
    "!x ",
    "? ",
    "<<: *a",
    "# c",
    "---\n",
    "...\n",
    "%YAML 1.1\n",
    "\t",
    "\r",
    "\r\n",
    "\u{feff}",
    "\u{0}",
    "\u{85}",
    "\u{2028}",
    "é",
    "~",
    "null",
    "true",
    "0x1f",
    "012345678901",
    "eu-*",
    "2027-01-31",
    "hop_limit",
    "tag",
];

/// The same as YAML in block style, without quotes where none are needed.
fn yaml(value: &Json, indent: usize, out: &mut String) {
    let margin = " ".repeat(indent);
    match value {
        Json::Object(map) if !map.is_empty() => {
            for (key, value) in map {
                out.push_str(&format!("\n{margin}{key}:"));
                yaml(value, indent + 2, out);
            }
        }
        Json::Array(items) if !items.is_empty() => {
            for item in items {
                out.push_str(&format!("\n{margin}-"));
                yaml(item, indent + 2, out);
            }
        }
        Json::String(text) if plain(text) => out.push_str(&format!(" {text} # as it is")),
        other => out.push_str(&format!(" {other}")),
    }
}

fn plain(text: &str) -> bool {
    let begins = text.starts_with(|it: char| it.is_ascii_alphanumeric());
    let typed = ["true", "false", "null"].contains(&text.to_ascii_lowercase().as_str());
    begins && !typed && text.bytes().all(|it| it.is_ascii_alphanumeric() || matches!(it, b'-' | b'*' | b'?'))
}

/// Values that are right in one place or another.
fn anything() -> impl Strategy<Value = Json> {
    select(vec![
        json!(null),
        json!(true),
        json!(0),
        json!(1),
        json!(2),
        json!(65),
        json!(-1),
        json!(2.5),
        json!(111122223333_u64),
        json!(""),
        json!(" "),
        json!("keep"),
        json!("required"),
        json!("enabled"),
        json!("observe"),
        json!("window"),
        json!("111122223333"),
        json!("11112222333"),
        json!("eu-*"),
        json!("eu-central-1"),
        json!("r-ab12"),
        json!("2"),
        json!("2027-02-30"),
        json!("2027-02-28"),
        json!("Sun 02:00-04:00"),
        json!([]),
        json!({}),
        json!(["eu-*"]),
        json!(["111122223333"]),
        json!({ "max": 2 }),
        json!({ "key": "team" }),
        json!({ "fix": "report" }),
        json!({ "mode": "observe" }),
        json!({ "region": "eu-*" }),
    ])
}

fn any_key() -> impl Strategy<Value = &'static str> {
    let levels = [
        &keys::TOP,
        &keys::INSTANCES,
        &keys::HOP_LIMIT,
        &keys::USAGE_GATE,
        &keys::NOTEBOOKS,
        &keys::IMAGES,
        &keys::ACCOUNT_DEFAULTS,
        &keys::DRIFT,
        &keys::EXEMPTION,
        &keys::OVERRIDE,
        &keys::MATCH,
        &keys::TAG,
    ];
    select(levels.iter().flat_map(|it| it.keys).copied().collect::<Vec<_>>())
}

#[derive(Debug, Clone)]
enum Mutation {
    Replace(Index, Json),
    Remove(Index),
    Add(Index, &'static str, Json),
    Rename(Index, &'static str),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    prop_oneof![
        (any::<Index>(), anything()).prop_map(|(at, value)| Mutation::Replace(at, value)),
        any::<Index>().prop_map(Mutation::Remove),
        (any::<Index>(), any_key(), anything()).prop_map(|(at, key, value)| Mutation::Add(at, key, value)),
        (any::<Index>(), any_key()).prop_map(|(at, key)| Mutation::Rename(at, key)),
    ]
}

fn pointers(value: &Json, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    match value {
        Json::Object(map) => {
            map.iter().for_each(|(key, value)| pointers(value, &format!("{at}/{key}"), found));
        }
        Json::Array(items) => {
            items
                .iter()
                .enumerate()
                .for_each(|(index, value)| pointers(value, &format!("{at}/{index}"), found));
        }
        _ => {}
    }
}

fn mutate(document: &mut Json, mutation: &Mutation) {
    let mut all = Vec::new();
    pointers(document, "", &mut all);
    let (Mutation::Replace(at, _) | Mutation::Remove(at) | Mutation::Add(at, ..) | Mutation::Rename(at, _)) =
        mutation;
    let pointer = at.get(&all);
    if let Mutation::Replace(_, value) = mutation {
        *document.pointer_mut(pointer).unwrap() = value.clone();
    } else if let (Mutation::Add(_, key, value), Some(Json::Object(map))) =
        (mutation, document.pointer_mut(pointer))
    {
        map.insert((*key).to_owned(), value.clone());
    } else if let Some((parent, key)) = pointer.rsplit_once('/') {
        match (document.pointer_mut(parent), mutation) {
            (Some(Json::Object(map)), Mutation::Remove(_)) => drop(map.remove(key)),
            (Some(Json::Object(map)), Mutation::Rename(_, name)) => {
                let value = map.remove(key).unwrap();
                map.insert((*name).to_owned(), value);
            }
            (Some(Json::Array(items)), Mutation::Remove(_)) => drop(items.remove(key.parse().unwrap())),
            _ => {}
        }
    }
}

/// Without what overrides say of windows: a schema cannot know what the document says of them.
fn without_windows_in_overrides(document: &mut Json) {
    let overrides = document.get_mut("overrides").and_then(Json::as_array_mut);
    for notebooks in overrides.into_iter().flatten().filter_map(|it| it.get_mut("notebooks")) {
        if let Some(notebooks) = notebooks.as_object_mut() {
            notebooks.remove("window");
            notebooks.remove("in_service");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_is_too_odd(text in "(?s).{0,200}") {
        if let Err(invalid) = parse(&text) {
            prop_assert!(!invalid.problems.is_empty());
            invalid.render("policy.yaml", &text);
        }
    }

    #[test]
    fn no_scraps_of_yaml_are_too_odd(scraps in proptest::collection::vec(select(SCRAPS), 0..40)) {
        let text = scraps.concat();
        if let Err(invalid) = parse(&text) {
            prop_assert!(!invalid.problems.is_empty());
            for problem in &invalid.problems {
                prop_assert!(problem.line >= 1 && problem.column >= 1);
            }
            invalid.render("policy.yaml", &text);
        }
    }

    #[test]
    fn a_document_means_the_same_in_yaml_and_in_json(document in document()) {
        let mut block = String::new();
        yaml(&document, 0, &mut block);
        let (one_line, pretty) = (document.to_string(), serde_json::to_string_pretty(&document).unwrap());
        let policy = parse(&one_line).map_err(|it| TestCaseError::fail(it.render("json", &one_line)))?.policy;
        prop_assert_eq!(&parse(&pretty).map_err(|it| TestCaseError::fail(it.to_string()))?.policy, &policy);
        let from_yaml = parse(&block).map_err(|it| TestCaseError::fail(it.render("yaml", &block)))?.policy;
        prop_assert_eq!(&from_yaml, &policy);
        prop_assert!(allows(&one_line), "the schema refuses {one_line}");
    }

    #[test]
    fn parser_and_schema_agree_on_damaged_documents(
        document in document(),
        mutations in proptest::collection::vec(mutation(), 1..3),
    ) {
        let mut damaged = document;
        mutations.iter().for_each(|it| mutate(&mut damaged, it));
        without_windows_in_overrides(&mut damaged);
        let text = damaged.to_string();
        let parsed = parse(&text);
        let why = parsed.as_ref().err().map(|it| it.render("json", &text));
        prop_assert_eq!(parsed.is_ok(), allows(&text), "{}\n{:?}", text, why);
    }
}
