//! A notebook's `MinimumInstanceMetadataServiceVersion` must be "2".
//!
//! The documents contradict each other on what a notebook created without it gets, so nothing described
//! counts as "1".

use crate::notebook::{MinimumVersion, Notebook};
use crate::verdict::Finding;

/// The rule's id.
pub const ID: &str = "minimum-version";

/// Finds a notebook that answers version 1, or of which nothing was described.
pub const fn judge(notebook: &Notebook) -> Option<Finding> {
    match notebook.minimum_version {
        MinimumVersion::Two => None,
        MinimumVersion::One => Some(Finding::MinimumVersion1),
        MinimumVersion::Unknown => Some(Finding::MinimumVersionUnknown),
    }
}
