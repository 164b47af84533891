//! Moments as event times have them.

use jiff::Timestamp;

/// Event times have whole seconds; so have the moments in the tag.
pub fn to_second(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second()).unwrap_or(at)
}
