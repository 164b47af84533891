//! Auto Scaling groups and launch configurations. Source of every shape: Amazon EC2 Auto Scaling API
//! Reference.

use aws_sdk_autoscaling::Client;
use aws_sdk_autoscaling::types as sdk;
use v2only_enforcer::ports::{Answer, ListGroups, Page};
use v2only_policy::source::{Consumer, LaunchConfiguration, NamedImage, Part, TemplateUse, VersionChoice};
use v2only_policy::{Place, StatedOptions};

use crate::call::Call;
use crate::connect::Aws;
use crate::sources::{hops, said, tokens};

/// The largest page Auto Scaling gives.
const PAGE: i32 = 100;

impl Aws {
    async fn autoscaling(&self, place: &Place) -> Answer<Client> {
        if let Some(client) = self.autoscaling.get(place) {
            return Ok(client);
        }
        let client = Client::new(&self.config(place).await?);
        self.autoscaling.keep(place, client.clone());
        Ok(client)
    }
}

impl ListGroups for Aws {
    async fn groups(&self, place: &Place, next: Option<String>) -> Answer<Page<Consumer>> {
        let call = Call::DescribeAutoScalingGroups;
        let client = self.autoscaling(place).await?;
        self.turn(Some(place), call).await?;
        let answer = client
            .describe_auto_scaling_groups()
            .max_records(PAGE)
            .set_next_token(next)
            .send()
            .await
            .map_err(|it| self.failure(place, call, &it))?;
        let next = answer.next_token.filter(|it| !it.is_empty());
        let items = answer.auto_scaling_groups.unwrap_or_default();
        Ok(Page { items: items.iter().filter_map(group).collect(), next })
    }

    async fn launch_configurations(
        &self,
        place: &Place,
        next: Option<String>,
    ) -> Answer<Page<LaunchConfiguration>> {
        let call = Call::DescribeLaunchConfigurations;
        let client = self.autoscaling(place).await?;
        self.turn(Some(place), call).await?;
        let answer = client
            .describe_launch_configurations()
            .max_records(PAGE)
            .set_next_token(next)
            .send()
            .await
            .map_err(|it| self.failure(place, call, &it))?;
        let next = answer.next_token.filter(|it| !it.is_empty());
        let items = answer.launch_configurations.unwrap_or_default();
        Ok(Page { items: items.iter().filter_map(configuration).collect(), next })
    }
}

/// A group as described; `None` only if AWS left out its name.
fn group(it: &sdk::AutoScalingGroup) -> Option<Consumer> {
    let mixed = it.mixed_instances_policy().and_then(|it| it.launch_template());
    let overrides = mixed.map(sdk::LaunchTemplate::overrides).unwrap_or_default();
    let mut templates: Vec<TemplateUse> =
        it.launch_template().and_then(|it| template(it, Part::Own)).into_iter().collect();
    if let Some(base) = mixed.and_then(|it| it.launch_template_specification()) {
        // Overrides without a template of their own launch from this one.
        let images = overrides.iter().filter(|it| it.launch_template_specification().is_none());
        let images = images.filter_map(|it| it.image_id()).map(named).collect();
        templates.extend(template(base, Part::Mixed).map(|it| TemplateUse { images, ..it }));
    }
    for it in overrides {
        let own = it.launch_template_specification().and_then(|it| template(it, Part::Override));
        let images = it.image_id().map(named).into_iter().collect();
        templates.extend(own.map(|own| TemplateUse { images, ..own }));
    }
    let tags = it.tags().iter();
    let tags = tags.filter_map(|it| Some((it.key()?.to_owned(), it.value().unwrap_or_default().to_owned())));
    Some(Consumer {
        arn: it.auto_scaling_group_arn().map(str::to_owned),
        configuration: it.launch_configuration_name().filter(|it| !it.is_empty()).map(str::to_owned),
        templates,
        has_overrides: !overrides.is_empty(),
        tags: tags.collect(),
        ..Consumer::group(it.auto_scaling_group_name()?.to_owned())
    })
}

fn named(image: &str) -> NamedImage {
    NamedImage::named(Some(image.to_owned()))
}

fn template(it: &sdk::LaunchTemplateSpecification, part: Part) -> Option<TemplateUse> {
    let template = it.launch_template_id().or_else(|| it.launch_template_name())?.to_owned();
    Some(TemplateUse::plain(template, choice(it.version()), part))
}

/// AWS documents `$Default` as what a consumer means by naming no version.
pub(crate) fn choice(version: Option<&str>) -> VersionChoice {
    match version {
        Some("$Latest") => VersionChoice::Latest,
        None | Some("$Default" | "") => VersionChoice::Default,
        Some(number) => number.parse().map_or(VersionChoice::Unknown, VersionChoice::Number),
    }
}

fn configuration(it: &sdk::LaunchConfiguration) -> Option<LaunchConfiguration> {
    let options = it.metadata_options();
    Some(LaunchConfiguration {
        name: it.launch_configuration_name()?.to_owned(),
        options: StatedOptions {
            http_tokens: tokens(options.and_then(|it| it.http_tokens()).map(|it| it.as_str())),
            http_endpoint: said(options.and_then(|it| it.http_endpoint()).map(|it| it.as_str())),
            hop_limit: options.and_then(|it| it.http_put_response_hop_limit()).and_then(hops),
            ..StatedOptions::default()
        },
        groups: Vec::new(),
    })
}
