//! Pieces that exist.

use v2only_enforcer::ports::Answer;

use crate::finding::Report;

/// The piece, or `None` in the option if it does not exist. `None` if nobody asked for it, and if it could not be
/// read, which the report then says.
pub(super) fn existing<'a, T>(
    report: &mut Report<'_>,
    piece: &'static str,
    name: &str,
    answer: Option<&'a Answer<Option<T>>>,
) -> Option<Option<&'a T>> {
    match answer? {
        Ok(found) => Some(found.as_ref()),
        Err(failure) => {
            report.unread(piece, name, failure);
            None
        }
    }
}
