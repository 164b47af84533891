//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeTags.html>

use super::filters;
use super::paging::Page;
use super::tags::Tags;
use crate::call::Call;
use crate::error::AwsError;
use crate::shape::Shape;
use crate::world::World;

pub(super) fn answer(world: &World, call: &Call) -> Result<Shape, AwsError> {
    let params = call.params()?;
    let filters = filters::read(params, &["key", "resource-id", "resource-type", "value", "tag:*"], &[])?;
    let page = Page::read(params, 5..=1000)?;
    let dry_run = params.dry_run()?;
    params.finish(&call.action, &[])?;
    if dry_run {
        return Err(AwsError::dry_run());
    }
    let mut all: Vec<(&str, &str, &Tags)> = Vec::new();
    if let Some(region) = world.ec2.peek(&call.place) {
        let now = world.now();
        let instances = region.instances.values().filter(|it| it.visible_from <= now);
        all.extend(instances.map(|it| ("instance", it.id.as_str(), &it.tags)));
        all.extend(region.images.values().map(|it| ("image", it.id.as_str(), &it.tags)));
        all.extend(region.templates.values().map(|it| ("launch-template", it.id.as_str(), &it.tags)));
    }
    let rows = all
        .into_iter()
        .flat_map(|(kind, id, tags)| tags.iter().map(move |(key, value)| (kind, id, key, value)));
    let asked = |(kind, id, key, value): &(&str, &str, &String, &String)| {
        filters.iter().all(|filter| match filter.name.as_str() {
            "key" => filter.takes(key),
            "resource-id" => filter.takes(id),
            "resource-type" => filter.takes(kind),
            "value" => filter.takes(value),
            _ => filter.tag_key() == Some(key.as_str()) && filter.takes(value),
        })
    };
    let (page, next) = page.cut((1..).zip(rows.filter(asked)));
    let shapes = page.into_iter().map(|(kind, id, key, value)| {
        Shape::map().with("resourceId", id).with("resourceType", kind).with("key", key).with("value", value)
    });
    Ok(Shape::map().with("tagSet", Shape::list(shapes)).with_some("nextToken", next))
}
