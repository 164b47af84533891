//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyInstanceMetadataOptions.html>

use super::launch::apply_metadata_later;
use super::metadata::{HttpTokens, MetadataRequest, Toggle, enforced_refusal};
use super::side_options::{check_ipv6, check_known, check_tag_keys};
use crate::call::Call;
use crate::error::AwsError;
use crate::shape::Shape;
use crate::trail::Trail;
use crate::world::World;

pub(super) fn answer(world: &mut World, call: &Call, trail: &mut Trail) -> Result<Shape, AwsError> {
    let params = call.params()?;
    trail.nested_request(&call.action, params);
    let id = params.required("InstanceId")?.to_owned();
    let asked = MetadataRequest::read(params)?;
    let dry_run = params.dry_run()?;
    params.finish(&call.action, &[])?;
    check(world, call, &id, asked)?;
    if dry_run {
        return Err(AwsError::dry_run());
    }
    if let Some(instance) = world.ec2.at(&call.place).get_mut(&id) {
        instance.metadata = instance.metadata.changed(asked);
    }
    apply_metadata_later(world, &call.place, &id);
    let quirks = world.ec2.quirks(&call.place);
    let instance = world.ec2.at(&call.place).get(&id);
    let options = instance.map(|it| it.metadata.shape(it.metadata_applied, &quirks));
    let answer = Shape::map().with("instanceId", id).with_some("instanceMetadataOptions", options);
    trail.nested_response(call, &answer);
    Ok(answer)
}

fn check(world: &mut World, call: &Call, id: &str, asked: MetadataRequest) -> Result<(), AwsError> {
    let now = world.now();
    let refused_in = world.config.ec2.modify_refused_in.clone();
    let tokens_need_endpoint = world.config.ec2.tokens_need_endpoint;
    check_known(&world.ec2.quirks(&call.place), asked)?;
    let region = world.ec2.at(&call.place);
    region.check_ids(&[id.to_owned()], now)?;
    let Some(instance) = region.get(id) else { return Ok(()) };
    if let Some(operator) = &instance.operator {
        return Err(super::state::managed_refusal(id, operator));
    }
    if refused_in.contains(&instance.state) {
        let message = format!(
            "The instance '{id}' is '{}', which is not a state in which its metadata options can be modified.",
            instance.state.as_str()
        );
        return Err(AwsError::client("IncorrectInstanceState", message));
    }
    if tokens_need_endpoint && asked.http_tokens.is_some() && asked.http_endpoint != Some(Toggle::Enabled) {
        return Err(AwsError::invalid_value(
            "The HttpEndpoint is not set to 'enabled' in this request. To specify a value for HttpTokens, \
             set HttpEndpoint to 'enabled'.",
        ));
    }
    check_ipv6(asked, &instance.kind)?;
    check_tag_keys(instance.metadata.changed(asked).instance_metadata_tags, &instance.tags)?;
    if asked.http_tokens == Some(HttpTokens::Optional) && region.defaults.enforced() {
        return Err(enforced_refusal());
    }
    Ok(())
}
