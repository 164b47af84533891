//! What an installation is compared with besides what is shipped.

use std::collections::BTreeMap;

use v2only_policy::Policy;

use crate::snapshot::Membership;

/// What the installation is compared with besides what is shipped.
#[derive(Debug, Clone, Default)]
pub struct Against<'a> {
    /// SHA-256 of released zips in base 64, by folder of the function and architecture; an empty architecture stands
    /// for zips that do not say theirs.
    pub zips: BTreeMap<(String, String), Zip>,
    /// The policy document that should be in force, with the name of its file.
    pub policy: Option<(&'a str, &'a Policy)>,
    /// The settings of the functions for other accounts.
    pub membership: Option<Membership>,
}

/// A zip on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zip {
    /// Where it is.
    pub path: String,
    /// SHA-256 in base 64, as Lambda shows it.
    pub sha256: String,
}
