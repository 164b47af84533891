//! Reading the sources of one place, page by page. There are few of them: they are kept until all are read.

use std::collections::{BTreeMap, BTreeSet};

use v2only_policy::source::{GroupUse, LaunchConfiguration, LaunchTemplate, TemplateVersion, VersionChoice};
use v2only_policy::{ImageId, ImdsSupport, LaunchTemplateId, Place};

use crate::failure::Failure;
use crate::ports::{Group, ListGroups, ListImages, ListLaunchTemplates};

/// Every Auto Scaling group.
pub async fn groups(ports: &impl ListGroups, place: &Place) -> Result<Vec<Group>, Failure> {
    let (mut all, mut next) = (Vec::new(), None);
    loop {
        let page = ports.groups(place, next).await?;
        all.extend(page.items);
        next = page.next;
        if next.is_none() {
            return Ok(all);
        }
    }
}

/// Every launch configuration with the groups that launch from it.
pub async fn launch_configurations(
    ports: &impl ListGroups,
    place: &Place,
    groups: &[Group],
) -> Result<Vec<LaunchConfiguration>, Failure> {
    let (mut all, mut next) = (Vec::new(), None);
    loop {
        let page = ports.launch_configurations(place, next).await?;
        all.extend(page.items.into_iter().map(|it| {
            let uses = groups.iter().filter(|group| group.configuration.as_ref() == Some(&it.name));
            LaunchConfiguration { groups: uses.map(|group| group.name.clone()).collect(), ..it }
        }));
        next = page.next;
        if next.is_none() {
            return Ok(all);
        }
    }
}

/// Every launch template with `$Default`, `$Latest` and the versions that groups name by number, each with
/// what its image says.
pub async fn launch_templates<P: ListLaunchTemplates + ListImages>(
    ports: &P,
    place: &Place,
    groups: &[Group],
) -> Result<Vec<LaunchTemplate>, Failure> {
    let mut all: BTreeMap<LaunchTemplateId, LaunchTemplate> = BTreeMap::new();
    let mut next = None;
    loop {
        let page = ports.launch_templates(place, next).await?;
        all.extend(page.items.into_iter().map(|it| (it.id.clone(), it)));
        next = page.next;
        if next.is_none() {
            break;
        }
    }
    if all.is_empty() {
        return Ok(Vec::new());
    }
    loop {
        let page = ports.current_versions(place, next).await?;
        for (id, version) in page.items {
            if let Some(template) = all.get_mut(&id) {
                keep(template, version);
            }
        }
        next = page.next;
        if next.is_none() {
            break;
        }
    }
    for template in all.values_mut() {
        if let Some(was) = template.seems_displaced() {
            let since = ports.versions_since(place, &template.id, was).await?;
            template.set_displaced(&since);
        }
        template.groups = uses(template, groups);
        let described: BTreeSet<u64> = template.versions.iter().map(|it| it.number).collect();
        let named = template.groups.iter().filter_map(|it| match it.version {
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
    describe_images(ports, place, templates.iter_mut().flat_map(|it| &mut it.versions)).await?;
    Ok(templates)
}

/// Each version once, although `$Default` and `$Latest` are often the same.
fn keep(template: &mut LaunchTemplate, version: TemplateVersion) {
    if !template.versions.iter().any(|it| it.number == version.number) {
        template.versions.push(version);
    }
}

fn uses(template: &LaunchTemplate, groups: &[Group]) -> Vec<GroupUse> {
    let mut uses = Vec::new();
    for group in groups {
        let named = group
            .templates
            .iter()
            .filter(|it| it.template == template.id.as_str() || it.template == template.name);
        for it in named {
            let found = GroupUse { group: group.name.clone(), version: it.version, part: it.part };
            if !uses.contains(&found) {
                uses.push(found);
            }
        }
    }
    uses
}

/// Fills in what the images of these versions say; one that AWS does not show stays unknown.
pub async fn describe_images(
    ports: &impl ListImages,
    place: &Place,
    versions: impl Iterator<Item = &mut TemplateVersion>,
) -> Result<(), Failure> {
    let mut asking: Vec<(ImageId, &mut TemplateVersion)> = Vec::new();
    for version in versions {
        // `resolve:ssm:…` and the like are no ids: nothing is known of what they stand for at a launch.
        if let Some(id) = version.image.as_deref().and_then(|it| ImageId::parse(it).ok()) {
            asking.push((id, version));
        }
    }
    let ids: BTreeSet<ImageId> = asking.iter().map(|(id, _)| id.clone()).collect();
    let support = images(ports, place, ids).await?;
    for (id, version) in asking {
        version.imds_support = support.get(&id).copied().unwrap_or(ImdsSupport::Unknown);
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
