//! Errors of Security Hub.

use crate::error::AwsError;

pub(super) fn invalid(message: impl Into<String>) -> AwsError {
    AwsError::client("InvalidInputException", message)
}
