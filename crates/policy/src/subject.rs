//! What is judged: a resource as AWS described it.

use crate::Tags;
use crate::decision::Decision;
use crate::effective::EffectiveOptions;
use crate::instance::Instance;
use crate::kind::ResourceKind;
use crate::notebook::Notebook;
use crate::plan::{InstanceChange, Plan};
use crate::source::{AccountDefaults, Consumer, Image, LaunchConfiguration, LaunchTemplate};
use crate::surface::Surface;
use crate::verdict::{Note, Verdict};

/// A resource as AWS described it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Subject {
    /// An EC2 instance.
    Instance(Instance),
    /// A SageMaker notebook instance.
    Notebook(Notebook),
    /// The account defaults of a Region.
    AccountDefaults(AccountDefaults),
    /// One version of a launch template.
    TemplateVersion {
        /// The launch template.
        template: LaunchTemplate,
        /// The version that is judged.
        number: u64,
        /// What a launch from this version gets.
        effective: EffectiveOptions,
    },
    /// A launch configuration.
    LaunchConfiguration {
        /// The launch configuration.
        configuration: LaunchConfiguration,
        /// What a launch from it gets.
        effective: EffectiveOptions,
    },
    /// An image that the account owns.
    Image(Image),
    /// What launches instances from launch templates.
    Consumer {
        /// The consumer.
        consumer: Consumer,
        /// The violating versions that it names by number.
        open: Vec<OpenVersion>,
        /// What the first of its launches that violates the policy gets.
        effective: EffectiveOptions,
    },
    /// A surface outside of EC2, Auto Scaling and SageMaker.
    Surface(Surface),
}

/// A violating version of a launch template that a consumer names by number.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct OpenVersion {
    /// The launch template.
    pub template: LaunchTemplate,
    /// The version.
    pub number: u64,
    /// What a version has to state otherwise to fix it.
    pub change: InstanceChange,
}

/// A resource with the decision about it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Judged {
    /// The resource.
    pub subject: Subject,
    /// The decision.
    pub decision: Decision,
}

impl OpenVersion {
    /// The number of the fixed version, if there is one among the versions that were read.
    pub fn fixed(&self) -> Option<u64> {
        let source = self.template.versions.iter().find(|it| it.number == self.number)?;
        self.template.fixed_version(self.number, &source.options.tightened(self.change))
    }
}

impl Subject {
    /// The kind of the resource.
    pub const fn kind(&self) -> ResourceKind {
        match self {
            Self::Instance(_) => ResourceKind::Instance,
            Self::Notebook(_) => ResourceKind::Notebook,
            Self::AccountDefaults(_) => ResourceKind::AccountDefault,
            Self::TemplateVersion { .. } => ResourceKind::LaunchTemplate,
            Self::LaunchConfiguration { .. } => ResourceKind::LaunchConfiguration,
            Self::Image(_) => ResourceKind::Image,
            Self::Consumer { consumer, .. } => ResourceKind::Consumer(consumer.kind),
            Self::Surface(surface) => ResourceKind::Surface(surface.kind),
        }
    }

    /// What people call a resource of this kind.
    pub const fn noun(&self) -> &'static str {
        self.kind().about().noun
    }

    /// Whether instances take their options from it.
    pub const fn is_launch_source(&self) -> bool {
        self.kind().is_launch_source()
    }

    /// The tags of the resource, if resources of its kind carry any.
    pub const fn tags(&self) -> Option<&Tags> {
        match self {
            Self::Instance(instance) => Some(&instance.tags),
            Self::Notebook(notebook) => Some(&notebook.tags),
            Self::TemplateVersion { template, .. } => Some(&template.tags),
            Self::Image(image) => Some(&image.tags),
            Self::Consumer { consumer, .. } => Some(&consumer.tags),
            Self::Surface(surface) => Some(&surface.tags),
            Self::AccountDefaults(_) | Self::LaunchConfiguration { .. } => None,
        }
    }

    /// The name that people gave the resource: its own, or its `Name` tag.
    pub fn name(&self) -> Option<&str> {
        let own = match self {
            Self::TemplateVersion { template, .. } => Some(template.name.as_str()),
            Self::Image(image) => Some(image.name.as_str()),
            Self::Surface(surface) => surface.name.as_deref(),
            Self::Instance(_)
            | Self::Notebook(_)
            | Self::AccountDefaults(_)
            | Self::LaunchConfiguration { .. }
            | Self::Consumer { .. } => None,
        };
        own.or_else(|| self.tags()?.get("Name").map(String::as_str)).filter(|name| !name.is_empty())
    }

    /// The id or name by which AWS knows the resource.
    pub fn id(&self) -> &str {
        match self {
            Self::Instance(instance) => instance.id.as_str(),
            Self::Notebook(notebook) => notebook.name.as_str(),
            Self::AccountDefaults(_) => AccountDefaults::NAME,
            Self::TemplateVersion { template, .. } => template.id.as_str(),
            Self::LaunchConfiguration { configuration, .. } => &configuration.name,
            Self::Image(image) => image.id.as_str(),
            Self::Consumer { consumer, .. } => &consumer.id,
            Self::Surface(surface) => &surface.id,
        }
    }
}

impl Judged {
    /// The instance, if the subject is one.
    pub const fn instance(&self) -> Option<&Instance> {
        match &self.subject {
            Subject::Instance(instance) => Some(instance),
            Subject::Notebook(_)
            | Subject::AccountDefaults(_)
            | Subject::TemplateVersion { .. }
            | Subject::LaunchConfiguration { .. }
            | Subject::Image(_)
            | Subject::Consumer { .. }
            | Subject::Surface(_) => None,
        }
    }

    /// The launch template, if the subject is one of its versions.
    pub const fn template(&self) -> Option<&LaunchTemplate> {
        match &self.subject {
            Subject::TemplateVersion { template, .. } => Some(template),
            Subject::Instance(_)
            | Subject::Notebook(_)
            | Subject::AccountDefaults(_)
            | Subject::LaunchConfiguration { .. }
            | Subject::Image(_)
            | Subject::Consumer { .. }
            | Subject::Surface(_) => None,
        }
    }

    /// The image, if the subject is one.
    pub const fn image(&self) -> Option<&Image> {
        match &self.subject {
            Subject::Image(image) => Some(image),
            Subject::Instance(_)
            | Subject::Notebook(_)
            | Subject::AccountDefaults(_)
            | Subject::TemplateVersion { .. }
            | Subject::LaunchConfiguration { .. }
            | Subject::Consumer { .. }
            | Subject::Surface(_) => None,
        }
    }

    /// Whether the policy wants a change now.
    pub const fn acts(&self) -> bool {
        self.decision.plan.acts()
    }

    /// Whether there is nothing to report or to do.
    pub fn is_clean(&self) -> bool {
        matches!(self.decision.plan, Plan::Nothing)
            && matches!(self.decision.verdict, Verdict::Compliant(_) | Verdict::Gone)
            && !self.decision.notes.iter().any(|it| matches!(it, Note::OptionUnknown(_)))
    }
}
