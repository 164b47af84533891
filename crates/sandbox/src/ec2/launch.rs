//! Launching: the same for `RunInstances` and for what services launch on their own.

use std::time::Duration;

use super::instance::{Instance, InstanceStateName};
use super::launch_spec::LaunchSpec;
use super::metadata::{HttpTokens, MetadataOptions, enforced_refusal};
use super::side_options::{check_ipv6, check_known, check_tag_keys};
use super::template::TemplateData;
use crate::clock::later;
use crate::error::AwsError;
use crate::identity::Place;
use crate::world::World;

/// At most this many instances at once: the sandbox has a limit as every account has.
const INSTANCE_LIMIT: i64 = 10_000;

/// The instance type of a launch that names none.
const DEFAULT_TYPE: &str = "m1.small";

/// A launch that was checked; nothing is changed yet.
pub(super) struct Plan {
    merged: LaunchSpec,
    options: MetadataOptions,
}

/// Checks a launch and decides its metadata options; changes nothing.
pub(super) fn plan(world: &World, place: &Place, spec: &LaunchSpec) -> Result<Plan, AwsError> {
    if spec.min < 1 || spec.max < spec.min {
        let message = format!(
            "Value ({}) for parameter maxCount is invalid. It must be at least minCount ({}), and that 1.",
            spec.max, spec.min
        );
        return Err(AwsError::invalid_value(message));
    }
    if spec.min > INSTANCE_LIMIT {
        let message = format!(
            "You have requested more instances ({}) than your limit of {INSTANCE_LIMIT} allows",
            spec.min
        );
        return Err(AwsError::client("InstanceLimitExceeded", message));
    }
    let merged = match &spec.template {
        None => spec.clone(),
        Some(wanted) => {
            let found = super::templates::find_version(world, place, wanted)?;
            merge_with_template(spec, found.data, found.id, found.number)
        }
    };
    let image = merged.image.clone().ok_or_else(|| AwsError::missing("ImageId"))?;
    let image_is_v2 = super::images::supports_v2_only(world, place, &image)?;
    let none = super::metadata::MetadataDefaults::default();
    let defaults = world.ec2.peek(place).map_or(&none, |region| &region.defaults);
    let options = MetadataOptions::at_launch(merged.metadata, defaults, image_is_v2);
    check_known(&world.ec2.quirks(place), merged.metadata)?;
    check_ipv6(merged.metadata, merged.kind.as_deref().unwrap_or(DEFAULT_TYPE))?;
    check_tag_keys(options.instance_metadata_tags, &merged.tags)?;
    // Under enforcement a launch fails unless the launch, its template, the account default or the AMI requires tokens:
    // https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-IMDS-new-instances.html
    // The rule names HttpTokens alone. What AWS does with HttpEndpoint=disabled is not documented; refused here.
    if defaults.enforced() && options.http_tokens == HttpTokens::Optional {
        return Err(enforced_refusal());
    }
    Ok(Plan { merged, options })
}

/// The request takes precedence over the template, each metadata option by itself.
fn merge_with_template(spec: &LaunchSpec, data: &TemplateData, id: &str, number: i64) -> LaunchSpec {
    let mut merged = spec.clone();
    merged.image = merged.image.or_else(|| data.image.clone());
    merged.kind = merged.kind.or_else(|| data.kind.clone());
    merged.key_name = merged.key_name.or_else(|| data.key_name.clone());
    merged.profile = merged.profile.or_else(|| data.profile.clone());
    merged.monitoring = merged.monitoring.or(data.monitoring);
    merged.ebs_optimized = merged.ebs_optimized.or(data.ebs_optimized);
    merged.metadata = merged.metadata.or(data.metadata);
    if merged.groups.is_empty() {
        merged.groups.clone_from(&data.groups);
    }
    let mut tags = data.instance_tags();
    tags.extend(merged.tags);
    tags.insert("aws:ec2launchtemplate:id".to_owned(), id.to_owned());
    tags.insert("aws:ec2launchtemplate:version".to_owned(), number.to_string());
    merged.tags = tags;
    merged
}

/// Launches the planned instances and returns their ids.
pub(super) fn carry_out(world: &mut World, place: &Place, plan: Plan) -> Vec<String> {
    let Plan { merged, options } = plan;
    let now = world.now();
    let reservation = world.ids.resource("r");
    let serial = |world: &mut World| format!("0{}", world.ids.hex(16));
    let subnet = merged.subnet.clone().unwrap_or_else(|| "subnet-0defa017000000001".to_owned());
    let groups = if merged.groups.is_empty() {
        vec!["sg-0defa017000000001".to_owned()]
    } else {
        merged.groups.clone()
    };
    let visible_after = world.config.ec2.visible_after;
    let mut ids = Vec::new();
    for launch_index in 0..merged.max.min(INSTANCE_LIMIT) {
        let instance = Instance {
            id: world.ids.resource("i"),
            reservation: reservation.clone(),
            launch_index,
            image: merged.image.clone().unwrap_or_default(),
            kind: merged.kind.clone().unwrap_or_else(|| DEFAULT_TYPE.to_owned()),
            key_name: merged.key_name.clone(),
            state: InstanceStateName::Pending,
            transition: 0,
            launch_time: now,
            created: now,
            visible_from: later(now, visible_after),
            metadata: options,
            metadata_applied: false,
            metadata_change: 0,
            tags: merged.tags.clone(),
            client_token: merged.client_token.clone(),
            operator: merged.operator.clone(),
            hidden: false,
            profile: merged.profile.clone(),
            subnet: subnet.clone(),
            groups: groups.clone(),
            monitoring: merged.monitoring.unwrap_or(false),
            ebs_optimized: merged.ebs_optimized.unwrap_or(false),
            spot: merged.spot.then(|| format!("sir-{}", world.ids.hex(8))),
            requester: merged.requester.clone(),
            serial: serial(world),
        };
        ids.push(instance.id.clone());
        world.ec2.at(place).add(instance);
    }
    for id in &ids {
        super::transitions::starting(world, place, id);
        apply_metadata_later(world, place, id);
    }
    ids
}

/// The metadata options of an instance are pending for a while after each change.
pub(super) fn apply_metadata_later(world: &mut World, place: &Place, id: &str) {
    let Some(instance) = world.ec2.at(place).get_mut(id) else { return };
    instance.metadata_applied = false;
    instance.metadata_change += 1;
    let change = instance.metadata_change;
    let (place, id) = (place.clone(), id.to_owned());
    let delay: Duration = world.config.ec2.metadata_applied_after;
    world.after(delay, move |world| {
        let instance = world.ec2.at(&place).get_mut(&id);
        if let Some(instance) = instance.filter(|it| it.metadata_change == change) {
            instance.metadata_applied = true;
        }
    });
}
