//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeImages.html>
//!
//! There is no filter for `ImdsSupport`, here as on AWS.

use super::filters::{self, Filter};
use super::image::{Image, not_found};
use super::images;
use super::paging::Page;
use super::tags;
use crate::call::Call;
use crate::error::AwsError;
use crate::shape::Shape;
use crate::world::World;

const FILTERS: [&str; 10] = [
    "architecture",
    "description",
    "image-id",
    "is-public",
    "name",
    "owner-alias",
    "owner-id",
    "state",
    "tag-key",
    "tag:*",
];
const NOT_SIMULATED: [&str; 26] = [
    "block-device-mapping.delete-on-termination",
    "block-device-mapping.device-name",
    "block-device-mapping.encrypted",
    "block-device-mapping.snapshot-id",
    "block-device-mapping.volume-size",
    "block-device-mapping.volume-type",
    "creation-date",
    "ena-support",
    "free-tier-eligible",
    "hypervisor",
    "image-allowed",
    "image-type",
    "kernel-id",
    "manifest-location",
    "platform",
    "product-code",
    "product-code.type",
    "ramdisk-id",
    "root-device-name",
    "root-device-type",
    "source-image-id",
    "source-image-region",
    "source-instance-id",
    "sriov-net-support",
    "state-reason-code",
    "virtualization-type",
];

pub(super) fn answer(world: &World, call: &Call) -> Result<Shape, AwsError> {
    let params = call.params()?;
    let ids = params.texts("ImageId");
    let owners = params.texts("Owner");
    let filters = filters::read(params, &FILTERS, &NOT_SIMULATED)?;
    let page = Page::read(params, 1..=1000)?;
    // No image here is deprecated or disabled.
    let _deprecated = params.flag("IncludeDeprecated")?;
    let _disabled = params.flag("IncludeDisabled")?;
    let dry_run = params.dry_run()?;
    params.finish(&call.action, &["ExecutableBy"])?;
    let images = images::visible(world, &call.place);
    if let Some(id) = ids.iter().find(|id| !images.iter().any(|it| it.id == **id)) {
        return Err(not_found(id));
    }
    if dry_run {
        return Err(AwsError::dry_run());
    }
    let account = &call.place.account;
    let owned = |image: &Image| {
        owners.is_empty()
            || owners.iter().any(|owner| match owner.as_str() {
                "self" => image.owner == *account,
                "amazon" => takes_alias(image),
                id => image.owner == id,
            })
    };
    let asked = |image: &Image| {
        (ids.is_empty() || ids.contains(&image.id))
            && owned(image)
            && filters.iter().all(|filter| takes(filter, image))
    };
    let (page, next) = page.cut((1..).zip(images.into_iter().filter(asked)));
    let shapes = page.iter().map(Image::shape);
    Ok(Shape::map().with("imagesSet", Shape::list(shapes)).with_some("nextToken", next))
}

fn takes_alias(image: &Image) -> bool {
    image.public && image.owner == "137112412989"
}

fn takes(filter: &Filter, it: &Image) -> bool {
    if let Some(verdict) = tags::satisfy(&it.tags, filter) {
        return verdict;
    }
    match filter.name.as_str() {
        "architecture" => filter.takes(&it.architecture),
        "description" => it.description.as_deref().is_some_and(|text| filter.takes(text)),
        "image-id" => filter.takes(&it.id),
        "is-public" => filter.takes(if it.public { "true" } else { "false" }),
        "name" => filter.takes(&it.name),
        "owner-alias" => takes_alias(it) && filter.takes("amazon"),
        "owner-id" => filter.takes(&it.owner),
        "state" => filter.takes("available"),
        _ => false,
    }
}
