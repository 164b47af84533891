//! Reading requests, the same for all operations.

use super::state::Specification;
use crate::ec2::paging::Page;
use crate::error::AwsError;
use crate::identity::Place;
use crate::params::Params;
use crate::world::World;

pub(super) fn validation(message: &str) -> AwsError {
    AwsError::client("ValidationError", message)
}

/// `MaxRecords` (50 unless asked for, 100 at most) and `NextToken`.
pub(super) fn page(params: &Params) -> Result<Page, AwsError> {
    let size = params.int("MaxRecords")?.unwrap_or(50);
    if !(1..=100).contains(&size) {
        return Err(validation("MaxRecords must be between 1 and 100"));
    }
    Page::of_size(params, usize::try_from(size).ok())
}

/// The texts of `<name>.member.N`.
pub(super) fn members(params: &Params, name: &str) -> Vec<String> {
    params.structure(name).map(|it| it.texts("member")).unwrap_or_default()
}

/// Reads `LaunchTemplateId` or `LaunchTemplateName`, and `Version`; the template must exist.
pub(super) fn specification(
    world: &World,
    place: &Place,
    params: &Params,
) -> Result<Specification, AwsError> {
    let (id, name) = (params.text("LaunchTemplateId"), params.text("LaunchTemplateName"));
    if id.is_some() == name.is_some() {
        return Err(validation("Valid requests must contain either launchTemplateId or LaunchTemplateName"));
    }
    let version = params.text("Version").map(str::to_owned);
    let found = crate::ec2::template_named(world, place, id, name);
    let (id, name) = found.ok_or_else(|| {
        validation(
            "You must use a valid fully-formed launch template. The specified launch template does not exist.",
        )
    })?;
    Ok(Specification { id, name, version })
}
