//! Tracing violating instances to what set their options.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::try_join4;
use v2only_policy::cause::{Launched, Lineage, RootCause};
use v2only_policy::instance::{GROUP_TAG, TEMPLATE_TAG};
use v2only_policy::source::TemplateVersion;
use v2only_policy::{
    AccountDefaults, ImageId, ImdsSupport, Instance, InstanceId, LaunchTemplateId, Place, StatedOptions,
};

use super::read;
use crate::failure::Failure;
use crate::ports::SourceReader;

/// The tag in which AWS notes the version of the launch template of an instance.
const VERSION_TAG: &str = "aws:ec2launchtemplate:version";

pub(crate) type Version = (LaunchTemplateId, u64);

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
    Tracer::default().trace(ports, place, instances).await
}

/// Traces the instances of one place some at a time, and asks for no source twice.
#[derive(Debug, Default)]
pub struct Tracer {
    defaults: Option<AccountDefaults>,
    versions: BTreeMap<Version, Option<TemplateVersion>>,
    configurations: Option<BTreeMap<String, (String, StatedOptions)>>,
    images: BTreeMap<ImageId, ImdsSupport>,
}

impl Tracer {
    /// As [`trace`], for some more instances.
    ///
    /// # Errors
    /// A call failed, and none of these is traced.
    pub async fn trace(
        &mut self,
        ports: &impl SourceReader,
        place: &Place,
        instances: &[&Instance],
    ) -> Result<BTreeMap<InstanceId, RootCause>, Failure> {
        if instances.is_empty() {
            return Ok(BTreeMap::new());
        }
        let (defaults, known) = (self.defaults.take(), self.configurations.take());
        let defaults = async {
            match defaults {
                Some(known) => Ok(known),
                None => ports.defaults(place).await,
            }
        };
        let configurations = async {
            match known {
                Some(known) => Ok(Some(known)),
                None => configurations(ports, place, instances).await,
            }
        };
        let ids = instances.iter().filter_map(|it| it.image.clone());
        let ids: BTreeSet<ImageId> = ids.filter(|it| !self.images.contains_key(it)).collect();
        let (defaults, versions, configurations, described) = try_join4(
            defaults,
            versions(ports, place, instances, &self.versions),
            configurations,
            read::images(ports, place, ids.clone()),
        )
        .await?;
        let defaults = &*self.defaults.insert(defaults);
        self.versions.extend(versions);
        self.configurations = configurations;
        // One that AWS does not show is not asked for again either.
        self.images.extend(ids.into_iter().map(|it| (it, ImdsSupport::Unknown)));
        self.images.extend(described);
        let silent = StatedOptions::default();
        let mut causes = BTreeMap::new();
        for it in instances {
            let group = it.tags.get(GROUP_TAG).cloned();
            let (from, says) = match version_of(it) {
                Some(version) => {
                    let says = self.versions.get(&version).and_then(Option::as_ref).map(|it| it.options);
                    (Launched::Template(version.0, version.1), says)
                }
                None => match group.as_ref().and_then(|it| self.configurations.as_ref()?.get(it)) {
                    Some((name, says)) => (Launched::Configuration(name.clone()), Some(*says)),
                    None => (Launched::Directly, Some(silent)),
                },
            };
            let image = it.image.as_ref().and_then(|it| self.images.get(it)).copied();
            let image = image.unwrap_or(ImdsSupport::Unknown);
            let lineage = Lineage { from: &from, says: says.as_ref(), defaults, image };
            let cause = RootCause::trace(&it.options, &lineage, group, it.image.clone());
            causes.insert(it.id.clone(), cause);
        }
        Ok(causes)
    }
}

pub(crate) fn version_of(it: &Instance) -> Option<Version> {
    let id = LaunchTemplateId::parse(it.tags.get(TEMPLATE_TAG)?).ok()?;
    Some((id, it.tags.get(VERSION_TAG)?.parse().ok()?))
}

/// The versions that are not known yet; `None` is one that AWS does not show.
async fn versions(
    ports: &impl SourceReader,
    place: &Place,
    instances: &[&Instance],
    known: &BTreeMap<Version, Option<TemplateVersion>>,
) -> Result<BTreeMap<Version, Option<TemplateVersion>>, Failure> {
    let mut wanted: BTreeMap<LaunchTemplateId, BTreeSet<u64>> = BTreeMap::new();
    for version in instances.iter().filter_map(|it| version_of(it)).filter(|it| !known.contains_key(it)) {
        wanted.entry(version.0).or_default().insert(version.1);
    }
    let mut found = BTreeMap::new();
    for (id, numbers) in wanted {
        found.extend(numbers.iter().map(|number| ((id.clone(), *number), None)));
        let numbers: Vec<u64> = numbers.into_iter().collect();
        for version in ports.template_versions(place, &id, &numbers).await? {
            found.insert((id.clone(), version.number), Some(version));
        }
    }
    Ok(found)
}

/// What groups with launch configurations launch from, by group; nothing as long as nobody needs to know.
async fn configurations(
    ports: &impl SourceReader,
    place: &Place,
    instances: &[&Instance],
) -> Result<Option<BTreeMap<String, (String, StatedOptions)>>, Failure> {
    let without_template = |it: &&&Instance| it.tags.contains_key(GROUP_TAG) && version_of(it).is_none();
    if !instances.iter().any(|it| without_template(&it)) {
        return Ok(None);
    }
    let groups = read::groups(ports, place).await?;
    let mut found = BTreeMap::new();
    for it in read::launch_configurations(ports, place, &groups).await? {
        for group in it.groups {
            found.insert(group, (it.name.clone(), it.options));
        }
    }
    Ok(Some(found))
}
