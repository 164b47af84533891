//! An environment and its option settings.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::shape::Shape;

/// The namespace and the name of an option.
pub(super) type OptionName = (String, String);

/// The values of options that somebody set.
pub(super) type Settings = BTreeMap<OptionName, String>;

const LAUNCH: &str = "aws:autoscaling:launchconfiguration";

/// What an environment is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    Launching,
    Updating,
    Ready,
}

/// An environment.
#[derive(Debug, Clone)]
pub(super) struct Environment {
    pub(super) id: String,
    pub(super) arn: String,
    pub(super) name: String,
    pub(super) application: String,
    pub(super) platform: Platform,
    pub(super) status: Status,
    pub(super) created: Timestamp,
    pub(super) updated: Timestamp,
    pub(super) tags: BTreeMap<String, String>,
    /// The settings that are deployed.
    pub(super) settings: Settings,
    /// The settings that an update is deploying.
    pub(super) draft: Option<Settings>,
}

/// What the environment's instances run.
#[derive(Debug, Clone)]
pub(super) enum Platform {
    Stack(String),
    Arn(String),
}

impl Platform {
    /// As documented, IMDSv1 is disabled by default on Amazon Linux 2023, and on no older platform
    /// and not on Windows.
    /// <https://docs.aws.amazon.com/elasticbeanstalk/latest/dg/command-options-general.html>
    fn disables_v1(&self) -> bool {
        let (Self::Stack(name) | Self::Arn(name)) = self;
        name.contains("Amazon Linux 2023")
    }
}

impl Environment {
    /// As `DescribeEnvironments` and the answers to changes show it.
    pub(super) fn shape(&self) -> Shape {
        let (status, health) = match self.status {
            Status::Launching => ("Launching", "Grey"),
            Status::Updating => ("Updating", "Grey"),
            Status::Ready => ("Ready", "Green"),
        };
        let start = Shape::map()
            .with("EnvironmentName", &self.name)
            .with("EnvironmentId", &self.id)
            .with("ApplicationName", &self.application);
        self.with_platform(start)
            .with("DateCreated", self.created)
            .with("DateUpdated", self.updated)
            .with("Status", status)
            .with("AbortableOperationInProgress", false)
            .with("Health", health)
            .with("EnvironmentArn", &self.arn)
    }

    /// The deployed settings, and those that are being deployed.
    pub(super) fn described(&self) -> Vec<Shape> {
        let draft = self.draft.as_ref().map(|draft| ("pending", draft));
        let sets = [("deployed", &self.settings)].into_iter().chain(draft);
        sets.map(|(status, settings)| {
            self.with_platform(Shape::map())
                .with("ApplicationName", &self.application)
                .with("EnvironmentName", &self.name)
                .with("DeploymentStatus", status)
                .with("DateCreated", self.created)
                .with("DateUpdated", self.updated)
                .with("OptionSettings", self.option_settings(settings))
        })
        .collect()
    }

    fn option_settings(&self, settings: &Settings) -> Shape {
        let mut all = settings.clone();
        let default = if self.platform.disables_v1() { "true" } else { "false" };
        all.entry((LAUNCH.to_owned(), "DisableIMDSv1".to_owned())).or_insert_with(|| default.to_owned());
        Shape::list(all.iter().map(|((namespace, name), value)| {
            Shape::map().with("Namespace", namespace).with("OptionName", name).with("Value", value)
        }))
    }

    fn with_platform(&self, shape: Shape) -> Shape {
        match &self.platform {
            Platform::Stack(name) => shape.with("SolutionStackName", name),
            Platform::Arn(arn) => shape.with("PlatformArn", arn),
        }
    }
}
