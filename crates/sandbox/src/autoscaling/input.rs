//! Reading requests, the same for all operations.

use super::state::{GroupTag, MixedInstances, Override, Source, Specification};
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
    let unfit = |why: &str| validation(&format!("You must use a valid fully-formed launch template. {why}"));
    let found = crate::ec2::template_named(world, place, id, name);
    let (id, name) = found.ok_or_else(|| unfit("The specified launch template does not exist."))?;
    if !crate::ec2::has_version(world, place, &id, version.as_deref()) {
        return Err(unfit("The specified launch template version does not exist."));
    }
    Ok(Specification { id, name, version })
}

/// Reads what a group launches from: a launch configuration, a launch template or a mixed instances
/// policy.
/// `None` if the request names none of them; more than one is an error.
pub(super) fn source(world: &World, place: &Place, params: &Params) -> Result<Option<Source>, AwsError> {
    let configuration = params.text("LaunchConfigurationName").map(str::to_owned);
    let template = params.structure("LaunchTemplate");
    let policy = params.structure("MixedInstancesPolicy");
    match (configuration, template, policy) {
        (None, None, None) => Ok(None),
        (Some(name), None, None) => {
            let region = world.autoscaling.peek(place);
            if region.is_none_or(|region| !region.configurations.contains_key(&name)) {
                return Err(validation("Launch configuration name not found - null"));
            }
            Ok(Some(Source::Configuration(name)))
        }
        (None, Some(template), None) => Ok(Some(Source::Template(specification(world, place, template)?))),
        (None, None, Some(policy)) => Ok(Some(mixed(world, place, policy)?)),
        _ => Err(validation(
            "Valid requests must contain only one of LaunchTemplate, LaunchConfigurationName and \
             MixedInstancesPolicy.",
        )),
    }
}

/// Members of `InstancesDistribution`.
const DISTRIBUTION: [&str; 6] = [
    "OnDemandAllocationStrategy",
    "OnDemandBaseCapacity",
    "OnDemandPercentageAboveBaseCapacity",
    "SpotAllocationStrategy",
    "SpotInstancePools",
    "SpotMaxPrice",
];

fn mixed(world: &World, place: &Place, policy: &Params) -> Result<Source, AwsError> {
    let params = policy
        .structure("LaunchTemplate")
        .ok_or_else(|| validation("LaunchTemplate is required in a mixed instances policy"))?;
    let base = params
        .structure("LaunchTemplateSpecification")
        .ok_or_else(|| validation("LaunchTemplateSpecification is required in a mixed instances policy"))?;
    let base = specification(world, place, base)?;
    let mut overrides = Vec::new();
    let items = params.structure("Overrides").map(|list| list.structures("member"));
    for item in items.unwrap_or_default() {
        let template = item
            .structure("LaunchTemplateSpecification")
            .map(|it| specification(world, place, it))
            .transpose()?;
        let text = |name: &str| item.text(name).map(str::to_owned);
        let kind = item.required("InstanceType")?.to_owned();
        let (weight, image) = (text("WeightedCapacity"), text("ImageId"));
        overrides.push(Override { kind, weight, image, template });
    }
    let distribution = policy.structure("InstancesDistribution").into_iter();
    let distribution = distribution
        .flat_map(|it| DISTRIBUTION.into_iter().filter_map(|name| Some((name, it.text(name)?.to_owned()))))
        .collect();
    Ok(Source::Mixed(MixedInstances { base, overrides, distribution }))
}

/// Reads `Tags.member.N`. The group of a tag is `ResourceId`, or `default` where a request may
/// leave it out.
pub(super) fn tags(params: &Params, default: Option<&str>) -> Result<Vec<GroupTag>, AwsError> {
    let items = params.structure("Tags").map(|list| list.structures("member")).unwrap_or_default();
    items.into_iter().map(|item| tag(item, default)).collect()
}

fn tag(params: &Params, default: Option<&str>) -> Result<GroupTag, AwsError> {
    let kind = params.text("ResourceType").unwrap_or("auto-scaling-group");
    if kind != "auto-scaling-group" {
        return Err(validation("The only supported resource type is 'auto-scaling-group'"));
    }
    let group = params.text("ResourceId").or(default);
    Ok(GroupTag {
        group: group.ok_or_else(|| validation("ResourceId is required"))?.to_owned(),
        key: params.required("Key")?.to_owned(),
        value: params.text("Value").unwrap_or_default().to_owned(),
        at_launch: params.flag("PropagateAtLaunch")?.unwrap_or(false),
    })
}
