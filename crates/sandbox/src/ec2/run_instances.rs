//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RunInstances.html>

use serde_json::{Map, Value, json};

use super::instance::Instance;
use super::launch;
use super::launch_spec::LaunchSpec;
use super::metadata::MetadataRequest;
use super::tags::{self, Tags};
use super::template::{TemplateRef, TemplateVersion};
use crate::call::Call;
use crate::error::AwsError;
use crate::identity::Place;
use crate::params::Params;
use crate::shape::Shape;
use crate::trail::Trail;
use crate::world::World;

/// Known to AWS and without meaning here.
const NOT_SIMULATED: [&str; 25] = [
    "AdditionalInfo",
    "BlockDeviceMapping",
    "CapacityReservationSpecification",
    "CpuOptions",
    "CreditSpecification",
    "DisableApiStop",
    "DisableApiTermination",
    "ElasticGpuSpecification",
    "ElasticInferenceAccelerator",
    "EnablePrimaryIpv6",
    "EnclaveOptions",
    "HibernationOptions",
    "InstanceInitiatedShutdownBehavior",
    "Ipv6Address",
    "Ipv6AddressCount",
    "KernelId",
    "LicenseSpecification",
    "MaintenanceOptions",
    "NetworkInterface",
    "NetworkPerformanceOptions",
    "Placement",
    "PrivateDnsNameOptions",
    "PrivateIpAddress",
    "RamdiskId",
    "SecurityGroup",
];
/// Tags for these come with a launch; the resources themselves are not simulated.
const TAGGED_WITH_IT: [&str; 3] = ["volume", "network-interface", "spot-instances-request"];

pub(super) fn answer(world: &mut World, call: &Call, trail: &mut Trail) -> Result<Shape, AwsError> {
    let params = call.params()?;
    let spec = read(params, &call.place)?;
    let dry_run = params.dry_run()?;
    params.finish(&call.action, &NOT_SIMULATED)?;
    answer_spec(world, call, trail, &spec, dry_run)
}

/// The operation once its request is read; service launches come in here.
pub(super) fn answer_spec(
    world: &mut World,
    call: &Call,
    trail: &mut Trail,
    spec: &LaunchSpec,
    dry_run: bool,
) -> Result<Shape, AwsError> {
    trail.request(trail_request(spec));
    if let Some(ids) = already_launched(world, &call.place, spec)? {
        let answer = reservation(world, &call.place, &ids, true);
        trail.flat_response(call, &answer);
        return Ok(answer);
    }
    let plan = launch::plan(world, &call.place, spec)?;
    if dry_run {
        return Err(AwsError::dry_run());
    }
    let ids = launch::carry_out(world, &call.place, plan);
    if let Some(token) = &spec.client_token {
        world.ec2.at(&call.place).launches.insert(token.clone(), (spec.clone(), ids.clone()));
    }
    let answer = reservation(world, &call.place, &ids, true);
    trail.flat_response(call, &answer);
    Ok(answer)
}

fn read(params: &Params, place: &Place) -> Result<LaunchSpec, AwsError> {
    // Accepted without effect: what a script or a shutdown setting does inside is not simulated.
    let _user_data = params.text("UserData");
    let number =
        |name: &str| -> Result<i64, AwsError> { params.int(name)?.ok_or_else(|| AwsError::missing(name)) };
    let text = |name: &str| params.text(name).map(str::to_owned);
    Ok(LaunchSpec {
        image: text("ImageId"),
        kind: text("InstanceType"),
        min: number("MinCount")?,
        max: number("MaxCount")?,
        client_token: text("ClientToken").filter(|token| !token.is_empty()),
        metadata: params
            .structure("MetadataOptions")
            .map(MetadataRequest::read)
            .transpose()?
            .unwrap_or_default(),
        template: params.structure("LaunchTemplate").map(read_template).transpose()?,
        tags: tags::read_specification(params, "instance", &TAGGED_WITH_IT)?,
        profile: params.structure("IamInstanceProfile").and_then(|it| read_profile(it, place)),
        key_name: text("KeyName"),
        subnet: text("SubnetId"),
        groups: params.texts("SecurityGroupId"),
        monitoring: params.structure("Monitoring").map(|it| it.flag("Enabled")).transpose()?.flatten(),
        ebs_optimized: params.flag("EbsOptimized")?,
        spot: params
            .structure("InstanceMarketOptions")
            .is_some_and(|it| it.text("MarketType") == Some("spot")),
        operator: params.structure("Operator").and_then(|it| it.text("Principal")).map(str::to_owned),
        requester: None,
    })
}

fn read_template(params: &Params) -> Result<TemplateVersion, AwsError> {
    let template = TemplateRef::read(params)?;
    Ok(TemplateVersion { template, version: params.text("Version").map(str::to_owned) })
}

