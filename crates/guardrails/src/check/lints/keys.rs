//! Condition keys that do not exist, or not there.

use super::finding;
use crate::check::evaluate::{Compare, Operator, applies_to};
use crate::check::glob;
use crate::check::read::{Statement, Test};
use crate::check::table::{self, KEYS, Key, LAUNCH_RESOURCES};
use crate::check::{Against, Finding, Level};
use v2only_document::spelling;

/// Keys that AWS does not have, and keys that the action does not carry on what the statement names.
pub fn run(statement: &Statement, _: Against<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for test in &statement.tests {
        match table::exists(&test.key.text) {
            Some(false) => findings.push(unknown(statement, test)),
            Some(true) | None => findings.extend(elsewhere(statement, test)),
        }
    }
    findings
}

fn unknown(statement: &Statement, test: &Test) -> Finding {
    let name = test.key.text.as_str();
    let service = name.split(':').next().unwrap_or_default();
    // First the keys this product is about, with their attribute written out.
    let ours = KEYS.iter().map(|it| it.name);
    let candidates = ours.chain(table::keys_of(service).unwrap_or_default().iter().copied());
    let instead = spelling::nearest_within(name, candidates, name.chars().count() / 5).map_or_else(
        || "look the key up in the Service Authorization Reference".to_owned(),
        |it| format!("did you mean `{it}`?"),
    );
    let negative = statement.deny && Operator::parse(&test.operator.text).is_some_and(|it| it.not);
    let follows =
        if negative { ", so the statement denies every request" } else { ", so the test never holds" };
    let message = format!("there is no condition key `{name}`{follows}");
    finding("unknown-condition-key", Level::Error, statement, test.key.at, message, instead)
}

/// A negative test of a key that is missing on one of the resource types denies all requests with one.
fn elsewhere(statement: &Statement, test: &Test) -> Option<Finding> {
    let operator = Operator::parse(&test.operator.text)?;
    let key = table::key(&test.key.text)?;
    if !statement.deny || !operator.not || operator.compare == Compare::Null || statement.resources.not {
        return None;
    }
    if applies_to(statement, "ec2:RunInstances")
        && key.on.iter().any(|(action, _)| *action == "ec2:RunInstances")
    {
        let named = |kind: &str| {
            let arn = format!("arn:aws:ec2:eu-central-1:111122223333:{kind}/x-0abc0123456789def");
            statement.resources.words.iter().find(|it| covers(&it.text, &arn))
        };
        let (kind, word) =
            LAUNCH_RESOURCES.iter().filter(|it| **it != "instance").find_map(|it| Some((*it, named(it)?)))?;
        return Some(finding(
            "key-not-on-resource",
            Level::Error,
            statement,
            word.at,
            format!(
                "`{}` does not exist on {kind}/* and its like, so `{}` holds there and every launch is denied",
                key.name, test.operator.text
            ),
            "write \"Resource\": \"arn:aws:ec2:*:*:instance/*\"",
        ));
    }
    let carries = key.on.is_empty() || key.on.iter().any(|(action, _)| applies_to(statement, action));
    (!carries).then(|| absent(statement, test, key))
}

fn absent(statement: &Statement, test: &Test, key: &Key) -> Finding {
    let actions: Vec<&str> = key.on.iter().map(|(action, _)| *action).collect();
    finding(
        "key-not-on-resource",
        Level::Error,
        statement,
        test.key.at,
        format!("none of these actions carries `{}`, so `{}` always holds", key.name, test.operator.text),
        format!("the actions that carry it are {}", actions.join(" and ")),
    )
}

fn covers(pattern: &str, arn: &str) -> bool {
    // The partition is the reader's own.
    let pattern = pattern.replacen("arn:aws-us-gov:", "arn:aws:", 1).replacen("arn:aws-cn:", "arn:aws:", 1);
    glob::matches(&pattern, arn) || glob::matches(&pattern, &arn.replacen(":111122223333:", "::", 1))
}
