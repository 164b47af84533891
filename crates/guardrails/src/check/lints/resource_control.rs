//! What a resource control policy must contain, and which services it reaches.
//!
//! Source: AWS Organizations User Guide, "RCP syntax" and "Resource control policies".

use crate::check::finding::about as finding;
use crate::check::read::{Policy, Statement};
use crate::check::{Against, Attachment, Finding, Level};

/// Services that a policy about the metadata service names, and that do not support these policies.
const UNSUPPORTED: &[&str] = &["ec2", "sagemaker", "autoscaling", "imagebuilder"];

/// Statements that AWS refuses, and statements that apply to no request.
pub fn run(policy: &Policy, against: Against<'_>) -> Vec<Finding> {
    if against.attachment != Attachment::Rcp {
        return Vec::new();
    }
    policy.statements.iter().filter(|it| !is_full_access(it)).flat_map(of).collect()
}

fn of(statement: &Statement) -> Vec<Finding> {
    let refused = |at, message: &str, instead: &str| {
        finding("malformed", Level::Error, statement, at, message, instead)
    };
    let mut findings = Vec::new();
    if !statement.deny {
        findings.push(refused(
            statement.at,
            "AWS accepts no Allow in a resource control policy of your own",
            "write a Deny with the opposite condition",
        ));
    }
    if !statement.everybody {
        findings.push(refused(
            statement.principal.unwrap_or(statement.at),
            "a resource control policy is about every principal",
            "write \"Principal\": \"*\", and spare somebody by a condition on \"aws:PrincipalArn\"",
        ));
    }
    if statement.actions.not {
        findings.push(refused(
            statement.at,
            "a resource control policy has no NotAction",
            "write \"Action\": [\"s3:*\", \"sqs:*\"]",
        ));
    }
    for word in &statement.actions.words {
        let service = word.text.split(':').next().unwrap_or_default();
        if word.text == "*" {
            findings.push(refused(
                word.at,
                "AWS does not accept `*` alone as the action of a resource control policy",
                "name the services: \"Action\": [\"s3:*\", \"sqs:*\"]",
            ));
        } else if UNSUPPORTED.iter().any(|it| it.eq_ignore_ascii_case(service)) {
            findings.push(finding(
                "unsupported-service",
                Level::Error,
                statement,
                word.at,
                format!(
                    "resource control policies do not apply to {service}, so `{}` denies no request",
                    word.text
                ),
                "put the statement into a service control policy",
            ));
        }
    }
    findings
}

fn is_full_access(statement: &Statement) -> bool {
    let all = |words: &[crate::Word]| words.iter().any(|it| it.text == "*");
    !statement.deny
        && statement.tests.is_empty()
        && all(&statement.actions.words)
        && all(&statement.resources.words)
}
