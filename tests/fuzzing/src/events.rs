//! Events of EventBridge and records of CloudTrail.

use serde_json::Value;
use v2only_events::{Parsed, Subject, Trigger, header, parse, recorded_call, recorded_launch, saved_events};
use v2only_policy::HttpTokens;

use crate::corpus;
use crate::marks::harmless;

/// What an error message shows of an event at most, in characters.
const LONGEST_EXCERPT: usize = 600;

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    corpus::files(&["crates/events/fixtures", "tests/foreign", "tests/it"], &[".json"])
}

pub(crate) fn run(bytes: &[u8]) {
    let Ok(value) = serde_json::from_slice::<Value>(bytes) else { return };
    honest(&value);
    for event in saved_events(value).into_iter().flatten() {
        honest(&event);
    }
}

/// An event names only resources that it holds, contradicts nothing, and is shown in excerpts only.
fn honest(event: &Value) {
    let text = event.to_string();
    let parsed = parse(event);
    assert_eq!(parsed, parse(event), "a second reading differs");
    let _ = header(event);
    match parsed {
        Ok(Parsed::Trigger(trigger)) => {
            for name in names(&trigger) {
                let in_json = Value::from(name.as_str()).to_string();
                let in_json = in_json.trim_matches('"');
                assert!(text.contains(in_json), "`{name}` is not in {text}");
            }
            if let Subject::Launched { instances, .. } = &trigger.subject {
                assert!(!instances.is_empty());
                let closed = instances.iter().any(|it| it.http_tokens == Some(HttpTokens::Required));
                assert!(!closed || text.contains("required"), "nothing in {text} requires tokens");
            }
        }
        Ok(Parsed::Ignored(why)) => assert!(!why.to_string().is_empty() && !why.code().is_empty()),
        Err(error) => excerpt(&error.to_string()),
    }
    if let Err(error) = recorded_call(event) {
        excerpt(&error.to_string());
    }
    if let Err(error) = recorded_launch(event) {
        excerpt(&error.to_string());
    }
}

fn excerpt(message: &str) {
    harmless(message);
    assert!(message.chars().count() < LONGEST_EXCERPT, "too much of the event: {message}");
}

/// Every name by which a trigger would have us ask AWS for a resource.
fn names(trigger: &Trigger) -> Vec<String> {
    let mut names = vec![trigger.place.account.to_string(), trigger.place.region.to_string()];
    match &trigger.subject {
        Subject::Launched { instances, .. } => {
            names.extend(instances.iter().map(|instance| instance.id.to_string()));
        }
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
