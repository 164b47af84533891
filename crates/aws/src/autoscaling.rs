//! Auto Scaling groups and launch configurations. Source of every shape: Amazon EC2 Auto Scaling API
//! Reference.

use aws_sdk_autoscaling::Client;
use aws_sdk_autoscaling::config::retry::RetryConfig;
use aws_sdk_autoscaling::operation::RequestId as _;
use aws_sdk_autoscaling::types as sdk;
use v2only_enforcer::ports::{Answer, ListGroups, Page, RepointGroup, Repointed, TryAgain as _};
use v2only_policy::source::{
    Consumer, LaunchConfiguration, NamedImage, TemplateSlot, TemplateUse, VersionChoice,
};
use v2only_policy::{Place, StatedOptions};

use crate::call::Call;
use crate::connect::Aws;
use crate::ec2::page;
use crate::options::{hops, said, tokens};

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

impl Aws {
    async fn described_group(&self, place: &Place, name: &str) -> Answer<Option<sdk::AutoScalingGroup>> {
        let call = Call::DescribeAutoScalingGroups;
        let client = self.autoscaling(place).await?;
        self.turn(Some(place), call).await?;
        let answer = client
            .describe_auto_scaling_groups()
            .auto_scaling_group_names(name)
            .send()
            .await
            .map_err(|it| self.failure(place, call, &it))?;
        let groups = answer.auto_scaling_groups.unwrap_or_default();
        Ok(groups.into_iter().find(|it| it.auto_scaling_group_name() == Some(name)))
    }
}

impl Aws {
    /// Lets a group name these versions; everything else stays as described. The SDK does not repeat it, because by then somebody may
    /// have changed the group.
    async fn name_versions(
        &self,
        place: &Place,
        mut described: sdk::AutoScalingGroup,
        versions: &[VersionChoice],
    ) -> Answer<Option<String>> {
        for (it, version) in specifications(&mut described).into_iter().zip(versions) {
            name(it, *version);
        }
        let call = Call::UpdateAutoScalingGroup;
        let client = self.autoscaling(place).await?;
        self.turn(Some(place), call).await?;
        let once = aws_sdk_autoscaling::config::Builder::new().retry_config(RetryConfig::disabled());
        let answer = client
            .update_auto_scaling_group()
            .set_auto_scaling_group_name(described.auto_scaling_group_name)
            .set_launch_template(described.launch_template)
            .set_mixed_instances_policy(described.mixed_instances_policy)
            .customize()
            .config_override(once)
            .send()
            .await
            .map_err(|it| self.failure(place, call, &it))?;
        Ok(answer.request_id().map(str::to_owned))
    }
}

impl RepointGroup for Aws {
    async fn repoint(
        &self,
        place: &Place,
        planned: &Consumer,
        versions: &[VersionChoice],
    ) -> Answer<Repointed> {
        let mut attempts = 1;
        loop {
            let Some(described) = self.described_group(place, &planned.id).await? else {
                return Ok(Repointed::ChangedSince);
            };
            let now = group(&described);
            let names = |it: &Consumer| it.templates.iter().map(|it| it.version).eq(versions.iter().copied());
            if attempts > 1 && now.as_ref().is_some_and(names) {
                // The answer alone was lost.
                return Ok(Repointed::Changed { request_id: None });
            }
            // A tag may exempt it.
            if !now.is_some_and(|now| now.launches_as(planned) && now.tags == planned.tags) {
                return Ok(Repointed::ChangedSince);
            }
            match self.name_versions(place, described, versions).await {
                Err(failure) if self.try_again(&failure, attempts).await => attempts += 1,
                answer => return answer.map(|request_id| Repointed::Changed { request_id }),
            }
        }
    }
}

/// The launch templates that a group names, in the order of [`group`].
fn specifications(it: &mut sdk::AutoScalingGroup) -> Vec<&mut sdk::LaunchTemplateSpecification> {
    let own = it.launch_template.as_mut();
    let mixed = it.mixed_instances_policy.as_mut().and_then(|it| it.launch_template.as_mut());
    let (base, overrides) = mixed
        .map(|it| (it.launch_template_specification.as_mut(), it.overrides.as_deref_mut()))
        .unwrap_or_default();
    let overrides = overrides.unwrap_or_default().iter_mut();
    let of_overrides = overrides.filter_map(|it| it.launch_template_specification.as_mut());
    own.into_iter().chain(base).chain(of_overrides).collect()
}

/// Names this version. AWS describes id and name, and takes only one of them.
fn name(it: &mut sdk::LaunchTemplateSpecification, version: VersionChoice) {
    if it.launch_template_id.is_some() {
        it.launch_template_name = None;
    }
    if choice(it.version.as_deref()) == version {
        return;
    }
    it.version = match version {
        VersionChoice::Number(number) => Some(number.to_string()),
        VersionChoice::Default => Some("$Default".to_owned()),
        VersionChoice::Latest => Some("$Latest".to_owned()),
        VersionChoice::Unknown => return,
    };
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
        Ok(page(answer.auto_scaling_groups, answer.next_token, group))
    }

    async fn group(&self, place: &Place, name: &str) -> Answer<Option<Consumer>> {
        Ok(self.described_group(place, name).await?.as_ref().and_then(group))
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
        Ok(page(answer.launch_configurations, answer.next_token, configuration))
    }
}

/// A group as described; `None` only if AWS left out its name.
fn group(it: &sdk::AutoScalingGroup) -> Option<Consumer> {
    let mixed = it.mixed_instances_policy().and_then(|it| it.launch_template());
    let overrides = mixed.map(sdk::LaunchTemplate::overrides).unwrap_or_default();
    let mut templates: Vec<TemplateUse> =
        it.launch_template().and_then(|it| template(it, TemplateSlot::Own)).into_iter().collect();
    if let Some(base) = mixed.and_then(|it| it.launch_template_specification()) {
        // Overrides without a template of their own launch from this one.
        let images = overrides.iter().filter(|it| it.launch_template_specification().is_none());
        let images = images.filter_map(|it| it.image_id()).map(named).collect();
        templates.extend(template(base, TemplateSlot::Mixed).map(|it| TemplateUse { images, ..it }));
    }
    for it in overrides {
        let own = it.launch_template_specification().and_then(|it| template(it, TemplateSlot::Override));
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
        instances: it.instances().len(),
        tags: tags.collect(),
        ..Consumer::group(it.auto_scaling_group_name()?.to_owned())
    })
}

fn named(image: &str) -> NamedImage {
    NamedImage::named(Some(image.to_owned()))
}

fn template(it: &sdk::LaunchTemplateSpecification, part: TemplateSlot) -> Option<TemplateUse> {
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
