//! What Auto Scaling knows, per account and Region.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::identity::Place;
use crate::shape::Shape;

/// All of Auto Scaling.
#[derive(Debug, Default)]
pub(crate) struct State {
    pub(super) places: BTreeMap<Place, Region>,
}

/// One account in one Region, by name, which is the order of pages.
#[derive(Debug, Default)]
pub(super) struct Region {
    pub(super) groups: BTreeMap<String, Group>,
    pub(super) configurations: BTreeMap<String, Configuration>,
}

/// A group.
#[derive(Debug, Clone)]
pub(super) struct Group {
    pub(super) name: String,
    pub(super) arn: String,
    pub(super) source: Source,
    pub(super) sizes: (i64, i64),
    pub(super) zones: Vec<String>,
    pub(super) created: Timestamp,
    /// By key.
    pub(super) tags: BTreeMap<String, GroupTag>,
}

/// A tag of a group.
#[derive(Debug, Clone)]
pub(super) struct GroupTag {
    pub(super) group: String,
    pub(super) key: String,
    pub(super) value: String,
    /// `PropagateAtLaunch`.
    pub(super) at_launch: bool,
}

/// What a group launches from.
#[derive(Debug, Clone)]
pub(super) enum Source {
    Configuration(String),
    Template(Specification),
    Mixed(MixedInstances),
}

/// A mixed instances policy.
#[derive(Debug, Clone)]
pub(super) struct MixedInstances {
    pub(super) base: Specification,
    pub(super) overrides: Vec<Override>,
    /// `InstancesDistribution`, by member.
    pub(super) distribution: BTreeMap<&'static str, String>,
}

/// What single instance types have in place of the base.
#[derive(Debug, Clone)]
pub(super) struct Override {
    pub(super) kind: String,
    pub(super) weight: Option<String>,
    pub(super) image: Option<String>,
    pub(super) template: Option<Specification>,
}

/// A launch template and a version, as the group names it.
#[derive(Debug, Clone)]
pub(super) struct Specification {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) version: Option<String>,
}

/// A launch configuration; it never changes.
#[derive(Debug, Clone)]
pub(super) struct Configuration {
    pub(super) name: String,
    pub(super) arn: String,
    pub(super) image: String,
    pub(super) kind: String,
    pub(super) tokens: Option<&'static str>,
    pub(super) hop_limit: Option<i64>,
    pub(super) endpoint: Option<&'static str>,
    pub(super) created: Timestamp,
}

impl State {
    pub(super) fn at(&mut self, place: &Place) -> &mut Region {
        self.places.entry(place.clone()).or_default()
    }

    pub(super) fn peek(&self, place: &Place) -> Option<&Region> {
        self.places.get(place)
    }
}

impl GroupTag {
    pub(super) fn shape(&self) -> Shape {
        Shape::map()
            .with("ResourceId", &self.group)
            .with("ResourceType", "auto-scaling-group")
            .with("Key", &self.key)
            .with("Value", &self.value)
            .with("PropagateAtLaunch", self.at_launch)
    }
}

impl Specification {
    pub(super) fn shape(&self) -> Shape {
        Shape::map()
            .with("LaunchTemplateId", &self.id)
            .with("LaunchTemplateName", &self.name)
            .with_some("Version", self.version.as_deref())
    }
}
