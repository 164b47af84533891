//! Environments. Source of every shape: AWS Elastic Beanstalk API Reference.

use aws_sdk_elasticbeanstalk::Client;
use aws_sdk_elasticbeanstalk::types as sdk;
use v2only_enforcer::ports::{Answer, Page};
use v2only_policy::{HttpTokens, Place, StatedOptions, Surface, SurfaceKind, Tags};

use super::answers::{following, moment, unless_absent, without_id};
use crate::call::Call;
use crate::connect::Aws;

/// How many environments a page holds; AWS takes up to 1000.
const PAGE: i32 = 100;

async fn client(aws: &Aws, place: &Place) -> Answer<Client> {
    Ok(Client::new(&aws.surface_config(place).await?))
}

/// One page of the environments of a Region, each with a call for its settings and one for its tags.
pub(super) async fn page(aws: &Aws, place: &Place, next: Option<String>) -> Answer<Page<Surface>> {
    let call = Call::DescribeEnvironments;
    let request = client(aws, place).await?.describe_environments();
    let request = request.include_deleted(false).max_records(PAGE).set_next_token(next.clone());
    let answer = aws.in_turn(place, call, || request.clone().send()).await?;
    let mut items = Vec::new();
    for environment in answer.environments() {
        items.extend(surface(aws, place, environment).await?);
    }
    Ok(Page { items, next: following(call, next.as_deref(), answer.next_token)? })
}

/// One environment by id.
pub(super) async fn one(aws: &Aws, place: &Place, id: &str) -> Answer<Option<Surface>> {
    let request =
        client(aws, place).await?.describe_environments().environment_ids(id).include_deleted(false);
    let answer = aws.in_turn(place, Call::DescribeEnvironments, || request.clone().send()).await?;
    match answer.environments() {
        [environment, ..] => surface(aws, place, environment).await,
        [] => Ok(None),
    }
}

/// An environment with its settings and tags; `None` if it is gone.
async fn surface(
    aws: &Aws,
    place: &Place,
    environment: &sdk::EnvironmentDescription,
) -> Answer<Option<Surface>> {
    let (Some(id), Some(name)) = (environment.environment_id(), environment.environment_name()) else {
        return Err(without_id(Call::DescribeEnvironments));
    };
    let request = client(aws, place).await?.describe_configuration_settings();
    let request = request
        .set_application_name(environment.application_name().map(str::to_owned))
        .environment_name(name);
    let answer = aws.in_turn(place, Call::DescribeConfigurationSettings, || request.clone().send()).await;
    let Some(answer) = unless_absent(answer)? else { return Ok(None) };
    let arn = environment.environment_arn().map(str::to_owned);
    let tags = match &arn {
        Some(arn) => tags(aws, place, arn).await?,
        None => Tags::new(),
    };
    let options =
        StatedOptions { http_tokens: tokens(answer.configuration_settings()), ..StatedOptions::default() };
    Ok(Some(Surface {
        name: Some(name.to_owned()),
        arn,
        created_at: moment(environment.date_created()),
        options,
        tags,
        ..Surface::new(SurfaceKind::BeanstalkEnvironment, id.to_owned())
    }))
}

/// `DisableIMDSv1` of the settings that are deployed. Those that an update is still deploying, or failed to deploy, prove
/// nothing.
fn tokens(sets: &[sdk::ConfigurationSettingsDescription]) -> Option<HttpTokens> {
    let deployed = |set: &&sdk::ConfigurationSettingsDescription| {
        set.deployment_status() == Some(&sdk::ConfigurationDeploymentStatus::Deployed)
    };
    let Some(set) = sets.iter().find(deployed) else {
        return (!sets.is_empty()).then_some(HttpTokens::Unknown);
    };
    let option = set.option_settings().iter().find(|option| {
        option.namespace() == Some("aws:autoscaling:launchconfiguration")
            && option.option_name() == Some("DisableIMDSv1")
    });
    Some(match option?.value()?.to_ascii_lowercase().as_str() {
        "true" => HttpTokens::Required,
        "false" => HttpTokens::Optional,
        _ => HttpTokens::Unknown,
    })
}

async fn tags(aws: &Aws, place: &Place, arn: &str) -> Answer<Tags> {
    let request = client(aws, place).await?.list_tags_for_resource().resource_arn(arn);
    let answer = aws.in_turn(place, Call::ListEnvironmentTags, || request.clone().send()).await;
    let Some(answer) = unless_absent(answer)? else { return Ok(Tags::new()) };
    let tag = |tag: &sdk::Tag| {
        (tag.key().unwrap_or_default().to_owned(), tag.value().unwrap_or_default().to_owned())
    };
    Ok(answer.resource_tags().iter().map(tag).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(status: &str, value: Option<&str>) -> sdk::ConfigurationSettingsDescription {
        let option = |value: &str| {
            sdk::ConfigurationOptionSetting::builder()
                .namespace("aws:autoscaling:launchconfiguration")
                .option_name("DisableIMDSv1")
                .value(value)
                .build()
        };
        sdk::ConfigurationSettingsDescription::builder()
            .deployment_status(status.into())
            .set_option_settings(Some(value.map(option).into_iter().collect()))
            .build()
    }

    #[test]
    fn the_deployed_settings_count() {
        let draft = [set("pending", Some("true")), set("deployed", Some("false"))];
        assert_eq!(tokens(&draft), Some(HttpTokens::Optional));
        assert_eq!(tokens(&[set("deployed", Some("True"))]), Some(HttpTokens::Required));
        for status in ["pending", "failed"] {
            assert_eq!(tokens(&[set(status, Some("true"))]), Some(HttpTokens::Unknown), "{status}");
        }
    }

    #[test]
    fn a_setting_that_is_absent_or_strange_closes_nothing() {
        assert_eq!(tokens(&[]), None);
        assert_eq!(tokens(&[set("deployed", None)]), None);
        assert_eq!(tokens(&[set("deployed", Some("yes"))]), Some(HttpTokens::Unknown));
    }
}
