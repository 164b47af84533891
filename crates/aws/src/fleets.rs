//! EC2 Fleets and Spot Fleet requests. Source of every shape: Amazon EC2 API Reference.
//!
//! `CreateFleet` takes `MetadataOptions` in overrides, for fleets of type `instant` only. `DescribeFleets` returns neither
//! those options nor such fleets. An instant fleet launches once; its instances are judged as instances.

use aws_sdk_ec2::types as sdk;
use v2only_enforcer::ports::{Answer, ListFleets, Page};
use v2only_policy::Place;
use v2only_policy::source::{Consumer, ConsumerKind, NamedImage, TemplateSlot, TemplateUse};

use crate::autoscaling::choice;
use crate::call::Call;
use crate::connect::Aws;
use crate::ec2::{page, tags};

/// The largest page of fleets and of Spot Fleet requests.
const PAGE: i32 = 1000;

impl ListFleets for Aws {
    async fn fleets(&self, place: &Place, next: Option<String>) -> Answer<Page<Consumer>> {
        let call = Call::DescribeFleets;
        let client = self.ec2_in_turn(place, call).await?;
        let answer = client
            .describe_fleets()
            .max_results(PAGE)
            .set_next_token(next)
            .send()
            .await
            .map_err(|it| self.failure(place, call, &it))?;
        Ok(page(answer.fleets, answer.next_token, fleet))
    }

    async fn spot_fleets(&self, place: &Place, next: Option<String>) -> Answer<Page<Consumer>> {
        let call = Call::DescribeSpotFleetRequests;
        let client = self.ec2_in_turn(place, call).await?;
        let answer = client
            .describe_spot_fleet_requests()
            .max_results(PAGE)
            .set_next_token(next)
            .send()
            .await
            .map_err(|it| self.failure(place, call, &it))?;
        Ok(page(answer.spot_fleet_request_configs, answer.next_token, spot_fleet))
    }
}

/// A fleet that may still launch. A state that this release does not know counts as one in which it may.
fn fleet(it: &sdk::FleetData) -> Option<Consumer> {
    use sdk::FleetStateCode::{Deleted, DeletedRunning, DeletedTerminatingInstances, Failed};
    let has_ended =
        matches!(it.fleet_state(), Some(Deleted | DeletedRunning | DeletedTerminatingInstances | Failed));
    if has_ended || it.r#type() == Some(&sdk::FleetType::Instant) {
        return None;
    }
    let configs = it.launch_template_configs();
    let uses = configs.iter().filter_map(|config| {
        let named = config.launch_template_specification()?;
        let images = config.overrides().iter().filter_map(|it| it.image_id());
        template(named, images)
    });
    Some(Consumer {
        templates: uses.collect(),
        is_modifiable: it.r#type() == Some(&sdk::FleetType::Maintain),
        has_overrides: configs.iter().any(|it| !it.overrides().is_empty()),
        tags: tags(it.tags()),
        ..Consumer::new(ConsumerKind::Fleet, it.fleet_id()?.to_owned())
    })
}

/// A request that may still launch. A state that this release does not know counts as one in which it may.
fn spot_fleet(it: &sdk::SpotFleetRequestConfig) -> Option<Consumer> {
    use sdk::BatchState::{Cancelled, CancelledRunning, CancelledTerminatingInstances, Failed};
    let has_ended = matches!(
        it.spot_fleet_request_state(),
        Some(Cancelled | CancelledRunning | CancelledTerminatingInstances | Failed)
    );
    if has_ended {
        return None;
    }
    let config = it.spot_fleet_request_config()?;
    let configs = config.launch_template_configs();
    let uses = configs.iter().filter_map(|config| template(config.launch_template_specification()?, []));
    let inline = config.launch_specifications().iter();
    Some(Consumer {
        templates: uses.collect(),
        inline: inline.map(|it| NamedImage::named(it.image_id().map(str::to_owned))).collect(),
        has_overrides: configs.iter().any(|it| !it.overrides().is_empty()),
        tags: tags(it.tags()),
        ..Consumer::new(ConsumerKind::SpotFleet, it.spot_fleet_request_id()?.to_owned())
    })
}

fn template<'a>(
    it: &sdk::FleetLaunchTemplateSpecification,
    images: impl IntoIterator<Item = &'a str>,
) -> Option<TemplateUse> {
    let template = it.launch_template_id().or_else(|| it.launch_template_name())?.to_owned();
    let images = images.into_iter().map(|it| NamedImage::named(Some(it.to_owned()))).collect();
    Some(TemplateUse { images, ..TemplateUse::plain(template, choice(it.version()), TemplateSlot::Config) })
}
