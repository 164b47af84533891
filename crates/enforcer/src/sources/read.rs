//! Reading the sources of one place, page by page. There are few of them: they are kept until all are read.

use std::collections::{BTreeMap, BTreeSet};

use v2only_policy::source::{
    Consumer, ConsumerUse, LaunchConfiguration, LaunchTemplate, TemplateVersion, VersionChoice,
};
use v2only_policy::{ImageId, ImdsSupport, LaunchTemplateId, Place};

use crate::failure::Failure;
use crate::ports::{ListFleets, ListGroups, ListImages, ListLaunchTemplates, Page};

/// What launches from launch templates: every Auto Scaling group, EC2 Fleet and Spot Fleet request. The images that they
/// name are not described yet, see [`launch_templates`].
pub async fn consumers<P: ListGroups + ListFleets>(
    ports: &P,
    place: &Place,
) -> Result<Vec<Consumer>, Failure> {
    let mut all = groups(ports, place).await?;
    all.extend(Page::all(|next| ports.fleets(place, next)).await?);
    all.extend(Page::all(|next| ports.spot_fleets(place, next)).await?);
    Ok(all)
}

/// Every Auto Scaling group.
pub async fn groups(ports: &impl ListGroups, place: &Place) -> Result<Vec<Consumer>, Failure> {
    Page::all(|next| ports.groups(place, next)).await
}

/// Every launch configuration with the groups that launch from it.
pub async fn launch_configurations(
    ports: &impl ListGroups,
    place: &Place,
    consumers: &[Consumer],
) -> Result<Vec<LaunchConfiguration>, Failure> {
    let all = Page::all(|next| ports.launch_configurations(place, next)).await?;
    let with_groups = all.into_iter().map(|configuration| {
        let uses = consumers.iter().filter(|user| user.configuration.as_ref() == Some(&configuration.name));
        LaunchConfiguration { groups: uses.map(|user| user.id.clone()).collect(), ..configuration }
    });
    Ok(with_groups.collect())
}

/// Every launch template with `$Default`, `$Latest` and the versions that consumers name by number, each with
/// what its image says. Describes the images that the consumers name as well.
pub async fn launch_templates<P: ListLaunchTemplates + ListImages>(
    ports: &P,
    place: &Place,
    consumers: &mut [Consumer],
) -> Result<Vec<LaunchTemplate>, Failure> {
    let listed = Page::all(|next| ports.launch_templates(place, next)).await?;
    let mut all: BTreeMap<LaunchTemplateId, LaunchTemplate> =
        listed.into_iter().map(|it| (it.id.clone(), it)).collect();
    // Without a template there are no versions to ask for.
    if !all.is_empty() {
        for (id, version) in Page::all(|next| ports.current_versions(place, next)).await? {
            if let Some(template) = all.get_mut(&id) {
                keep(template, version);
            }
        }
    }
    for template in all.values_mut() {
        if let Some(was) = template.seems_displaced() {
            let since = ports.versions_since(place, &template.id, was).await?;
            template.set_displaced(&since);
        }
        template.consumers = uses(template, consumers);
        let described: BTreeSet<u64> = template.versions.iter().map(|it| it.number).collect();
        let named = template.consumers.iter().filter_map(|consumer| match consumer.version {
            VersionChoice::Number(number) if !described.contains(&number) => Some(number),
            _ => None,
        });
        let missing: Vec<u64> = named.collect::<BTreeSet<u64>>().into_iter().collect();
        if !missing.is_empty() {
            for version in ports.template_versions(place, &template.id, &missing).await? {
                keep(template, version);
            }
        }
    }
    let mut templates: Vec<LaunchTemplate> = all.into_values().collect();
    let versions = templates.iter_mut().flat_map(|it| &mut it.versions).map(image_of);
    let named = consumers.iter_mut().flat_map(Consumer::images_mut);
    let named = named.map(|it| (it.name.as_deref(), &mut it.imds_support));
    describe_images(ports, place, versions.chain(named)).await?;
    Ok(templates)
}

/// Each version once, although `$Default` and `$Latest` are often the same.
fn keep(template: &mut LaunchTemplate, version: TemplateVersion) {
    if !template.versions.iter().any(|it| it.number == version.number) {
        template.versions.push(version);
    }
}

fn uses(template: &LaunchTemplate, consumers: &[Consumer]) -> Vec<ConsumerUse> {
    let mut uses = Vec::new();
    for Consumer { kind, id, templates, instances, .. } in consumers {
        for it in templates.iter().filter(|it| template.is_named(&it.template)) {
            let (version, part) = (it.version, it.part);
            let consumer = id.clone();
            let (kind, instances) = (*kind, *instances);
            let found = ConsumerUse { kind, consumer, version, part, instances, is_repointed: false };
            if !uses.contains(&found) {
                uses.push(found);
            }
        }
    }
    uses
}

/// An image as a source names it, and where to write what the image says.
pub type ImageSlot<'a> = (Option<&'a str>, &'a mut ImdsSupport);

/// The image of a version.
pub fn image_of(version: &mut TemplateVersion) -> ImageSlot<'_> {
    (version.image.as_deref(), &mut version.imds_support)
}

/// Fills in what images say; one that AWS does not show stays unknown.
pub async fn describe_images(
    ports: &impl ListImages,
    place: &Place,
    images: impl Iterator<Item = ImageSlot<'_>>,
) -> Result<(), Failure> {
    // `resolve:ssm:…` and the like are no ids: nothing is known of what they stand for at a launch.
    let named = images.filter_map(|(name, support)| Some((ImageId::parse(name?).ok()?, support)));
    let asking: Vec<(ImageId, &mut ImdsSupport)> = named.collect();
    let ids: BTreeSet<ImageId> = asking.iter().map(|(id, _)| id.clone()).collect();
    let found = self::images(ports, place, ids).await?;
    for (id, support) in asking {
        *support = found.get(&id).copied().unwrap_or(ImdsSupport::Unknown);
    }
    Ok(())
}

/// What images say, by id; asks only if there are any.
pub async fn images(
    ports: &impl ListImages,
    place: &Place,
    ids: BTreeSet<ImageId>,
) -> Result<BTreeMap<ImageId, ImdsSupport>, Failure> {
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let ids: Vec<ImageId> = ids.into_iter().collect();
    Ok(ports.imds_support(place, &ids).await?.into_iter().collect())
}
