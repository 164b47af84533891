//! The files in `policies/` are the rendering of the default document, no more and no less.
//!
//! After a change: `UPDATE_POLICIES=1 cargo test -p v2only-guardrails`, and read the difference.

use std::collections::BTreeMap;
use std::fs;

use v2only_guardrails::iac::guard;
use v2only_guardrails::{Kind, Settings, deploy, render};

#[test]
fn the_shipped_files_are_the_rendering_of_the_default_document() {
    let rendered: BTreeMap<String, String> =
        render(&Settings::shipped()).unwrap().into_iter().map(|it| (it.path, it.json)).collect();
    if std::env::var("UPDATE_POLICIES").is_ok() {
        for kind in [Kind::Scp, Kind::Rcp, Kind::Iam, Kind::Declarative] {
            fs::remove_dir_all(super::policies().join(kind.folder())).ok();
            fs::create_dir_all(super::policies().join(kind.folder())).unwrap();
        }
        for (path, json) in &rendered {
            fs::write(super::policies().join(path), json).unwrap();
        }
    }
    let mut shipped = BTreeMap::new();
    for kind in [Kind::Scp, Kind::Rcp, Kind::Iam, Kind::Declarative] {
        for entry in fs::read_dir(super::policies().join(kind.folder())).unwrap() {
            let path = entry.unwrap().path();
            let name = format!("{}/{}", kind.folder(), path.file_name().unwrap().to_str().unwrap());
            shipped.insert(name, fs::read_to_string(path).unwrap());
        }
    }
    let paths = |files: &BTreeMap<String, String>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(paths(&shipped), paths(&rendered));
    for (path, json) in &rendered {
        assert_eq!(&shipped[path], json, "{path} is out of date: run the tests with UPDATE_POLICIES=1");
    }
}

#[test]
fn the_shipped_guard_rules_are_those_of_the_default_document() {
    let folder = super::policies().join("guard");
    let rendered = guard::files(&Settings::shipped());
    if std::env::var("UPDATE_POLICIES").is_ok() {
        fs::create_dir_all(&folder).unwrap();
        for file in &rendered {
            fs::write(super::policies().join(&file.path), &file.text).unwrap();
        }
    }
    let mut shipped: Vec<String> = fs::read_dir(&folder)
        .unwrap()
        .map(|it| it.unwrap().file_name().into_string().unwrap())
        .filter(|it| it.ends_with(".guard"))
        .map(|it| format!("guard/{it}"))
        .collect();
    shipped.sort();
    assert_eq!(shipped, rendered.iter().map(|it| it.path.clone()).collect::<Vec<_>>());
    for file in rendered {
        let text = fs::read_to_string(super::policies().join(&file.path)).unwrap();
        assert_eq!(text, file.text, "{}: run the tests with UPDATE_POLICIES=1", file.path);
    }
}

#[test]
fn the_shipped_templates_are_those_of_the_default_document() {
    for file in deploy::files(&Settings::shipped()).unwrap() {
        let path = super::policies().join(&file.path);
        if std::env::var("UPDATE_POLICIES").is_ok() {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, &file.text).unwrap();
        }
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(text, file.text, "{}: run the tests with UPDATE_POLICIES=1", file.path);
    }
}

#[test]
fn the_same_settings_give_the_same_bytes() {
    assert_eq!(render(&Settings::shipped()), render(&Settings::shipped()));
}

#[test]
fn sids_are_unique_within_a_policy() {
    for file in render(&Settings::shipped()).unwrap() {
        let mut sids: Vec<String> =
            super::statements(&file.json).iter().map(|it| it["Sid"].as_str().unwrap().to_owned()).collect();
        let before = sids.len();
        sids.sort();
        sids.dedup();
        assert_eq!(sids.len(), before, "{}", file.path);
    }
}
