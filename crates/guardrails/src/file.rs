//! A rendered policy as a file.

use crate::check;

/// What a file is to AWS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A service control policy.
    Scp,
    /// A resource control policy.
    Rcp,
    /// An identity policy, a permissions boundary, or the policy of a role.
    Iam,
    /// A declarative policy for EC2.
    Declarative,
}

impl Kind {
    /// The folder its files lie in.
    pub const fn folder(self) -> &'static str {
        match self {
            Self::Scp => "scp",
            Self::Rcp => "rcp",
            Self::Iam => "iam",
            Self::Declarative => "declarative",
        }
    }

    /// The most characters that AWS accepts, white space included. For service control policies it is the
    /// limit that held until 2026-05, half of today's, so that a file attaches everywhere.
    pub const fn limit(self) -> usize {
        match self {
            Self::Scp | Self::Rcp => 5_120,
            Self::Iam => 6_144,
            Self::Declarative => 10_000,
        }
    }
}

/// One policy, ready to be attached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Where it lies below `policies/`.
    pub path: String,
    /// What it is to AWS.
    pub kind: Kind,
    /// Its JSON, one statement a line and otherwise without white space.
    pub json: String,
}

impl File {
    /// The `Sid`s of its statements; none for a declarative policy.
    pub fn sids(&self) -> Vec<String> {
        let read = check::read::read(&self.json);
        read.map(|it| it.statements.into_iter().map(|it| it.name).collect()).unwrap_or_default()
    }
}
