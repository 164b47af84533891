//! Operators that do not exist, do not fit their key, or compare with what it never is.

use crate::check::evaluate::{Compare, Operator};
use crate::check::finding::about as finding;
use crate::check::read::{Statement, Test};
use crate::check::table::{self, Key, OPERATORS, Type};
use crate::check::{Against, Finding, Level};
use v2only_document::spelling;

/// Every test of the statement.
pub fn run(statement: &Statement, _: Against<'_>) -> Vec<Finding> {
    statement.tests.iter().filter_map(|it| one(statement, it)).collect()
}

fn one(statement: &Statement, test: &Test) -> Option<Finding> {
    let text = test.operator.text.as_str();
    let Some(operator) = Operator::parse(text) else {
        let bare = text.rsplit(':').next().unwrap_or(text);
        let bare = bare.strip_suffix("IfExists").unwrap_or(bare);
        let instead = spelling::nearest_within(bare, OPERATORS.iter().copied(), bare.chars().count() / 5)
            .map_or_else(|| "for example StringNotEquals".to_owned(), |it| format!("did you mean `{it}`?"));
        let message = format!("there is no condition operator `{text}`");
        return Some(finding(
            "unknown-operator",
            Level::Error,
            statement,
            test.operator.at,
            message,
            instead,
        ));
    };
    let key = table::key(&test.key.text);
    if let Some(finding) = key.and_then(|key| misfit(statement, test, operator, key)) {
        return Some(finding);
    }
    if matches!(operator.compare, Compare::Number(..)) {
        let bad = test.values.iter().find(|it| it.text.parse::<f64>().is_err() && !it.text.contains("${"))?;
        return Some(finding(
            "not-a-number",
            Level::Error,
            statement,
            bad.at,
            format!("`{text}` compares numbers, and `{}` is not a number", bad.text),
            "write a number, such as \"2\"; for a range use two tests",
        ));
    }
    let key = key?;
    let exact = matches!(operator.compare, Compare::Equals) && !key.values.is_empty();
    let strange = test
        .values
        .iter()
        .find(|it| exact && !key.values.contains(&it.text.as_str()) && !it.text.contains("${"))?;
    Some(finding(
        "impossible-value",
        Level::Error,
        statement,
        strange.at,
        format!("`{}` is never `{}`", key.name, strange.text),
        format!("its values are {}", key.values.join(" and ")),
    ))
}

/// An operator that does not compare values of the key's type.
fn misfit(statement: &Statement, test: &Test, operator: Operator, key: &Key) -> Option<Finding> {
    let text = test.operator.text.as_str();
    let number = matches!(operator.compare, Compare::Number(..));
    let fits = match (operator.compare, key.of) {
        (Compare::Null, _) => true,
        (Compare::Bool | Compare::Other | Compare::Arn, _) => false,
        (_, Type::Number) => number,
        (_, Type::Text) => !number,
    };
    if !fits {
        let (what, instead) = match key.of {
            Type::Number => ("a number", "NumericGreaterThan, NumericLessThan or NumericNotEquals"),
            Type::Text => ("a text", "StringEquals or StringNotEquals"),
        };
        let message = format!("`{}` is {what}, and `{text}` does not compare those", key.name);
        return Some(finding(
            "wrong-operator",
            Level::Error,
            statement,
            test.operator.at,
            message,
            format!("write {instead}"),
        ));
    }
    None
}
