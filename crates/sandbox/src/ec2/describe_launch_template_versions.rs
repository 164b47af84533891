//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeLaunchTemplateVersions.html>
//!
//! Without a template the request covers the complete account and Region, and then only `$Latest`
//! and `$Default` may be asked for.

use super::filters::{self, Filter};
use super::metadata::{HttpTokens, Toggle};
use super::paging::Page;
use super::template::{Template, TemplateRef, Version};
use super::templates::id_of;
use crate::call::Call;
use crate::error::AwsError;
use crate::params::Params;
use crate::shape::Shape;
use crate::world::World;

const FILTERS: [&str; 8] = [
    "ebs-optimized",
    "http-endpoint",
    "http-protocol-ipv4",
    "http-tokens",
    "iam-instance-profile",
    "image-id",
    "instance-type",
    "is-default-version",
];
const NOT_SIMULATED: [&str; 6] = [
    "create-time",
    "host-resource-group-arn",
    "kernel-id",
    "license-configuration-arn",
    "network-card-index",
    "ram-disk-id",
];

/// Which versions are asked for.
struct Wanted {
    template: Option<String>,
    versions: Vec<String>,
    least: Option<i64>,
    most: Option<i64>,
}

pub(super) fn answer(world: &World, call: &Call) -> Result<Shape, AwsError> {
    let params = call.params()?;
    let wanted = read(world, call, params)?;
    let filters = filters::read(params, &FILTERS, &NOT_SIMULATED)?;
    let page = Page::read(params, 1..=200)?;
    let _managed = params.flag("IncludeManagedResources")?;
    let dry_run = params.dry_run()?;
    params.finish(&call.action, &["ResolveAlias"])?;
    if dry_run {
        return Err(AwsError::dry_run());
    }
    let mut found: Vec<(&Template, &Version)> = Vec::new();
    for template in world.ec2.peek(&call.place).into_iter().flat_map(|region| region.templates.values()) {
        if wanted.template.as_ref().is_some_and(|id| *id != template.id) {
            continue;
        }
        let mut versions = Vec::new();
        for version in &wanted.versions {
            versions.push(template.version(version)?);
        }
        if wanted.versions.is_empty() {
            versions.extend(template.versions.values().rev().filter(|version| {
                wanted.least.is_none_or(|least| version.number >= least)
                    && wanted.most.is_none_or(|most| version.number <= most)
            }));
        }
        versions.sort_by_key(|version| std::cmp::Reverse(version.number));
        versions.dedup_by_key(|version| version.number);
        found.extend(versions.into_iter().map(|version| (template, version)));
    }
    let asked = |(template, version): &(&Template, &Version)| {
        filters.iter().all(|filter| takes(filter, template, version))
    };
    let most = world.config.ec2.versions_per_page;
    let page = Page { size: Some(page.size.unwrap_or(most).min(most)), ..page };
    let (page, next) = page.cut((1..).zip(found.into_iter().filter(asked)));
    let shapes = page.into_iter().map(|(template, version)| template.version_shape(version));
    Ok(Shape::map().with("launchTemplateVersionSet", Shape::list(shapes)).with_some("nextToken", next))
}

fn read(world: &World, call: &Call, params: &Params) -> Result<Wanted, AwsError> {
    let versions = params.texts("LaunchTemplateVersion");
    let one = params.text("LaunchTemplateId").is_some() || params.text("LaunchTemplateName").is_some();
    let template = if one { Some(id_of(&TemplateRef::read(params)?, world, &call.place)?) } else { None };
    let by_alias = versions.iter().all(|it| it == "$Latest" || it == "$Default");
    if template.is_none() && (versions.is_empty() || !by_alias) {
        return Err(AwsError::client(
            "MissingParameter",
            "Either a launch template ID or a launch template name must be specified, unless only $Latest \
             and $Default versions are requested.",
        ));
    }
    let (least, most) = (params.int("MinVersion")?, params.int("MaxVersion")?);
    if !versions.is_empty() && (least.is_some() || most.is_some()) {
        let message = "Versions cannot be combined with MinVersion or MaxVersion";
        return Err(AwsError::client("InvalidParameterCombination", message));
    }
    Ok(Wanted { template, versions, least, most })
}

fn takes(filter: &Filter, template: &Template, version: &Version) -> bool {
    let data = &version.data;
    let some = |value: Option<&str>| value.is_some_and(|value| filter.takes(value));
    let flag = |value: bool| filter.takes(if value { "true" } else { "false" });
    match filter.name.as_str() {
        "ebs-optimized" => data.ebs_optimized.is_some_and(flag),
        "http-endpoint" => some(data.metadata.http_endpoint.map(Toggle::as_str)),
        "http-protocol-ipv4" => data.metadata.http_endpoint.is_some() && filter.takes("enabled"),
        "http-tokens" => some(data.metadata.http_tokens.map(HttpTokens::as_str)),
        "iam-instance-profile" => some(data.profile.as_deref()),
        "image-id" => some(data.image.as_deref()),
        "instance-type" => some(data.kind.as_deref()),
        "is-default-version" => flag(version.number == template.default),
        _ => false,
    }
}
