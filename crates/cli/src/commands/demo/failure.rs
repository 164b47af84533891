//! Failures of the embedded AWS, which are failures of the demo itself.

use std::fmt;

use v2only_aws::launcher::Refused;

use crate::term::problem::Problem;

/// The problem that the embedded AWS failed where it cannot.
pub(super) fn broken(error: impl fmt::Display) -> Problem {
    Problem::internal(format!("the embedded AWS: {error}"))
}

/// Checks that AWS refused a call that it must refuse.
pub(super) fn refused<T>(outcome: Result<T, Refused>) -> Result<(), Problem> {
    match outcome {
        Err(refusal) if refusal.code.is_some() => Ok(()),
        Err(refusal) => Err(broken(refusal)),
        Ok(_) => Err(broken("a call that must be refused was not")),
    }
}
