//! Whom a denial spares.

use crate::check::evaluate::{Compare, Operator};
use crate::check::finding::about as finding;
use crate::check::glob;
use crate::check::read::Statement;
use crate::check::{Against, Finding, Level};

/// Principals that are spared by their ARN.
pub fn run(statement: &Statement, against: Against<'_>) -> Vec<Finding> {
    if !statement.deny {
        return Vec::new();
    }
    let mut findings = Vec::new();
    for test in &statement.tests {
        let Some(operator) = Operator::parse(&test.operator.text) else { continue };
        if !operator.not || !test.key.text.eq_ignore_ascii_case("aws:PrincipalArn") {
            continue;
        }
        for value in &test.values {
            let patterns = matches!(operator.compare, Compare::Like | Compare::Arn);
            let arn = value.text.as_str();
            if patterns
                && (arn.chars().all(|it| "*?:/".contains(it))
                    || arn.ends_with(":role/*")
                    || arn.ends_with("::*:*"))
            {
                findings.push(finding(
                    "exempts-everybody",
                    Level::Error,
                    statement,
                    value.at,
                    format!("`{arn}` spares every role, so the statement binds next to nobody"),
                    "name the roles to be spared, for example arn:aws:iam::*:role/break-glass",
                ));
            } else if against.own && !known(arn, against) {
                findings.push(finding(
                    "exempt-role-unknown",
                    Level::Warning,
                    statement,
                    value.at,
                    format!("`{arn}` is spared here, and is none of our roles, owners or exempt principals"),
                    "take it out, or name it with `--owner` or `--exempt`",
                ));
            }
        }
    }
    findings
}

fn known(arn: &str, against: Against<'_>) -> bool {
    let settings = against.settings;
    let names = &settings.names;
    let principals = settings.principals.owners.iter().chain(&settings.principals.exempt);
    let mut roles = names.roles().into_iter().chain(principals).map(|it| it.arn(settings.partition));
    let of_aws = arn.contains(":role/aws:ec2-infrastructure") || arn.contains(":role/aws-service-role/");
    of_aws || roles.any(|it| it == arn || glob::matches_arn(&it, arn) || glob::matches_arn(arn, &it))
}
