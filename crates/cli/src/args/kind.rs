//! The kinds of resources that `--kind` names.

use clap::ValueEnum;
use v2only_enforcer::scan::Kinds;

/// A kind of resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ResourceKind {
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
pub(crate) const fn kinds(only: Option<ResourceKind>) -> Kinds {
    match only {
        None => Kinds::ALL,
        Some(ResourceKind::Instance) => Kinds { instances: true, ..Kinds::NONE },
        Some(ResourceKind::Notebook) => Kinds { notebooks: true, ..Kinds::NONE },
        Some(ResourceKind::LaunchTemplate) => Kinds { launch_templates: true, ..Kinds::NONE },
        Some(ResourceKind::LaunchConfiguration) => Kinds { launch_configurations: true, ..Kinds::NONE },
        Some(ResourceKind::Image) => Kinds { images: true, ..Kinds::NONE },
        Some(ResourceKind::AccountDefault) => Kinds { account_defaults: true, ..Kinds::NONE },
    }
}
