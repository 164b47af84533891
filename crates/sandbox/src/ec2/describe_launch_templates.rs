//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeLaunchTemplates.html>

use super::filters;
use super::paging::Page;
use super::tags;
use super::template::{Template, TemplateRef};
use super::templates::id_of;
use crate::call::Call;
use crate::error::AwsError;
use crate::shape::Shape;
use crate::world::World;

pub(super) fn answer(world: &World, call: &Call) -> Result<Shape, AwsError> {
    let params = call.params()?;
    let named = params.texts("LaunchTemplateId").into_iter().map(TemplateRef::Id);
    let named: Vec<TemplateRef> =
        named.chain(params.texts("LaunchTemplateName").into_iter().map(TemplateRef::Name)).collect();
    let filters = filters::read(params, &["launch-template-name", "tag-key", "tag:*"], &["create-time"])?;
    let page = Page::read(params, 1..=200)?;
    // No template here is managed by a service.
    let _managed = params.flag("IncludeManagedResources")?;
    let dry_run = params.dry_run()?;
    params.finish(&call.action, &[])?;
    let mut ids = Vec::new();
    for one in &named {
        ids.push(id_of(one, world, &call.place)?);
    }
    if dry_run {
        return Err(AwsError::dry_run());
    }
    let templates = world.ec2.peek(&call.place).into_iter().flat_map(|region| region.templates.values());
    let asked = |template: &&Template| {
        (ids.is_empty() || ids.contains(&template.id))
            && filters.iter().all(|filter| {
                tags::satisfy(&template.tags, filter).unwrap_or_else(|| filter.takes(&template.name))
            })
    };
    let (page, next) = page.cut((1..).zip(templates.filter(asked)));
    let shapes = page.into_iter().map(Template::shape);
    Ok(Shape::map().with("launchTemplates", Shape::list(shapes)).with_some("nextToken", next))
}
