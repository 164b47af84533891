//! One file, or folder, for each command.

pub mod check;
pub mod demo;
pub mod doctor;
pub mod enforce;
pub mod policies;
pub mod readiness;
pub mod replay;
pub mod rollback;
pub mod scan;
pub mod uninstall_plan;
pub mod validate;

mod trace;

pub(crate) use trace::Traced;

use clap::ValueEnum;
use v2only_enforcer::scan::Kinds;

/// A kind of resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// EC2 instances.
    Instance,
    /// SageMaker notebook instances.
    Notebook,
    /// EC2 launch templates, by the versions that are launched from.
    LaunchTemplate,
    /// Launch configurations of Auto Scaling.
    LaunchConfiguration,
    /// Images that the account owns.
    Image,
    /// The defaults of the account in each Region.
    AccountDefault,
}

/// All kinds, or only the one that was named.
const fn kinds(only: Option<Kind>) -> Kinds {
    match only {
        None => Kinds::ALL,
        Some(Kind::Instance) => Kinds { instances: true, ..Kinds::NONE },
        Some(Kind::Notebook) => Kinds { notebooks: true, ..Kinds::NONE },
        Some(Kind::LaunchTemplate) => Kinds { launch_templates: true, ..Kinds::NONE },
        Some(Kind::LaunchConfiguration) => Kinds { launch_configurations: true, ..Kinds::NONE },
        Some(Kind::Image) => Kinds { images: true, ..Kinds::NONE },
        Some(Kind::AccountDefault) => Kinds { account_defaults: true, ..Kinds::NONE },
    }
}
