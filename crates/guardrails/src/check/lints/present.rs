//! A denial of a change that tests what an instance has, and not what the request asks for.

use crate::check::evaluate::applies_to;
use crate::check::finding::about as finding;
use crate::check::read::Statement;
use crate::check::{Against, Finding, Level};

/// The code of the finding.
pub const CODE: &str = "present-value";

const MODIFY: &str = "ec2:ModifyInstanceMetadataOptions";
/// The keys of the present value, each with the key of the requested value and the value to require.
const PAIRS: &[(&str, &str, &str)] = &[
    ("ec2:MetadataHttpTokens", "ec2:Attribute/HttpTokens", "required"),
    ("ec2:MetadataHttpEndpoint", "ec2:Attribute/HttpEndpoint", "disabled"),
    ("ec2:MetadataHttpPutResponseHopLimit", "ec2:Attribute/HttpPutResponseHopLimit", "1"),
];

/// A denial of `ModifyInstanceMetadataOptions` that tests no requested value.
pub fn run(statement: &Statement, _: Against<'_>) -> Vec<Finding> {
    // A wildcard denies more than this change, and has another purpose.
    let named = statement.actions.words.iter().any(|it| it.text.eq_ignore_ascii_case(MODIFY));
    let asks =
        |prefix: &str| statement.tests.iter().any(|it| it.key.text.to_ascii_lowercase().starts_with(prefix));
    if !statement.deny || !named || !applies_to(statement, MODIFY) || asks("ec2:attribute") {
        return Vec::new();
    }
    let found = statement.tests.iter().find_map(|test| {
        let pair = PAIRS.iter().find(|(now, ..)| test.key.text.eq_ignore_ascii_case(now))?;
        Some((test, pair))
    });
    let Some((test, (now, asked, value))) = found else { return Vec::new() };
    vec![finding(
        CODE,
        Level::Error,
        statement,
        test.key.at,
        format!(
            "`{now}` is the value that the instance has now, so the statement denies the fix of an open \
             instance or lets the opt-out of a fixed one pass; `{asked}` is the value that the request asks for"
        ),
        format!(
            "write \"StringNotEquals\": {{\"{asked}\": \"{value}\"}}, \"Null\": {{\"{asked}\": \"false\"}}"
        ),
    )]
}
