//! What the running instances of the same group, launch template or image show of a new launch.

use std::fmt;

use crate::ids::{ImageId, LaunchTemplateId};
use crate::instance::Instance;

/// What instances that run the same software have in common.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Kinship {
    /// The name of an Auto Scaling group.
    Group(String),
    /// A launch template.
    Template(LaunchTemplateId),
    /// An image.
    Image(ImageId),
}

impl Kinship {
    /// What an instance can have in common with others, the narrowest first.
    pub fn of(instance: &Instance) -> Vec<Self> {
        let group = instance.group().map(|it| Self::Group(it.to_owned()));
        let template = instance.template().and_then(|it| LaunchTemplateId::parse(it).ok());
        let image = instance.image.clone().map(Self::Image);
        [group, template.map(Self::Template), image].into_iter().flatten().collect()
    }
}

impl fmt::Display for Kinship {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Group(name) => write!(f, "Auto Scaling group {name}"),
            Self::Template(id) => write!(f, "launch template {id}"),
            Self::Image(id) => write!(f, "image {id}"),
        }
    }
}

/// Running siblings of a new launch that still use IMDSv1.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SiblingUse {
    /// What they have in common with the launch.
    pub kinship: Kinship,
    /// How many of them made IMDSv1 calls in the window.
    pub busy: usize,
    /// How many of them run.
    pub running: usize,
    /// IMDSv1 calls of all of them in the window.
    pub calls: u64,
}

impl fmt::Display for SiblingUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kinship, busy, running, calls } = self;
        let instances = if *running == 1 { "instance" } else { "instances" };
        write!(
            f,
            "a new launch of {kinship}, where {busy} of {running} running {instances} still use IMDSv1 ({calls} calls in \
             the window); update their software first: `v2only readiness` names them"
        )
    }
}

/// What is known of the siblings of a new launch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Siblings<'a> {
    /// Nobody asked.
    #[default]
    NotRead,
    /// AWS did not answer, or has no data of some of them, and why.
    Unreadable(&'a str),
    /// None of them uses IMDSv1.
    Quiet,
    /// Some use IMDSv1.
    Busy(&'a SiblingUse),
}
