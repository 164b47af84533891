//! Auto Scaling groups and launch configurations. Source of every shape: Amazon EC2 Auto Scaling API
//! Reference.

use aws_sdk_autoscaling::Client;
use aws_sdk_autoscaling::types as sdk;
use v2only_enforcer::ports::{Answer, Group, ListGroups, Page, TemplateUse};
use v2only_policy::source::{GroupPart, LaunchConfiguration, VersionChoice};
use v2only_policy::{Place, StatedOptions};

use crate::call::Call;
use crate::connect::Aws;
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

impl ListGroups for Aws {
    async fn groups(&self, place: &Place, next: Option<String>) -> Answer<Page<Group>> {
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

fn group(it: &sdk::AutoScalingGroup) -> Option<Group> {
    let mixed = it.mixed_instances_policy().and_then(|it| it.launch_template());
    let own = mixed.into_iter().flat_map(|it| it.overrides());
    let named = |part| move |it| template(it, part);
    let templates = it
        .launch_template()
        .and_then(named(GroupPart::Own))
        .into_iter()
        .chain(mixed.and_then(|it| it.launch_template_specification()).and_then(named(GroupPart::Mixed)))
        .chain(
            own.filter_map(|it| it.launch_template_specification()).filter_map(named(GroupPart::Override)),
        );
    Some(Group {
        name: it.auto_scaling_group_name()?.to_owned(),
        configuration: it.launch_configuration_name().filter(|it| !it.is_empty()).map(str::to_owned),
        templates: templates.collect(),
    })
}

fn template(it: &sdk::LaunchTemplateSpecification, part: GroupPart) -> Option<TemplateUse> {
    Some(TemplateUse {
        template: it.launch_template_id().or_else(|| it.launch_template_name())?.to_owned(),
        version: match it.version() {
            Some("$Latest") => VersionChoice::Latest,
            // AWS documents `$Default` as what a group means by naming none.
            None | Some("$Default" | "") => VersionChoice::Default,
            Some(number) => VersionChoice::Number(number.parse().ok()?),
        },
        part,
    })
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
