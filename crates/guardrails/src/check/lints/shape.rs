//! The form of a policy: what AWS refuses when the policy is saved.

use std::collections::HashMap;

use crate::check::read::{Malformed, Policy};
use crate::check::{Finding, Level};
use crate::{Mark, Word};

const CURRENT: &str = "2012-10-17";

/// Elements written twice or beside their opposite, `Sid`, and `Version`.
pub fn run(policy: &Policy) -> Vec<Finding> {
    let mut findings: Vec<Finding> = policy.malformed.iter().map(refused).collect();
    findings.extend(version(policy));
    let mut known: HashMap<&str, Mark> = HashMap::new();
    for statement in &policy.statements {
        let Some(sid) = &statement.sid else { continue };
        let mut add = |message: String, instead: &str| {
            let (statement, instead) = (Some(statement.name.clone()), instead.to_owned());
            findings.push(refused(&Malformed { at: sid.at, statement, message, instead }));
        };
        if !sid.text.chars().all(|it| it.is_ascii_alphanumeric()) {
            add(format!("`{}` is no Sid", sid.text), "write letters and digits only");
        }
        if let Some(first) = known.get(sid.text.as_str()).filter(|_| !sid.text.is_empty()) {
            let message = format!("the Sid `{}` occurs twice, first on line {}", sid.text, first.line);
            add(message, "give every statement a Sid of its own");
        }
        known.entry(&sid.text).or_insert(sid.at);
    }
    findings
}

fn version(policy: &Policy) -> Option<Finding> {
    let (at, message) = match &policy.version {
        Some(Word { text, .. }) if text == CURRENT => return None,
        Some(Word { text, at }) if text == "2008-10-17" => {
            (*at, "in version 2008-10-17 a policy variable is plain text".to_owned())
        }
        Some(Word { text, at }) => (*at, format!("`{text}` is no version of the policy language")),
        None if variables(policy) => {
            (Mark::START, "without `Version` a policy variable is plain text".to_owned())
        }
        None => return None,
    };
    let level = if message.starts_with('`') || variables(policy) { Level::Error } else { Level::Note };
    let instead = format!("write \"Version\": \"{CURRENT}\"");
    Some(Finding { code: "malformed", level, at, statement: None, message, instead })
}

/// Whether a value contains a policy variable.
fn variables(policy: &Policy) -> bool {
    let values = |statement: &crate::check::read::Statement| {
        let tested = statement.tests.iter().flat_map(|it| &it.values);
        statement.resources.words.iter().chain(tested).any(|it| it.text.contains("${"))
    };
    policy.statements.iter().any(values)
}

fn refused(it: &Malformed) -> Finding {
    Finding {
        code: "malformed",
        level: Level::Error,
        at: it.at,
        statement: it.statement.clone(),
        message: it.message.clone(),
        instead: it.instead.clone(),
    }
}
