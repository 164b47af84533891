//! Whatever comes in, nothing panics, and no resource is named that the event does not name.

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Map, Value, json};

use crate::support::{fixture, fixtures};
use v2only_events::{Input, Parsed, Subject, Trigger, header, input, parse};

/// Any JSON, with keys and words of real events among the rest.
fn any_json() -> impl Strategy<Value = Value> {
    let words: Vec<String> = fixtures().iter().flat_map(|name| words_of(&fixture(name))).collect();
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        select(words.clone()).prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 64, 6, move |inner| {
        let key = prop_oneof![4 => select(words.clone()), 1 => ".{0,6}"];
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            btree_map(key, inner, 0..8).prop_map(|map| Value::Object(map.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

/// The keys and texts of a document.
fn words_of(json: &Value) -> Vec<String> {
    match json {
        Value::Object(map) => {
            map.iter().flat_map(|(key, value)| std::iter::once(key.clone()).chain(words_of(value))).collect()
        }
        Value::Array(list) => list.iter().flat_map(words_of).collect(),
        Value::String(text) => vec![text.clone()],
        _ => Vec::new(),
    }
}

/// What may happen to one place in a document.
#[derive(Debug, Clone)]
enum Damage {
    Replaced(Value),
    Wrapped,
    Unwrapped,
    Emptied,
    Stringified,
    Doubled,
    KeysInOtherCase,
    KeysRemoved(Vec<Index>),
}

fn damage() -> impl Strategy<Value = Damage> {
    prop_oneof![
        any_json().prop_map(Damage::Replaced),
        Just(Damage::Wrapped),
        Just(Damage::Unwrapped),
        Just(Damage::Emptied),
        Just(Damage::Stringified),
        Just(Damage::Doubled),
        Just(Damage::KeysInOtherCase),
        vec(any::<Index>(), 1..3).prop_map(Damage::KeysRemoved),
    ]
}

fn other_case(key: &str) -> String {
    let swap =
        |it: char| if it.is_ascii_uppercase() { it.to_ascii_lowercase() } else { it.to_ascii_uppercase() };
    key.chars().enumerate().map(|(at, it)| if at == 0 { swap(it) } else { it }).collect()
}

fn damaged(value: Value, damage: &Damage) -> Value {
    match (damage, value) {
        (Damage::Replaced(other), _) => other.clone(),
        (Damage::Wrapped, value) => json!([value]),
        (Damage::Unwrapped, Value::Array(list)) => list.into_iter().next().unwrap_or_default(),
        (Damage::Emptied, Value::Object(_)) => json!({}),
        (Damage::Emptied, Value::Array(_)) => json!([]),
        (Damage::Emptied, Value::String(_)) => json!(""),
        (Damage::Stringified, value) => json!(value.to_string()),
        (Damage::Doubled, Value::Array(list)) => list.iter().chain(&list).cloned().collect(),
        (Damage::KeysInOtherCase, Value::Object(map)) => {
            map.into_iter().map(|(key, value)| (other_case(&key), value)).collect::<Map<_, _>>().into()
        }
        (Damage::KeysRemoved(indices), Value::Object(mut map)) => {
            for index in indices {
                if !map.is_empty() {
                    let key = map.keys().nth(index.index(map.len())).unwrap().clone();
                    map.remove(&key);
                }
            }
            Value::Object(map)
        }
        (_, value) => value,
    }
}

/// Pointers to every place in a document.
fn places(json: &Value, at: &str, into: &mut Vec<String>) {
    into.push(at.to_owned());
    match json {
        Value::Object(map) => map.iter().for_each(|(key, value)| places(value, &format!("{at}/{key}"), into)),
        Value::Array(list) => {
            list.iter()
                .enumerate()
                .for_each(|(at_index, value)| places(value, &format!("{at}/{at_index}"), into));
        }
        _ => {}
    }
}

fn damaged_fixture() -> impl Strategy<Value = Value> {
    (select(fixtures()), vec((any::<Index>(), damage()), 1..5)).prop_map(|(name, damages)| {
        let mut event = fixture(&name);
        for (index, damage) in damages {
            let mut pointers = Vec::new();
            places(&event, "", &mut pointers);
            if let Some(place) = event.pointer_mut(index.get(&pointers).as_str()) {
                *place = damaged(place.take(), &damage);
            }
        }
        event
    })
}

/// Every name by which a trigger would have us ask AWS for something.
fn names(trigger: &Trigger) -> Vec<String> {
    let mut names = vec![trigger.place.account.to_string(), trigger.place.region.to_string()];
    match &trigger.subject {
        Subject::Launched { instances, .. } => names.extend(instances.iter().map(|it| it.id.to_string())),
        Subject::LaunchedUnnamed { .. } | Subject::DefaultsModified => {}
        Subject::Started { ids } => names.extend(ids.iter().map(ToString::to_string)),
        Subject::InstanceStateChanged { id, .. }
        | Subject::SpotFulfilled { id }
        | Subject::OptionsModified { id, .. } => names.push(id.to_string()),
        Subject::LaunchTemplateChanged { id, name } => names.extend(id.iter().chain(name).cloned()),
        Subject::ImageChanged { id } => names.push(id.clone()),
        Subject::Notebook { name, .. } => names.push(name.to_string()),
    }
    names
}

fn assert_honest(event: &Value) {
    let text = event.to_string();
    let _ = header(event);
    match parse(event) {
        Ok(Parsed::Trigger(trigger)) => {
            for name in names(&trigger) {
                assert!(text.contains(&name), "`{name}` is not in {text}");
            }
            // (one place): nothing that contradicts where we act came through.
            for (pointer, place) in [
                ("/account", trigger.place.account.as_str()),
                ("/region", trigger.place.region.as_str()),
                ("/detail/recipientAccountId", trigger.place.account.as_str()),
                ("/detail/awsRegion", trigger.place.region.as_str()),
            ] {
                let said = event.pointer(pointer).and_then(Value::as_str).filter(|said| !said.is_empty());
                assert!(event.get("detail").is_none() || said.is_none_or(|said| said == place), "{pointer}");
            }
            if let Subject::Launched { instances, .. } = &trigger.subject {
                assert!(!instances.is_empty());
            }
            if let Subject::Started { ids } = &trigger.subject {
                assert!(!ids.is_empty());
            }
        }
        Ok(Parsed::Ignored(why)) => assert!(!why.to_string().is_empty() && !why.code().is_empty()),
        Err(error) => assert!(error.to_string().len() < 600, "too much of the event: {error}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_json_is_read_honestly(event in any_json()) {
        assert_honest(&event);
    }

    #[test]
    fn a_damaged_event_is_read_honestly(event in damaged_fixture()) {
        assert_honest(&event);
    }

    #[test]
    fn any_payload_is_one_event_a_batch_or_refused(payload in prop_oneof![any_json(), damaged_fixture()]) {
        if let Ok(Input::Batch(messages)) = input(payload) {
            assert!(messages.iter().all(|message| !message.id.is_empty()));
        }
    }

    #[test]
    fn a_truncated_message_is_read_or_refused_alone(name in select(fixtures()), cut in any::<Index>()) {
        let text = fixture(&name).to_string();
        let kept: String = text.chars().take(cut.index(text.chars().count())).collect();
        let payload = json!({"Records": [{"messageId": "m", "eventSource": "aws:sqs", "body": kept}]});
        let Ok(Input::Batch(messages)) = input(payload) else { panic!("not a batch") };
        assert!(messages[0].body.is_err(), "{name} is JSON even when cut");
    }
}

#[test]
fn every_fixture_has_a_scenario() {
    let scenarios = [
        include_str!("launches.rs"),
        include_str!("changes.rs"),
        include_str!("notebooks.rs"),
        include_str!("ignored.rs"),
        include_str!("refused.rs"),
        include_str!("batches.rs"),
    ];
    let missing = |name: &String| !scenarios.iter().any(|text| text.contains(&format!("\"{name}\"")));
    assert_eq!(fixtures().into_iter().filter(missing).collect::<Vec<_>>(), Vec::<String>::new());
}
