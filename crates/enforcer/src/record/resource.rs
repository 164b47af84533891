//! Which resource a record is about.

use std::fmt;

use serde::{Deserialize, Serialize};
use v2only_policy::source::ConsumerKind;
use v2only_policy::{
    AccountDefaults, ImageId, InstanceId, LaunchTemplateId, NotebookName, ResourceKind, Subject, SurfaceKind,
};

/// The resource a record is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ResourceId {
    /// An EC2 instance.
    Instance(InstanceId),
    /// A SageMaker notebook instance.
    Notebook(NotebookName),
    /// A launch whose record names no instance, by what its event is called.
    UnnamedLaunch(String),
    /// A launch template, an AMI or the account defaults: seen in an event, judged by a scan.
    Source(String),
    /// The account defaults of a Region.
    AccountDefault,
    /// A version of a launch template.
    TemplateVersion(LaunchTemplateId, u64),
    /// A launch configuration.
    LaunchConfiguration(String),
    /// An image that the account owns.
    Image(ImageId),
    /// What launches from launch templates, by the name of a group or the id of a fleet. Changes are made in the order of these
    /// variants: a group names the fixed version once that exists.
    Consumer(ConsumerKind, String),
    /// A surface outside of EC2, Auto Scaling and SageMaker, by the name or id by which its API addresses it.
    Surface(SurfaceKind, String),
}

impl ResourceId {
    /// The kind in the registry; `None` of what an event did not name.
    pub const fn in_registry(&self) -> Option<ResourceKind> {
        Some(match self {
            Self::Instance(_) => ResourceKind::Instance,
            Self::Notebook(_) => ResourceKind::Notebook,
            Self::AccountDefault => ResourceKind::AccountDefault,
            Self::TemplateVersion(..) => ResourceKind::LaunchTemplate,
            Self::LaunchConfiguration(_) => ResourceKind::LaunchConfiguration,
            Self::Image(_) => ResourceKind::Image,
            Self::Consumer(kind, _) => ResourceKind::Consumer(*kind),
            Self::Surface(kind, _) => ResourceKind::Surface(*kind),
            Self::UnnamedLaunch(_) | Self::Source(_) => return None,
        })
    }

    /// A stable word for logs and metrics.
    pub const fn kind(&self) -> &'static str {
        match (self.in_registry(), self) {
            (Some(kind), _) => kind.word(),
            (None, Self::UnnamedLaunch(_)) => "launch",
            (None, _) => "source",
        }
    }

    /// The id or name without what this product adds to it: of a version of a launch template, the id of the template.
    pub fn aws_id(&self) -> String {
        match self {
            Self::TemplateVersion(id, _) => id.to_string(),
            other => other.to_string(),
        }
    }
}

impl fmt::Display for ResourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Instance(id) => id.fmt(f),
            Self::Notebook(name) => name.fmt(f),
            Self::UnnamedLaunch(text)
            | Self::Source(text)
            | Self::LaunchConfiguration(text)
            | Self::Consumer(_, text)
            | Self::Surface(_, text) => f.write_str(text),
            Self::AccountDefault => f.write_str(AccountDefaults::NAME),
            Self::TemplateVersion(id, number) => write!(f, "{id}:{number}"),
            Self::Image(id) => id.fmt(f),
        }
    }
}

impl From<&Subject> for ResourceId {
    fn from(subject: &Subject) -> Self {
        match subject {
            Subject::Instance(instance) => Self::Instance(instance.id.clone()),
            Subject::Notebook(notebook) => Self::Notebook(notebook.name.clone()),
            Subject::AccountDefaults(_) => Self::AccountDefault,
            Subject::TemplateVersion { template, number, .. } => {
                Self::TemplateVersion(template.id.clone(), *number)
            }
            Subject::LaunchConfiguration { configuration, .. } => {
                Self::LaunchConfiguration(configuration.name.clone())
            }
            Subject::Image(image) => Self::Image(image.id.clone()),
            Subject::Consumer { consumer, .. } => Self::Consumer(consumer.kind, consumer.id.clone()),
            Subject::Surface(surface) => Self::Surface(surface.kind, surface.id.clone()),
        }
    }
}
