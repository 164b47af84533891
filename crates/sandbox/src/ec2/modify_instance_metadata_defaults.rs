//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyInstanceMetadataDefaults.html>

use super::metadata::{MetadataDefaults, Toggle, switch, tokens};
use crate::call::Call;
use crate::error::AwsError;
use crate::params::Params;
use crate::shape::Shape;
use crate::trail::Trail;
use crate::world::World;

pub(super) fn answer(world: &mut World, call: &Call, trail: &mut Trail) -> Result<Shape, AwsError> {
    let params = call.params()?;
    trail.nested_request(&call.action, params);
    let mut defaults = world.ec2.at(&call.place).defaults.clone();
    change(&mut defaults, params)?;
    let dry_run = params.dry_run()?;
    params.finish(&call.action, &[])?;
    if let Some(message) = &defaults.managed_by_policy {
        // AWS does not document the code of this refusal, only that the policy's message is in it.
        return Err(AwsError::client("OperationNotPermitted", message.clone()));
    }
    if dry_run {
        return Err(AwsError::dry_run());
    }
    world.ec2.at(&call.place).defaults = defaults;
    let answer = Shape::map().with("return", true);
    trail.nested_response(call, &answer);
    Ok(answer)
}

/// What is not named stays; `no-preference` and a hop limit of -1 take a preference away.
fn change(defaults: &mut MetadataDefaults, params: &Params) -> Result<(), AwsError> {
    if let Some(word) = params.one_of("HttpTokens", &["optional", "required", "no-preference"])? {
        defaults.http_tokens = (word != "no-preference").then(|| tokens(word));
    }
    match params.int("HttpPutResponseHopLimit")? {
        None => {}
        Some(-1) => defaults.hop_limit = None,
        Some(limit) if (1..=64).contains(&limit) => defaults.hop_limit = Some(limit),
        Some(other) => {
            let message = format!(
                "Value ( {other} ) for parameter HttpPutResponseHopLimit is invalid. Expecting -1 or a value \
                 between 1 and 64."
            );
            return Err(AwsError::invalid_value(message));
        }
    }
    read_toggle(params, "HttpEndpoint", &mut defaults.http_endpoint)?;
    read_toggle(params, "InstanceMetadataTags", &mut defaults.instance_metadata_tags)?;
    read_toggle(params, "HttpTokensEnforced", &mut defaults.http_tokens_enforced)
}

fn read_toggle(params: &Params, name: &str, into: &mut Option<Toggle>) -> Result<(), AwsError> {
    if let Some(word) = params.one_of(name, &["enabled", "disabled", "no-preference"])? {
        *into = (word != "no-preference").then(|| switch(word));
    }
    Ok(())
}
