//! Why an event leads to no trigger, inside this crate.

use crate::{Ignored, Malformed};

/// Why an event leads to no trigger.
pub enum Stop {
    /// There is nothing to do, and why.
    Ignored(Ignored),
    /// A field that is needed is missing or is something else.
    Malformed(Malformed),
}

impl From<Ignored> for Stop {
    fn from(why: Ignored) -> Self {
        Self::Ignored(why)
    }
}

impl From<Malformed> for Stop {
    fn from(error: Malformed) -> Self {
        Self::Malformed(error)
    }
}
