//! SageMaker's refusals. It models hardly any: nearly everything is a `ValidationException`.

use super::notebook::{Notebook, Status};
use crate::error::AwsError;

pub(super) fn validation(message: impl Into<String>) -> AwsError {
    AwsError::client("ValidationException", message)
}

/// The wrong status for a transition. AWS's own words, seen in public issue reports.
pub(super) fn wrong_status(notebook: &Notebook, allowed: &[Status], target: Status) -> AwsError {
    let allowed: Vec<_> = allowed.iter().map(|it| it.id()).collect();
    validation(format!(
        "Status ({}) not in ([{}]). Unable to transition to ({}) for Notebook Instance ({}).",
        notebook.status.id(),
        allowed.join(", "),
        target.id(),
        notebook.arn()
    ))
}

pub(super) fn not_found() -> AwsError {
    validation("RecordNotFound")
}

pub(super) fn duplicate(arn: &str) -> AwsError {
    validation(format!("Cannot create a duplicate Notebook Instance ({arn})"))
}

/// A value against the API model.
pub(super) fn constraint(value: &str, member: &str, must: &str) -> AwsError {
    let member = lower_first(member);
    validation(format!(
        "1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: Member must {must}"
    ))
}

pub(super) fn missing(member: &str) -> AwsError {
    let member = lower_first(member);
    validation(format!(
        "1 validation error detected: Value null at '{member}' failed to satisfy constraint: Member must not be null"
    ))
}

/// The wording of the refusals around platforms is ours; AWS documents that it refuses, not how.
pub(super) fn platform_ended(notebook_platform: &str) -> AwsError {
    validation(format!(
        "Platform identifier {notebook_platform} is no longer supported. Update the notebook instance to \
         notebook-al2023-v1."
    ))
}

pub(super) fn platform_change(from: &str, to: &str) -> AwsError {
    validation(format!("Updating the platform identifier from {from} to {to} is not supported."))
}

pub(super) fn unsupported_type(instance_type: &str, platform: &str) -> AwsError {
    validation(format!("Instance type {instance_type} is not supported with platform identifier {platform}."))
}

pub(super) fn lower_first(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|it| it.to_ascii_lowercase()).into_iter().chain(letters).collect()
}
