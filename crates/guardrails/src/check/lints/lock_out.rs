//! Denials of what this product itself has to do.

use crate::check::effects::{self, Outcome};
use crate::check::finding::about as finding;
use crate::check::read::Policy;
use crate::check::{Against, Attachment, Finding, Level};

/// A statement that refuses one of our own roles.
pub fn run(policy: &Policy, against: Against<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    // An identity policy binds whom it is attached to, and nobody attaches a denial to our roles.
    if against.attachment != Attachment::Scp {
        return findings;
    }
    for case in effects::of(policy, against).into_iter().filter(|it| it.ours) {
        let by = match case.outcome {
            Outcome::Denied(by) => by,
            // Not on the allow list, which the first grant begins.
            Outcome::NotGranted => {
                let grant = policy.statements.iter().find(|it| !it.deny);
                let Some(grant) = grant else { continue };
                let action = case.requests.first().map(|it| it.action.as_str()).unwrap_or_default();
                findings.push(finding(
                    "locks-out-remediation",
                    Level::Error,
                    grant,
                    grant.at,
                    format!("the allow list does not contain what has to go on: {}", case.name),
                    format!("add \"{action}\" to its actions"),
                ));
                continue;
            }
            Outcome::Allowed | Outcome::Depends(_) => continue,
        };
        let principal = case.requests.first().and_then(|it| it.context.get("aws:principalarn")?.first());
        let principal = principal.map(String::as_str).unwrap_or_default();
        let name = principal.rsplit('/').next().unwrap_or_default();
        for statement in policy.statements.iter().filter(|it| by.contains(&it.name)) {
            findings.push(finding(
                "locks-out-remediation",
                Level::Error,
                statement,
                statement.at,
                format!("it refuses what has to go on: {} ({name})", case.name),
                format!("add \"ArnNotLike\": {{\"aws:PrincipalArn\": \"arn:{}:iam::*:role/{name}\"}} to the condition", against.settings.partition.as_str()),
            ));
        }
    }
    findings
}
