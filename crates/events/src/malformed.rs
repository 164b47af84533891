//! Why an event cannot be read.

/// An event that does not have the form it should have: which field, what was expected, what was found.
///
/// It carries a short excerpt of that one field and never the event itself, so it may be logged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{field}` should be {expected}, but is {found}")]
pub struct Malformed {
    /// Where it is, as a path from the top: `detail.requestParameters.instancesSet.items[2].instanceId`.
    pub field: String,
    /// What would have been right, as the end of "should be …".
    pub expected: String,
    /// What is there instead, as the end of "but is …", shortened.
    pub found: String,
}
