//! <https://docs.aws.amazon.com/elasticbeanstalk/latest/api/API_DescribeEnvironments.html>
//! <https://docs.aws.amazon.com/elasticbeanstalk/latest/api/API_DescribeConfigurationSettings.html>
//! <https://docs.aws.amazon.com/elasticbeanstalk/latest/api/API_ListTagsForResource.html>

use super::environment::Environment;
use super::input::{invalid, missing, required};
use crate::call::Call;
use crate::ec2::paging::Page;
use crate::error::AwsError;
use crate::shape::Shape;
use crate::world::World;

fn known<'a>(world: &'a World, call: &Call) -> impl Iterator<Item = &'a Environment> {
    let here = world.elasticbeanstalk.environments.get(&call.place);
    here.into_iter().flat_map(|environments| environments.values())
}

/// Names and ids that do not exist are left out.
pub(super) fn environments(world: &World, call: &Call) -> Result<Shape, AwsError> {
    let params = call.params()?;
    let application = params.text("ApplicationName");
    let texts = |name: &str| params.structure(name).map(|list| list.texts("member")).unwrap_or_default();
    let (ids, names) = (texts("EnvironmentIds"), texts("EnvironmentNames"));
    let _none_is_ever_deleted = params.flag("IncludeDeleted")?;
    let size = params.int_in("MaxRecords", 1..=1000)?.and_then(|size| usize::try_from(size).ok());
    let page = Page::of_size(params, size)?;
    params.finish(&call.action, &["VersionLabel", "IncludedDeletedBackTo"])?;
    let asked = known(world, call).filter(|environment| {
        application.is_none_or(|name| environment.application == name)
            && (ids.is_empty() || ids.contains(&environment.id))
            && (names.is_empty() || names.contains(&environment.name))
    });
    let (found, next) = page.cut((1..).zip(asked));
    Ok(Shape::map()
        .with("Environments", Shape::list(found.into_iter().map(Environment::shape)))
        .with_some("NextToken", next))
}

pub(super) fn settings(world: &World, call: &Call) -> Result<Shape, AwsError> {
    let params = call.params()?;
    let application = required(params, "ApplicationName")?;
    let name = params.text("EnvironmentName").ok_or_else(|| missing("EnvironmentName or TemplateName"))?;
    params.finish(&call.action, &["TemplateName"])?;
    let found = known(world, call)
        .find(|environment| environment.application == application && environment.name == name)
        .ok_or_else(|| {
            invalid(format!(
                "No Environment found for EnvironmentName = '{name}' AND ApplicationName = '{application}'."
            ))
        })?;
    Ok(Shape::map().with("ConfigurationSettings", Shape::list(found.described())))
}

pub(super) fn tags(world: &World, call: &Call) -> Result<Shape, AwsError> {
    let params = call.params()?;
    let arn = required(params, "ResourceArn")?;
    params.finish(&call.action, &[])?;
    let found = known(world, call).find(|environment| environment.arn == arn).ok_or_else(|| {
        AwsError::client("ResourceNotFoundException", format!("Resource not found for arn: '{arn}'."))
    })?;
    let tags = found.tags.iter().map(|(key, value)| Shape::map().with("Key", key).with("Value", value));
    Ok(Shape::map().with("ResourceArn", arn).with("ResourceTags", Shape::list(tags)))
}
