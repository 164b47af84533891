//! Reading requests, the same for all operations.

use crate::error::AwsError;
use crate::params::Params;

pub(super) fn invalid(message: impl Into<String>) -> AwsError {
    AwsError::client("InvalidParameterValue", message)
}

pub(super) fn missing(name: &str) -> AwsError {
    AwsError::client("MissingRequiredParameter", format!("{name} is required."))
}

pub(super) fn required<'a>(params: &'a Params, name: &str) -> Result<&'a str, AwsError> {
    params.text(name).filter(|text| !text.is_empty()).ok_or_else(|| missing(name))
}

/// The structures of `NAME.member.N`.
pub(super) fn members<'a>(params: &'a Params, name: &str) -> Vec<&'a Params> {
    params.structure(name).map(|list| list.structures("member")).unwrap_or_default()
}
