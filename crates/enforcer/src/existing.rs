//! What exists, compliant or not: whether a name that somebody typed is one of them.

use v2only_policy::source::AccountDefaults;
use v2only_policy::{Place, ResourceKind};

use crate::failure::Failure;
use crate::kinds::Kinds;
use crate::ports::{ListNotebooks, Page, ReadSurfaces, SourceReader};
use crate::sources::read;

/// A resource by what it can be called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Existing {
    /// The id or name by which AWS knows it.
    pub id: String,
    /// The name that people gave it, where that differs.
    pub name: Option<String>,
}

/// Lists the resources of these kinds in one account and Region, but for instances, which AWS finds by id.
///
/// # Errors
/// The first call that failed.
pub async fn existing<P: ListNotebooks + SourceReader + ReadSurfaces>(
    ports: &P,
    place: &Place,
    kinds: Kinds,
) -> Result<Vec<Existing>, Failure> {
    let mut all = Vec::new();
    let named = |id: String, name: Option<String>| Existing { id, name };
    if kinds.contains(ResourceKind::AccountDefault) {
        all.push(named(AccountDefaults::NAME.to_owned(), None));
    }
    if kinds.contains(ResourceKind::Notebook) {
        let names = Page::all(|next| ports.notebook_names(place, next)).await?;
        all.extend(names.iter().map(|name| named(name.to_string(), None)));
    }
    if kinds.contains(ResourceKind::Image) {
        let images = Page::all(|next| ports.own_images(place, next)).await?;
        all.extend(images.into_iter().map(|image| named(image.id.to_string(), Some(image.name))));
    }
    if kinds.contains(ResourceKind::LaunchTemplate) {
        let mut consumers = read::consumers(ports, place).await?;
        for template in read::launch_templates(ports, place, &mut consumers).await? {
            let versions = template.versions.iter().map(|it| format!("{}/{}", template.id, it.number));
            all.extend(versions.map(|id| named(id, None)));
            all.push(named(template.id.to_string(), Some(template.name)));
        }
        all.extend(consumers.into_iter().map(|consumer| named(consumer.id, None)));
    }
    if kinds.contains(ResourceKind::LaunchConfiguration) {
        let configurations = read::launch_configurations(ports, place, &[]).await?;
        all.extend(configurations.into_iter().map(|it| named(it.name, None)));
    }
    for kind in ports.readable().iter().filter(|kind| kinds.contains(ResourceKind::Surface(**kind))) {
        let surfaces = Page::all(|next| ports.surfaces(place, *kind, next)).await?;
        all.extend(surfaces.into_iter().map(|surface| named(surface.id, surface.name)));
    }
    Ok(all)
}
