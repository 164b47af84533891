//! Fixtures, and what most of them have in common.

use std::fs;
use std::path::Path;

use serde_json::Value;

use v2only_events::{Actor, EventName, Ignored, Launched, Malformed, Parsed, Subject, Trigger, parse};
use v2only_policy::{AccountId, HttpTokens, InstanceId, NotebookName, Place, Region, Switch, Switches, Tags};

/// The two instances of the fixtures.
pub const A: &str = "i-0aaaaaaaaaaaaaaaa";
pub const B: &str = "i-0bbbbbbbbbbbbbbbb";
/// The image of the fixtures.
pub const IMAGE: &str = "ami-0a0a0a0a0a0a0a0a0";

fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures"))
}

/// The names of all fixtures, sorted.
pub fn fixtures() -> Vec<String> {
    let entries = fs::read_dir(folder()).unwrap();
    let name = |path: &Path| path.file_stem().unwrap().to_str().unwrap().to_owned();
    let mut names: Vec<String> = entries.map(|entry| name(&entry.unwrap().path())).collect();
    names.sort();
    names
}

/// The fixture of that name.
pub fn fixture(name: &str) -> Value {
    let path = folder().join(format!("{name}.json"));
    serde_json::from_str(&fs::read_to_string(&path).unwrap_or_else(|error| panic!("{name}: {error}")))
        .unwrap()
}

/// The trigger of a fixture.
#[track_caller]
pub fn trigger(name: &str) -> Trigger {
    match parse(&fixture(name)) {
        Ok(Parsed::Trigger(trigger)) => trigger,
        other => panic!("{name} is no trigger: {other:?}"),
    }
}

/// Why a fixture is ignored.
#[track_caller]
pub fn ignored(name: &str) -> Ignored {
    match parse(&fixture(name)) {
        Ok(Parsed::Ignored(why)) => why,
        other => panic!("{name} is not ignored: {other:?}"),
    }
}

/// Why a fixture is refused.
#[track_caller]
pub fn refused(name: &str) -> Malformed {
    parse(&fixture(name)).expect_err(name)
}

/// Where all fixtures happen.
pub fn place() -> Place {
    let account = AccountId::parse("111122223333").unwrap();
    Place { account, region: Region::parse("eu-central-1").unwrap() }
}

/// What the record of an API call by alice becomes.
pub fn called(event: EventName, subject: Subject) -> Trigger {
    Trigger {
        event_id: "c0ffee00-0000-4000-8000-000000000001".to_owned(),
        place: place(),
        time: Some("2026-11-01T10:05:00Z".parse().unwrap()),
        event,
        actor: Some(session("Developer", "alice")),
        replay: None,
        subject,
        unreadable: Vec::new(),
    }
}

/// What a change that AWS announces by itself becomes.
pub fn announced(event: EventName, subject: Subject) -> Trigger {
    Trigger {
        event_id: "e0e0e0e0-0000-4000-8000-000000000002".to_owned(),
        time: Some("2026-11-01T10:05:07Z".parse().unwrap()),
        actor: None,
        ..called(event, subject)
    }
}

/// A session of a role.
pub fn session(role: &str, session: &str) -> Actor {
    Actor {
        arn: Some(format!("arn:aws:sts::111122223333:assumed-role/{role}/{session}")),
        invoked_by: None,
        kind: Some("AssumedRole".to_owned()),
        name: Some(role.to_owned()),
    }
}

/// The same, used by a service.
pub fn session_of_service(role: &str, name: &str, service: &str) -> Actor {
    Actor { invoked_by: Some(service.to_owned()), ..session(role, name) }
}

pub fn id(text: &str) -> InstanceId {
    InstanceId::parse(text).unwrap()
}

pub fn notebook() -> NotebookName {
    NotebookName::parse("Research-Churn").unwrap()
}

pub fn tags(pairs: &[(&str, &str)]) -> Tags {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

/// An instance whose record says everything but its tags.
pub fn launched(text: &str, http_tokens: HttpTokens, hop_limit: u8) -> Launched {
    Launched {
        http_tokens: Some(http_tokens),
        http_endpoint: Some(Switch::Enabled),
        hop_limit: Some(hop_limit),
        switches: Switches::all(Some(Switch::Disabled)),
        image: Some(IMAGE.to_owned()),
        ..Launched::unknown(id(text))
    }
}
