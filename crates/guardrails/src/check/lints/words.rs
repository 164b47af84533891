//! Actions that are nearly right, and elements that belong elsewhere.

use crate::Word;
use crate::check::finding::about as finding;
use crate::check::read::Statement;
use crate::check::{Against, Attachment, Finding, Level};
use crate::check::{glob, names};
use v2only_document::spelling;

/// Misspelt actions, and a principal.
pub fn run(statement: &Statement, against: Against<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some(at) = statement.principal.filter(|_| against.attachment != Attachment::Rcp) {
        findings.push(finding(
            "principal-in-policy",
            Level::Error,
            statement,
            at,
            "only policies of resources have a Principal",
            "take it out; to spare somebody, use \"ArnNotLike\": {\"aws:PrincipalArn\": …}; a resource control policy \
             is checked with `--as rcp`",
        ));
    }
    findings.extend(statement.actions.words.iter().filter_map(|word| action(statement, word)));
    findings
}

/// An action that AWS does not have.
fn action(statement: &Statement, word: &Word) -> Option<Finding> {
    let text = word.text.as_str();
    let error = |message: String, instead: String| {
        Some(finding("unknown-action", Level::Error, statement, word.at, message, instead))
    };
    let (service, name) = match text.split_once(':') {
        _ if text == "*" => return None,
        Some((service, name)) if !service.is_empty() && !name.is_empty() => (service, name),
        _ => {
            let message = format!("`{text}` is no action, so it matches nothing");
            return error(message, "write `service:Action`, such as `ec2:RunInstances`, or `*`".to_owned());
        }
    };
    let of_service = || names::actions().filter(|it| starts_with_service(it, service));
    if of_service().next().is_none() || of_service().any(|it| glob::matches_ignoring_case(text, it)) {
        return None;
    }
    let nearest = spelling::nearest_within(text, of_service(), 2.max(name.chars().count() / 5));
    let instead = match nearest {
        Some(near) => format!("did you mean `{near}`?"),
        None => "see the actions in the Service Authorization Reference".to_owned(),
    };
    let message = if text.contains(['*', '?']) {
        format!("`{text}` matches no action")
    } else {
        format!("there is no action `{text}`")
    };
    error(message, instead)
}

fn starts_with_service(action: &str, service: &str) -> bool {
    action.split(':').next().is_some_and(|it| it.eq_ignore_ascii_case(service))
}
