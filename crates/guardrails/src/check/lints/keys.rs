//! Condition keys that do not exist, or not there.

use crate::Word;
use crate::check::evaluate::{Compare, Operator, applies_to};
use crate::check::finding::about as finding;
use crate::check::glob;
use crate::check::names;
use crate::check::read::{Statement, Test};
use crate::check::table::{self, KEYS, Key, LAUNCH_RESOURCES, OPTIONAL_LAUNCH_RESOURCES};
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
    let candidates = ours.chain(names::keys_of(service));
    let instead = spelling::nearest_within(name, candidates, name.chars().count() / 5).map_or_else(
        || "look the key up in the Service Authorization Reference".to_owned(),
        |it| format!("did you mean `{it}`?"),
    );
    if service.eq_ignore_ascii_case("aws") {
        let message = format!("the global condition key `{name}` is not known here");
        return finding("unknown-condition-key", Level::Note, statement, test.key.at, message, instead);
    }
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
    let carriers = key.carriers();
    if applies_to(statement, "ec2:RunInstances")
        && carriers.iter().any(|(action, _)| *action == "ec2:RunInstances")
    {
        let (word, kind, follows) = on_launch(statement)?;
        return Some(finding(
            "key-not-on-resource",
            Level::Error,
            statement,
            word.at,
            format!(
                "`{}` does not exist on {kind}/*, so `{}` holds there and {follows}",
                key.name, test.operator.text
            ),
            "write \"Resource\": \"arn:aws:ec2:*:*:instance/*\"",
        ));
    }
    let carries = carriers.is_empty() || carriers.iter().any(|(action, _)| applies_to(statement, action));
    (!carries).then(|| absent(statement, test, key))
}

/// The first resource type without the key that the statement names, and which launches have it.
fn on_launch(statement: &Statement) -> Option<(&Word, &'static str, String)> {
    let named = |kind: &str| {
        let arn = format!("arn:aws:ec2:eu-central-1:111122223333:{kind}/x-0abc0123456789def");
        statement.resources.words.iter().find(|it| covers(&it.text, &arn))
    };
    let always = LAUNCH_RESOURCES.iter().filter(|it| **it != "instance");
    let every = always.map(|it| (*it, "every launch is denied".to_owned()));
    let some =
        OPTIONAL_LAUNCH_RESOURCES.iter().map(|(it, which)| (*it, format!("every launch {which} is denied")));
    every.chain(some).find_map(|(kind, follows)| Some((named(kind)?, kind, follows)))
}

fn absent(statement: &Statement, test: &Test, key: &Key) -> Finding {
    let actions: Vec<&str> = key.carriers().into_iter().map(|(action, _)| action).collect();
    let instead = match actions.as_slice() {
        [one] => format!("only {one} carries it"),
        [first, second] => format!("the actions that carry it are {first} and {second}"),
        many => format!("{} actions carry it, such as ec2:RunInstances", many.len()),
    };
    finding(
        "key-not-on-resource",
        Level::Error,
        statement,
        test.key.at,
        format!("none of these actions carries `{}`, so `{}` always holds", key.name, test.operator.text),
        instead,
    )
}

fn covers(pattern: &str, arn: &str) -> bool {
    // The partition is the reader's own.
    let pattern = pattern.replacen("arn:aws-us-gov:", "arn:aws:", 1).replacen("arn:aws-cn:", "arn:aws:", 1);
    glob::matches(&pattern, arn) || glob::matches(&pattern, &arn.replacen(":111122223333:", "::", 1))
}