/// The ARN of an instance profile named by name or by ARN.
pub(super) fn read_profile(params: &Params, place: &Place) -> Option<String> {
    let by_name =
        |name: &str| format!("arn:{}:iam::{}:instance-profile/{name}", place.partition(), place.account);
    params.text("Arn").map(str::to_owned).or_else(|| params.text("Name").map(by_name))
}

/// The ids of an earlier launch with the same client token, if its parameters were the same.
fn already_launched(
    world: &World,
    place: &Place,
    spec: &LaunchSpec,
) -> Result<Option<Vec<String>>, AwsError> {
    let Some(token) = &spec.client_token else { return Ok(None) };
    match world.ec2.peek(place).and_then(|region| region.launches.get(token)) {
        None => Ok(None),
        Some((before, ids)) if before == spec => Ok(Some(ids.clone())),
        Some(_) => Err(AwsError::client(
            "IdempotentParameterMismatch",
            "Arguments on this idempotent request are inconsistent with arguments used in previous \
             request(s).",
        )),
    }
}

/// A reservation with its instances. Those that are gone for good are left out.
pub(super) fn reservation(world: &World, place: &Place, ids: &[String], at_launch: bool) -> Shape {
    let region = world.ec2.peek(place);
    let instances: Vec<&Instance> =
        ids.iter().filter_map(|id| region.and_then(|region| region.get(id))).collect();
    reservation_of(world, place, &instances, at_launch)
}

/// A reservation that shows these of its instances.
pub(super) fn reservation_of(
    world: &World,
    place: &Place,
    instances: &[&Instance],
    at_launch: bool,
) -> Shape {
    let quirks = world.ec2.quirks(place);
    let first = instances.first();
    Shape::map()
        .with("reservationId", first.map_or("", |it| &it.reservation))
        .with("ownerId", &place.account)
        .with("groupSet", Shape::list([]))
        .with("instancesSet", Shape::list(instances.iter().map(|it| it.shape(place, at_launch, &quirks))))
        .with_some("requesterId", first.and_then(|it| it.requester.as_deref()))
}

/// `requestParameters`, in the older style that `RunInstances` keeps.
fn trail_request(spec: &LaunchSpec) -> Value {
    let mut item = Map::new();
    let mut request = Map::new();
    let put = |map: &mut Map<String, Value>, name: &str, value: Option<Value>| {
        if let Some(value) = value {
            map.insert(name.to_owned(), value);
        }
    };
    put(&mut item, "imageId", spec.image.as_deref().map(Value::from));
    put(&mut item, "minCount", Some(Value::from(spec.min)));
    put(&mut item, "maxCount", Some(Value::from(spec.max)));
    put(&mut item, "keyName", spec.key_name.as_deref().map(Value::from));
    put(&mut request, "instancesSet", Some(json!({ "items": [item] })));
    put(&mut request, "instanceType", spec.kind.as_deref().map(Value::from));
    put(&mut request, "blockDeviceMapping", Some(json!({})));
    put(&mut request, "monitoring", Some(json!({ "enabled": spec.monitoring.unwrap_or(false) })));
    put(&mut request, "disableApiTermination", Some(Value::from(false)));
    put(&mut request, "disableApiStop", Some(Value::from(false)));
    put(&mut request, "subnetId", spec.subnet.as_deref().map(Value::from));
    put(&mut request, "clientToken", spec.client_token.as_deref().map(Value::from));
    put(&mut request, "iamInstanceProfile", spec.profile.as_deref().map(|arn| json!({ "arn": arn })));
    put(&mut request, "ebsOptimized", spec.ebs_optimized.map(Value::from));
    put(&mut request, "tagSpecificationSet", trail_tags(&spec.tags));
    put(&mut request, "launchTemplate", spec.template.as_ref().map(trail_template));
    put(&mut request, "metadataOptions", spec.metadata.shape().map(|it| it.trail_flat()));
    let market = spec.spot.then(|| json!({ "marketType": "spot" }));
    put(&mut request, "instanceMarketOptions", market);
    Value::Object(request)
}

fn trail_tags(tags: &Tags) -> Option<Value> {
    let tags: Vec<Value> = tags.iter().map(|(key, value)| json!({ "key": key, "value": value })).collect();
    (!tags.is_empty()).then(|| json!({ "items": [{ "resourceType": "instance", "tags": tags }] }))
}

fn trail_template(wanted: &TemplateVersion) -> Value {
    let (name, value) = match &wanted.template {
        TemplateRef::Id(id) => ("launchTemplateId", id),
        TemplateRef::Name(name) => ("launchTemplateName", name),
    };
    let mut members = Map::from_iter([(name.to_owned(), Value::from(value.as_str()))]);
    if let Some(version) = &wanted.version {
        members.insert("version".to_owned(), Value::from(version.as_str()));
    }
    Value::Object(members)
}
