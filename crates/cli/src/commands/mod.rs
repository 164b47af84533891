//! One file, or folder, for each command.

pub mod check;
pub mod enforce;
pub mod policies;
pub mod replay;
pub mod scan;
pub mod validate;

use clap::ValueEnum;
use v2only_enforcer::scan::Kinds;

/// A kind of resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// EC2 instances.
    Instance,
    /// SageMaker notebook instances.
    Notebook,
}

/// All kinds, or only the one that was named.
const fn kinds(only: Option<Kind>) -> Kinds {
    match only {
        None => Kinds { instances: true, notebooks: true },
        Some(Kind::Instance) => Kinds { instances: true, notebooks: false },
        Some(Kind::Notebook) => Kinds { instances: false, notebooks: true },
    }
}
