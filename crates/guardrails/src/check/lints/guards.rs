//! "Not equal" holds for a request that does not speak of the option at all.

use crate::check::evaluate::{Compare, Operator, applies_to};
use crate::check::finding::about as finding;
use crate::check::read::Statement;
use crate::check::table::{KEYS, Key, key};
use crate::check::{Against, Finding, Level};

/// Negative tests of keys that only some requests carry.
pub fn run(statement: &Statement, _: Against<'_>) -> Vec<Finding> {
    if !statement.deny {
        return Vec::new();
    }
    let negative = |text: &str| Operator::parse(text).is_some_and(|it| it.not);
    let mut findings = Vec::new();
    for test in statement.tests.iter().filter(|it| negative(&it.operator.text)) {
        let Some(key) = key(&test.key.text).filter(|it| it.only_if_asked) else { continue };
        // A notebook that is created without a version gets one that is documented both ways.
        let actions: Vec<&str> = key.carriers().into_iter().map(|(action, _)| action).collect();
        let update = actions.iter().find(|it| !it.contains(":Create") && applies_to(statement, it));
        let Some(action) = update else { continue };
        if guarded(statement, key) {
            continue;
        }
        findings.push(finding(
            "missing-null-guard",
            Level::Error,
            statement,
            test.key.at,
            format!(
                "`{}` also holds for a {action} that does not set `{}`, and denies it",
                test.operator.text, key.name
            ),
            format!("add \"Null\": {{\"{}\": \"false\"}} to the condition", key.name),
        ));
    }
    findings
}

/// Whether the statement only applies to requests that carry the key, or one of its family.
fn guarded(statement: &Statement, of: &Key) -> bool {
    let family = |name: &str| {
        let prefix = |it: &str| it.split('/').next().map(str::to_ascii_lowercase);
        let same = |key: &&Key| {
            key.only_if_asked && prefix(key.name) == prefix(of.name) && key.name.eq_ignore_ascii_case(name)
        };
        KEYS.iter().any(|it| same(&it))
    };
    statement.tests.iter().any(|test| {
        let Some(operator) = Operator::parse(&test.operator.text) else { return false };
        let present = operator.compare == Compare::Null
            && test.values.iter().all(|it| it.text.eq_ignore_ascii_case("false"));
        let positive = operator.compare != Compare::Null && !operator.not && !operator.if_exists;
        (present && test.key.text.eq_ignore_ascii_case(of.name))
            || ((present || positive) && family(&test.key.text))
    })
}
