//! What `--trace` names: instances, and groups with a few instances as canaries.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use v2only_enforcer::Failure;
use v2only_enforcer::ports::{Listing, Readable};
use v2only_policy::{Instance, InstanceId, InstanceState, Place};

use crate::term::problem::Problem;
use crate::world::Cloud;

/// Instances with something in common.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum TraceGroup {
    /// Those of an Auto Scaling group.
    AutoScaling(String),
    /// Those launched from a launch template.
    Template(String),
    /// Those with a tag.
    Tag(String, String),
}

impl TraceGroup {
    fn contains(&self, instance: &Instance) -> bool {
        match self {
            Self::AutoScaling(name) => instance.group() == Some(name),
            Self::Template(id) => instance.template() == Some(id),
            Self::Tag(key, value) => instance.tags.get(key) == Some(value),
        }
    }
}

impl fmt::Display for TraceGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AutoScaling(name) => write!(f, "group {name}"),
            Self::Template(id) => write!(f, "launch template {id}"),
            Self::Tag(key, value) => write!(f, "tag {key}={value}"),
        }
    }
}

/// What is to be traced.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct TraceTargets {
    /// Instances by id, in the order in which they were named.
    pub(crate) ids: Vec<InstanceId>,
    /// Groups.
    pub(crate) groups: BTreeSet<TraceGroup>,
}

impl TraceTargets {
    /// Reads the values of `--trace`.
    pub(crate) fn read(texts: &[String]) -> Result<Self, Problem> {
        let mut targets = Self::default();
        for text in texts {
            let group = match text.split_once(':') {
                Some(("asg", name)) if !name.is_empty() => Some(TraceGroup::AutoScaling(name.to_owned())),
                Some(("template", id)) if !id.is_empty() => Some(TraceGroup::Template(id.to_owned())),
                Some(("tag", tag)) => tag
                    .split_once('=')
                    .filter(|(key, _)| !key.is_empty())
                    .map(|(key, value)| TraceGroup::Tag(key.to_owned(), value.to_owned())),
                _ => None,
            };
            if let Some(group) = group {
                targets.groups.insert(group);
                continue;
            }
            let id = InstanceId::parse(text).map_err(|error| {
                Problem::usage(
                    format!("--trace: {error}"),
                    "type `v2only readiness --trace i-0123456789abcdef0`, or `--trace asg:NAME`, `--trace template:lt-…` or \
                     `--trace tag:KEY=VALUE` for a few instances of a group",
                )
            })?;
            if !targets.ids.contains(&id) {
                targets.ids.push(id);
            }
        }
        Ok(targets)
    }
}

/// The instances to trace.
#[derive(Default)]
pub(crate) struct FoundTargets {
    /// Instances with their account and Region.
    pub(crate) instances: BTreeMap<InstanceId, (Place, Instance)>,
    /// The running instances of each group that are traced.
    pub(crate) canaries: BTreeMap<TraceGroup, Vec<InstanceId>>,
    /// How many instances of each group run.
    pub(crate) running: BTreeMap<TraceGroup, usize>,
}

impl FoundTargets {
    /// The instances in the order of the report: those named first.
    pub(crate) fn order(&self, targets: &TraceTargets) -> Vec<InstanceId> {
        let mut order = targets.ids.clone();
        for id in self.canaries.values().flatten() {
            if !order.contains(id) {
                order.push(id.clone());
            }
        }
        order
    }

    /// The group of an instance that is a canary.
    pub(crate) fn group_of(&self, id: &InstanceId) -> Option<&TraceGroup> {
        self.canaries.iter().find(|(_, ids)| ids.contains(id)).map(|(group, _)| group)
    }

    /// Finds the targets in one account and Region. Of each group the running instances with the lowest ids are the canaries,
    /// so that a second run traces the same ones.
    ///
    /// # Errors
    /// The first call that failed.
    pub(crate) async fn find(
        &mut self,
        aws: &impl Cloud,
        place: &Place,
        targets: &TraceTargets,
        canary: usize,
    ) -> Result<(), Failure> {
        aws.admit(place).await?;
        if !targets.ids.is_empty() {
            let here = aws.instances(place, &targets.ids).await?;
            self.instances.extend(here.into_iter().map(|it| (it.id.clone(), (place.clone(), it))));
        }
        if targets.groups.is_empty() {
            return Ok(());
        }
        let mut members = listed(aws, place).await?;
        members.sort_by(|one, other| one.id.cmp(&other.id));
        for group in &targets.groups {
            for instance in members.iter().filter(|it| group.contains(it)) {
                *self.running.entry(group.clone()).or_default() += 1;
                let canaries = self.canaries.entry(group.clone()).or_default();
                if canaries.len() < canary {
                    canaries.push(instance.id.clone());
                    self.instances.insert(instance.id.clone(), (place.clone(), instance.clone()));
                }
            }
        }
        Ok(())
    }
}

/// The running instances of an account and Region.
async fn listed(aws: &impl Readable, place: &Place) -> Result<Vec<Instance>, Failure> {
    let (mut all, mut next) = (Vec::new(), None);
    loop {
        let page = aws.page(place, Listing::All, next).await?;
        all.extend(page.items.into_iter().filter(|it| it.state == InstanceState::Running));
        next = page.next;
        if next.is_none() {
            return Ok(all);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_an_instance_or_a_group() {
        let texts = ["i-0123456789abcdef0", "asg:web", "template:lt-1", "tag:app=web", "i-0123456789abcdef0"];
        let targets = TraceTargets::read(&texts.map(str::to_owned)).unwrap();
        assert_eq!(targets.ids.len(), 1);
        let words: Vec<String> = targets.groups.iter().map(ToString::to_string).collect();
        assert_eq!(words, ["group web", "launch template lt-1", "tag app=web"]);
        for wrong in ["web", "asg:", "tag:app", "tag:=web", "vpc:1"] {
            assert!(TraceTargets::read(&[wrong.to_owned()]).is_err(), "{wrong}");
        }
    }
}
