//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstances.html>

use super::filters::{self, Filter};
use super::instance::Instance;
use super::paging::Page;
use super::run_instances::reservation_of;
use super::tags;
use crate::call::Call;
use crate::error::AwsError;
use crate::identity::Place;
use crate::shape::Shape;
use crate::world::World;

const FILTERS: [&str; 26] = [
    "client-token",
    "image-id",
    "instance-id",
    "instance-lifecycle",
    "instance-state-code",
    "instance-state-name",
    "instance-type",
    "key-name",
    "launch-index",
    "metadata-options.http-endpoint",
    "metadata-options.http-protocol-ipv4",
    "metadata-options.http-protocol-ipv6",
    "metadata-options.http-put-response-hop-limit",
    "metadata-options.http-tokens",
    "metadata-options.instance-metadata-tags",
    "metadata-options.state",
    "operator.managed",
    "operator.principal",
    "owner-id",
    "requester-id",
    "reservation-id",
    "spot-instance-request-id",
    "subnet-id",
    "tag-key",
    "iam-instance-profile.arn",
    "tag:*",
];

/// Filters of AWS about things that are not simulated.
const NOT_SIMULATED: [&str; 44] = [
    "affinity",
    "architecture",
    "availability-zone",
    "availability-zone-id",
    "block-device-mapping.attach-time",
    "block-device-mapping.delete-on-termination",
    "block-device-mapping.device-name",
    "block-device-mapping.status",
    "block-device-mapping.volume-id",
    "boot-mode",
    "capacity-reservation-id",
    "current-instance-boot-mode",
    "dns-name",
    "ebs-optimized",
    "ena-support",
    "enclave-options.enabled",
    "hibernation-options.configured",
    "host-id",
    "hypervisor",
    "iam-instance-profile.id",
    "instance.group-id",
    "instance.group-name",
    "ip-address",
    "ipv6-address",
    "kernel-id",
    "launch-time",
    "maintenance-options.auto-recovery",
    "monitoring-state",
    "outpost-arn",
    "placement-group-name",
    "placement-partition-number",
    "platform",
    "platform-details",
    "private-dns-name",
    "private-ip-address",
    "product-code",
    "ramdisk-id",
    "reason",
    "root-device-name",
    "root-device-type",
    "source-dest-check",
    "tenancy",
    "virtualization-type",
    "vpc-id",
];

pub(super) fn answer(world: &World, call: &Call) -> Result<Shape, AwsError> {
    let params = call.params()?;
    let ids = params.texts("InstanceId");
    let filters = filters::read(params, &FILTERS, &NOT_SIMULATED)?;
    let page = Page::read(params, 5..=1000)?;
    let with_managed = params.flag("IncludeManagedResources")?.unwrap_or(false);
    let dry_run = params.dry_run()?;
    params.finish(&call.action, &[])?;
    if !ids.is_empty() && page.size.is_some() {
        return Err(AwsError::client(
            "InvalidParameterCombination",
            "The parameter instancesSet cannot be used with the parameter maxResults",
        ));
    }
    let now = world.now();
    let place = &call.place;
    let Some(region) = world.ec2.peek(place) else {
        return nowhere(&ids, dry_run);
    };
    region.check_ids(&ids, now)?;
    if dry_run {
        return Err(AwsError::dry_run());
    }
    let asked = |instance: &Instance| {
        instance.visible_from <= now
            && (with_managed || !instance.hidden)
            && filters.iter().all(|filter| takes(filter, instance, place))
    };
    let (instances, next) = if ids.is_empty() {
        let candidates = region.instances.range(page.after.saturating_add(1)..);
        page.cut(candidates.map(|(order, it)| (*order, it)).filter(|(_, it)| asked(it)))
    } else {
        page.cut(region.named(&ids).into_iter().filter(|(_, it)| asked(it)))
    };
    let mut reservations: Vec<Vec<&Instance>> = Vec::new();
    for instance in instances {
        match reservations.last_mut() {
            Some(last) if last.first().is_some_and(|it| it.reservation == instance.reservation) => {
                last.push(instance)
            }
            _ => reservations.push(vec![instance]),
        }
    }
    let reservations = reservations.iter().map(|it| reservation_of(world, place, it, false));
    Ok(Shape::map().with("reservationSet", Shape::list(reservations)).with_some("nextToken", next))
}

/// An account and Region where nothing was ever done.
fn nowhere(ids: &[String], dry_run: bool) -> Result<Shape, AwsError> {
    super::state::Region::default().check_ids(ids, jiff::Timestamp::MAX)?;
    if dry_run {
        return Err(AwsError::dry_run());
    }
    Ok(Shape::map().with("reservationSet", Shape::list([])))
}

fn takes(filter: &Filter, it: &Instance, place: &Place) -> bool {
    if let Some(verdict) = tags::satisfy(&it.tags, filter) {
        return verdict;
    }
    let some = |value: Option<&str>| value.is_some_and(|value| filter.takes(value));
    if let Some(name) = filter.name.strip_prefix("metadata-options.") {
        return some(it.metadata.filtered(name, it.metadata_applied).as_deref());
    }
    match filter.name.as_str() {
        "client-token" => some(it.client_token.as_deref()),
        "iam-instance-profile.arn" => some(it.profile.as_deref()),
        "image-id" => filter.takes(&it.image),
        "instance-id" => filter.takes(&it.id),
        "instance-lifecycle" => some(it.spot.as_ref().map(|_| "spot")),
        "instance-state-code" => filter.takes(&it.state.code().to_string()),
        "instance-state-name" => filter.takes(it.state.as_str()),
        "instance-type" => filter.takes(&it.kind),
        "key-name" => some(it.key_name.as_deref()),
        "launch-index" => filter.takes(&it.launch_index.to_string()),
        "operator.managed" => filter.takes(if it.operator.is_some() { "true" } else { "false" }),
        "operator.principal" => some(it.operator.as_deref()),
        "owner-id" => filter.takes(&place.account),
        "requester-id" => some(it.requester.as_deref()),
        "reservation-id" => filter.takes(&it.reservation),
        "spot-instance-request-id" => some(it.spot.as_deref()),
        "subnet-id" => filter.takes(&it.subnet),
        _ => false,
    }
}
