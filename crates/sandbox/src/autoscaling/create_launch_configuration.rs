//! <https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_CreateLaunchConfiguration.html>

use super::input::validation;
use super::state::Configuration;
use crate::call::Call;
use crate::error::AwsError;
use crate::shape::Shape;
use crate::world::World;

const NOT_SIMULATED: [&str; 13] = [
    "AssociatePublicIpAddress",
    "BlockDeviceMappings",
    "ClassicLinkVPCId",
    "ClassicLinkVPCSecurityGroups",
    "EbsOptimized",
    "IamInstanceProfile",
    "InstanceId",
    "InstanceMonitoring",
    "KernelId",
    "KeyName",
    "RamdiskId",
    "SecurityGroups",
    "UserData",
];

pub(super) fn answer(world: &mut World, call: &Call) -> Result<Shape, AwsError> {
    let params = call.params()?;
    let name = params.required("LaunchConfigurationName")?.to_owned();
    let image = params.required("ImageId")?.to_owned();
    let kind = params.required("InstanceType")?.to_owned();
    let (mut tokens, mut hop_limit, mut endpoint) = (None, None, None);
    if let Some(options) = params.structure("MetadataOptions") {
        tokens = options.one_of("HttpTokens", &["optional", "required"])?;
        hop_limit = options.int_in("HttpPutResponseHopLimit", 1..=64)?;
        endpoint = options.one_of("HttpEndpoint", &["enabled", "disabled"])?;
    }
    params.finish(&call.action, &NOT_SIMULATED)?;
    let (created, uuid) = (world.now(), world.ids.uuid());
    let configurations = &mut world.autoscaling.at(&call.place).configurations;
    if configurations.contains_key(&name) {
        let message = format!(
            "Launch Configuration by this name already exists - A launch configuration already exists with the \
             name {name}"
        );
        return Err(AwsError::client("AlreadyExists", message));
    }
    if name.len() > 255 {
        return Err(validation("launchConfigurationName must have length less than or equal to 255"));
    }
    let resource = format!("launchConfiguration:{uuid}:launchConfigurationName/{name}");
    let arn = call.place.arn("autoscaling", &resource);
    let made = Configuration { name: name.clone(), arn, image, kind, tokens, hop_limit, endpoint, created };
    configurations.insert(name, made);
    Ok(Shape::map())
}
