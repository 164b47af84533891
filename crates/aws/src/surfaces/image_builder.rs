//! Infrastructure configurations. Source of every shape: EC2 Image Builder API Reference.

use aws_sdk_imagebuilder::Client;
use aws_sdk_imagebuilder::types as sdk;
use v2only_enforcer::ports::{Answer, Page};
use v2only_enforcer::{Failure, Kind};
use v2only_policy::{HttpTokens, Place, StatedOptions, Surface, SurfaceKind};

use super::answers::{body, following, unless_absent, without_id};
use crate::call::Call;
use crate::connect::Aws;
use crate::options;

/// The largest page, by the API model.
const PAGE: i32 = 25;

async fn client(aws: &Aws, place: &Place) -> Answer<Client> {
    Ok(Client::new(&aws.surface_config(place).await?))
}

/// One page of the configurations of a Region, each described by a call of its own: the listing leaves metadata options out.
pub(super) async fn page(aws: &Aws, place: &Place, next: Option<String>) -> Answer<Page<Surface>> {
    let call = Call::ListInfrastructureConfigurations;
    let client = client(aws, place).await?;
    let request = client.list_infrastructure_configurations().max_results(PAGE).set_next_token(next.clone());
    let answer = aws.in_turn(place, call, || request.clone().send()).await?;
    let mut items = Vec::new();
    let summaries = answer.infrastructure_configuration_summary_list();
    for summary in summaries {
        let id = summary.arn().and_then(id_of).ok_or_else(|| without_id(call))?;
        // A configuration that was deleted meanwhile is left out.
        items.extend(one(aws, place, id).await?);
    }
    Ok(Page { items, next: following(call, next.as_deref(), answer.next_token)? })
}

/// One configuration by the last part of its ARN.
pub(super) async fn one(aws: &Aws, place: &Place, id: &str) -> Answer<Option<Surface>> {
    Ok(described(aws, place, id).await?.map(|configuration| surface(id, &configuration)))
}

async fn described(aws: &Aws, place: &Place, id: &str) -> Answer<Option<sdk::InfrastructureConfiguration>> {
    let request = client(aws, place).await?.get_infrastructure_configuration();
    let request = request.infrastructure_configuration_arn(arn(place, id));
    let call = Call::GetInfrastructureConfiguration;
    let answer = unless_absent(aws.in_turn(place, call, || request.clone().send()).await)?;
    answer.map(|answer| body(call, answer.infrastructure_configuration)).transpose()
}

fn arn(place: &Place, id: &str) -> String {
    let (partition, region, account) = (place.region.partition().as_str(), &place.region, &place.account);
    format!("arn:{partition}:imagebuilder:{region}:{account}:infrastructure-configuration/{id}")
}

fn id_of(arn: &str) -> Option<&str> {
    arn.rsplit_once('/').map(|(_, id)| id)
}

fn surface(id: &str, configuration: &sdk::InfrastructureConfiguration) -> Surface {
    let tags = configuration.tags().into_iter().flatten();
    Surface {
        name: configuration.name().map(str::to_owned),
        arn: configuration.arn().map(str::to_owned),
        created_at: configuration.date_created().and_then(|date| date.parse().ok()),
        options: configuration.instance_metadata_options().map(stated).unwrap_or_default(),
        tags: tags.map(|(key, value)| (key.clone(), value.clone())).collect(),
        ..Surface::new(SurfaceKind::InfrastructureConfiguration, id.to_owned())
    }
}

fn stated(options: &sdk::InstanceMetadataOptions) -> StatedOptions {
    StatedOptions {
        http_tokens: options::tokens(options.http_tokens()),
        hop_limit: options.http_put_response_hop_limit().and_then(options::hops),
        ..StatedOptions::default()
    }
}

/// Changes the metadata options and repeats every other setting: the call of AWS replaces the configuration. It is described
/// immediately before, so that a change of somebody else is repeated too.
pub(super) async fn set_options(
    aws: &Aws,
    place: &Place,
    id: &str,
    change: impl Fn(StatedOptions) -> StatedOptions,
) -> Answer<Option<String>> {
    let call = Call::UpdateInfrastructureConfiguration;
    let now = described(aws, place, id).await?.ok_or_else(|| {
        Failure::new(Kind::Gone, Call::GetInfrastructureConfiguration.iam_action(), "it was deleted")
    })?;
    let options = change(now.instance_metadata_options().map(stated).unwrap_or_default());
    let request = client(aws, place).await?.update_infrastructure_configuration();
    let request = request
        .infrastructure_configuration_arn(arn(place, id))
        .set_description(now.description)
        .set_instance_types(now.instance_types)
        .set_instance_profile_name(now.instance_profile_name)
        .set_security_group_ids(now.security_group_ids)
        .set_subnet_id(now.subnet_id)
        .set_logging(now.logging)
        .set_key_pair(now.key_pair)
        .set_terminate_instance_on_failure(now.terminate_instance_on_failure)
        .set_terminate_instance_on_completion(now.terminate_instance_on_completion)
        .set_sns_topic_arn(now.sns_topic_arn)
        .set_resource_tags(now.resource_tags)
        .set_placement(now.placement)
        .set_parent_instance(now.parent_instance)
        .set_instance_metadata_options(wanted(&options));
    let answer = aws.once_in_turn(place, call, request.send()).await?;
    Ok(answer.request_id().map(str::to_owned))
}

/// The options of a request; `None` where none is set.
fn wanted(options: &StatedOptions) -> Option<sdk::InstanceMetadataOptions> {
    let tokens = options.http_tokens.and_then(HttpTokens::word);
    (tokens.is_some() || options.hop_limit.is_some()).then(|| {
        sdk::InstanceMetadataOptions::builder()
            .set_http_tokens(tokens.map(str::to_owned))
            .set_http_put_response_hop_limit(options.hop_limit.map(i32::from))
            .build()
    })
}
