//! Which kinds of resources a scan reads.

use v2only_policy::ResourceKind;

/// Which kinds of resources a scan reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kinds {
    /// Every kind.
    All,
    /// One kind.
    Only(ResourceKind),
    /// All that launches take their options from.
    LaunchSources,
    /// None.
    None,
}

impl Kinds {
    /// Whether a scan reads this kind.
    pub fn contains(self, kind: ResourceKind) -> bool {
        match self {
            Self::All => true,
            Self::Only(only) => only == kind,
            Self::LaunchSources => kind.is_launch_source(),
            Self::None => false,
        }
    }
}
