//! Finding the launch templates of an account by id, name and version.

use super::template::{TemplateData, TemplateRef, TemplateVersion, id_not_found, name_not_found};
use crate::error::AwsError;
use crate::identity::Place;
use crate::world::World;

/// The id of the template that is named.
pub(super) fn id_of(wanted: &TemplateRef, world: &World, place: &Place) -> Result<String, AwsError> {
    let templates = world.ec2.peek(place).map(|region| &region.templates);
    match wanted {
        TemplateRef::Id(id) => {
            templates.and_then(|it| it.get(id)).map(|it| it.id.clone()).ok_or_else(|| id_not_found(id))
        }
        TemplateRef::Name(name) => templates
            .and_then(|it| it.values().find(|it| it.name == *name))
            .map(|it| it.id.clone())
            .ok_or_else(|| name_not_found(name)),
    }
}

/// Id and name of the template that another service names by id or by name.
pub(crate) fn template_named(
    world: &World,
    place: &Place,
    id: Option<&str>,
    name: Option<&str>,
) -> Option<(String, String)> {
    let templates = &world.ec2.peek(place)?.templates;
    let found = templates.values().find(|it| id == Some(it.id.as_str()) || name == Some(it.name.as_str()))?;
    Some((found.id.clone(), found.name.clone()))
}

/// A version that a launch named.
pub(super) struct NamedVersion<'a> {
    pub(super) id: &'a str,
    pub(super) number: i64,
    pub(super) data: &'a TemplateData,
}

/// Whether the template has this version; none stands for `$Default`.
pub(crate) fn has_version(world: &World, place: &Place, id: &str, version: Option<&str>) -> bool {
    let template = world.ec2.peek(place).and_then(|region| region.templates.get(id));
    template.is_some_and(|it| it.version(version.unwrap_or("$Default")).is_ok())
}

/// Finds the version a launch names; without a version it is the default one.
pub(super) fn find_version<'a>(
    world: &'a World,
    place: &Place,
    wanted: &TemplateVersion,
) -> Result<NamedVersion<'a>, AwsError> {
    let id = id_of(&wanted.template, world, place)?;
    let template = world.ec2.peek(place).and_then(|region| region.templates.get(&id));
    let template = template.ok_or_else(|| id_not_found(&id))?;
    let version = template.version(wanted.version.as_deref().unwrap_or("$Default"))?;
    Ok(NamedVersion { id: &template.id, number: version.number, data: &version.data })
}
