//! What a record says beside the decision.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::failure::Failure;

/// Where the options that were judged are known from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum KnownFrom {
    /// AWS described the resource.
    Description,
    /// The record of its launch.
    LaunchRecord,
    /// The record of its creation.
    CreationRecord,
    /// AWS does not show the resource any more.
    Absence,
}

impl fmt::Display for KnownFrom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Description | Self::Absence => "",
            Self::LaunchRecord => ", says its launch record",
            Self::CreationRecord => ", says its creation record",
        })
    }
}

/// Something that happened while a decision was carried out, beside its outcome.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Remark {
    /// The tag that remembers when IMDSv1 was turned back on could not be written.
    FlipNotRemembered(Failure),
    /// A tag of this product could not be written.
    TagNotWritten {
        /// Its key.
        key: String,
        /// Why.
        failure: Failure,
    },
    /// AWS refused an option beside the tokens, which v2only then set alone.
    OptionRefused {
        /// The option, in AWS's spelling.
        option: String,
        /// AWS's words.
        failure: Failure,
    },
    /// The change was accepted, and the instance could not be described again.
    NotConfirmed(Failure),
    /// Somebody made a version of the launch template meanwhile. v2only repeated that version.
    VersionRepeated {
        /// The version that somebody made.
        theirs: u64,
        /// Whether it is repeated with `HttpTokens=required`.
        tightened: bool,
        /// The version that repeats it.
        by: u64,
    },
    /// Whether somebody made a version of the launch template meanwhile could not be read.
    VersionsNotRead(Failure),
    /// Somebody made another version the default of the launch template after the plan, so the new version is not made the
    /// default.
    DefaultChanged {
        /// The default when the change was planned.
        planned: u64,
        /// The default that somebody chose.
        theirs: u64,
        /// The version that v2only created and nothing launches from as `$Default`.
        unused: u64,
    },
    /// Somebody changed the tags of the launch template after the plan, which may exempt it.
    TagsChanged {
        /// The version that v2only only created and nothing launches from as `$Default`.
        unused: u64,
    },
    /// Somebody changed the group after the plan, so that it does not name this version, which requires tokens.
    FixedVersionReady {
        /// The version.
        number: u64,
    },
    /// The sweeper may not change what launches start from.
    LeftToEnforce,
}

impl Remark {
    /// Why a flip could not be remembered, if this is about one.
    pub const fn flip_failure(&self) -> Option<&Failure> {
        match self {
            Self::FlipNotRemembered(failure) => Some(failure),
            Self::TagNotWritten { .. }
            | Self::NotConfirmed(_)
            | Self::OptionRefused { .. }
            | Self::VersionRepeated { .. }
            | Self::VersionsNotRead(_)
            | Self::DefaultChanged { .. }
            | Self::TagsChanged { .. }
            | Self::FixedVersionReady { .. }
            | Self::LeftToEnforce => None,
        }
    }
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FlipNotRemembered(failure) => write!(f, "the flip could not be remembered: {failure}"),
            Self::TagNotWritten { key, failure } => write!(f, "`{key}` could not be remembered: {failure}"),
            Self::OptionRefused { option, failure } => write!(f, "AWS refused {option}: {failure}"),
            Self::NotConfirmed(failure) => write!(f, "changed, and not confirmed: {failure}"),
            Self::VersionRepeated { theirs, tightened, by } => {
                let with = if *tightened { " with HttpTokens=required" } else { "" };
                write!(
                    f,
                    "somebody made version {theirs} meanwhile; it was repeated{with} as version {by}, so that it is \
                     $Latest"
                )
            }
            Self::VersionsNotRead(failure) => write!(
                f,
                "whether somebody made a version meanwhile, which is to be $Latest, is not known: {failure}"
            ),
            Self::DefaultChanged { planned, theirs, unused } => write!(
                f,
                "somebody made version {theirs} the default in place of version {planned} after the plan; version \
                 {theirs} stays the default, and version {unused} of v2only is unused"
            ),
            Self::TagsChanged { unused } => write!(
                f,
                "somebody changed the tags of the launch template after the plan; version {unused} of v2only is unused"
            ),
            Self::FixedVersionReady { number } => {
                write!(
                    f,
                    "version {number} of the launch template requires tokens, and the group does not name it yet"
                )
            }
            Self::LeftToEnforce => {
                f.write_str("left to `v2only enforce`: no function may change what launches start from")
            }
        }
    }
}
