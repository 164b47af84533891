//! Tracing violating instances to what set their options.

use std::collections::{BTreeMap, BTreeSet};

use v2only_policy::cause::{Launched, Lineage, RootCause};
use v2only_policy::source::TemplateVersion;
use v2only_policy::{ImageId, ImdsSupport, Instance, InstanceId, LaunchTemplateId, Place, StatedOptions};

use super::read;
use crate::failure::Failure;
use crate::ports::SourceReader;

/// The tags in which AWS notes what an instance was launched from.
pub(crate) const TEMPLATE_TAG: &str = "aws:ec2launchtemplate:id";
const VERSION_TAG: &str = "aws:ec2launchtemplate:version";
pub(crate) const GROUP_TAG: &str = "aws:autoscaling:groupName";

type Version = (LaunchTemplateId, u64);

/// The root cause of each instance. Costs one call for the defaults, one per launch template, one per 200
/// images, and the groups if an instance of one does not name its template; none if there are no instances.
///
/// # Errors
/// A call failed, and nothing is traced.
pub async fn trace(
    ports: &impl SourceReader,
    place: &Place,
    instances: &[&Instance],
) -> Result<BTreeMap<InstanceId, RootCause>, Failure> {
    if instances.is_empty() {
        return Ok(BTreeMap::new());
    }
    let defaults = ports.defaults(place).await?;
    let versions = versions(ports, place, instances).await?;
    let configurations = configurations(ports, place, instances).await?;
    let ids: BTreeSet<ImageId> = instances.iter().filter_map(|it| it.image.clone()).collect();
    let images = read::images(ports, place, ids).await?;
    let silent = StatedOptions::default();
    let mut causes = BTreeMap::new();
    for it in instances {
        let group = it.tags.get(GROUP_TAG).cloned();
        let (from, says) = match version_of(it) {
            Some(version) => {
                let says = versions.get(&version).map(|it| it.options);
                (Launched::Template(version.0, version.1), says)
            }
            None => match group.as_ref().and_then(|it| configurations.get(it)) {
                Some((name, says)) => (Launched::Configuration(name.clone()), Some(*says)),
                None => (Launched::Directly, Some(silent)),
            },
        };
        let image = it.image.as_ref().and_then(|it| images.get(it)).copied().unwrap_or(ImdsSupport::Unknown);
        let lineage = Lineage { from: &from, says: says.as_ref(), defaults: &defaults, image };
        let cause = RootCause::trace(&it.options, &lineage, group, it.image.clone());
        causes.insert(it.id.clone(), cause);
    }
    Ok(causes)
}

fn version_of(it: &Instance) -> Option<Version> {
    let id = LaunchTemplateId::parse(it.tags.get(TEMPLATE_TAG)?).ok()?;
    Some((id, it.tags.get(VERSION_TAG)?.parse().ok()?))
}

async fn versions(
    ports: &impl SourceReader,
    place: &Place,
    instances: &[&Instance],
) -> Result<BTreeMap<Version, TemplateVersion>, Failure> {
    let mut wanted: BTreeMap<LaunchTemplateId, BTreeSet<u64>> = BTreeMap::new();
    for (id, number) in instances.iter().filter_map(|it| version_of(it)) {
        wanted.entry(id).or_default().insert(number);
    }
    let mut found = BTreeMap::new();
    for (id, numbers) in wanted {
        let numbers: Vec<u64> = numbers.into_iter().collect();
        for version in ports.template_versions(place, &id, &numbers).await? {
            found.insert((id.clone(), version.number), version);
        }
    }
    Ok(found)
}

/// What groups with launch configurations launch from, by group.
async fn configurations(
    ports: &impl SourceReader,
    place: &Place,
    instances: &[&Instance],
) -> Result<BTreeMap<String, (String, StatedOptions)>, Failure> {
    let without_template = |it: &&&Instance| it.tags.contains_key(GROUP_TAG) && version_of(it).is_none();
    if !instances.iter().any(|it| without_template(&it)) {
        return Ok(BTreeMap::new());
    }
    let groups = read::groups(ports, place).await?;
    let mut found = BTreeMap::new();
    for it in read::launch_configurations(ports, place, &groups).await? {
        for group in it.groups {
            found.insert(group, (it.name.clone(), it.options));
        }
    }
    Ok(found)
}
