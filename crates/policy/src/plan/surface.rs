//! What is to be done about a surface, as data.

use std::fmt;

/// A change of a surface. INVARIANT (only tighten): no value states `HttpTokens` = `optional`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum SurfaceChange {
    /// Set `HttpTokens` to `required`, and nothing else.
    RequireTokens,
}

impl fmt::Display for SurfaceChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RequireTokens => f.write_str("HttpTokens=required"),
        }
    }
}
