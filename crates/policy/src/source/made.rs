//! What a version of a launch template says of itself if `enforce` or `rollback` made it: its `VersionDescription`, which
//! is all that a later run has to go by when an earlier one ended between two calls. AWS takes at most 255 characters.

use std::fmt;

/// What a version was made from, and while which one was `$Latest`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Made {
    /// The version that it repeats, but for the metadata options.
    pub from: u64,
    /// What `$Latest` was to go on meaning. If it is another one than `from`, making this version was only the first of
    /// two calls: the second repeats that one.
    pub latest: u64,
}

/// How every description of ours begins.
const OURS: &str = "v2only: version ";
const CHANGED: &str = ", IMDSv2 only; $Latest was version ";
const AGAIN: &str = " again";

impl Made {
    /// Of a version that repeats another one as it is.
    pub const fn again(version: u64) -> Self {
        Self { from: version, latest: version }
    }

    /// Reads a description. `None`: somebody else made that version.
    pub fn read(description: &str) -> Option<Self> {
        let words = description.strip_prefix(OURS)?;
        if let Some(number) = words.strip_suffix(AGAIN) {
            return Some(Self::again(version(number)?));
        }
        let (from, latest) = words.split_once(CHANGED)?;
        Some(Self { from: version(from)?, latest: version(latest)? })
    }

    /// The description of a version with other metadata options than the one it was made from.
    pub fn changed(self) -> String {
        format!("{OURS}{}{CHANGED}{}", self.from, self.latest)
    }

    /// The description of a version that repeats another one as it is.
    pub fn repeated(self) -> String {
        format!("{OURS}{}{AGAIN}", self.from)
    }
}

/// Digits alone, as we write them.
fn version(digits: &str) -> Option<u64> {
    digits.parse().ok().filter(|it: &u64| *it > 0 && it.to_string() == digits)
}

/// A version of ours that became `$Latest` in the first of two calls, and the second never came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Displaced {
    /// The version of ours.
    pub by: u64,
    /// What `$Latest` was before.
    pub was: u64,
    /// Why it cannot be put right without asking anybody.
    pub unclear: Option<Unclear>,
}

/// Why nobody but a person can tell what `$Latest` is to mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Unclear {
    /// The version that it was is deleted.
    Gone,
    /// Somebody made this version in between.
    Meanwhile(u64),
}

impl fmt::Display for Unclear {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gone => f.write_str("that one is deleted"),
            Self::Meanwhile(number) => write!(f, "somebody made version {number} meanwhile"),
        }
    }
}
