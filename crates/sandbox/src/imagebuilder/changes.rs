//! <https://docs.aws.amazon.com/imagebuilder/latest/APIReference/API_CreateInfrastructureConfiguration.html>
//! <https://docs.aws.amazon.com/imagebuilder/latest/APIReference/API_UpdateInfrastructureConfiguration.html>
//!
//! As documented, an update replaces the configuration: a setting that it leaves out is removed or
//! has its default again. The name and the tags are not part of it.

use serde_json::{Value, json};

use super::configuration::{Configuration, SETTINGS, settings};
use super::state::not_found;
use crate::call::Call;
use crate::error::AwsError;
use crate::members::Members;
use crate::trail::Trail;
use crate::world::World;

pub(super) fn create(
    world: &mut World,
    call: &Call,
    input: &Members<'_>,
    trail: &mut Trail,
) -> Result<Value, AwsError> {
    trail.request(call.json()?.clone());
    input.only(&call.action, &[&SETTINGS[..], &["name", "tags", "clientToken", "dryRun"]].concat())?;
    let name = input.required("name")?;
    let letters = |letter: char| letter.is_ascii_alphanumeric() || "-_ ".contains(letter);
    if !(3..=128).contains(&name.len()) || !name.chars().all(letters) {
        return Err(input.refusal(format!("Value '{name}' at 'name' does not match the pattern")));
    }
    let settings = settings(input)?;
    if let Some(answer) = repeated(world, call, input)? {
        return Ok(answer);
    }
    let identifier = name.to_lowercase().replace([' ', '_'], "-");
    let arn = call.place.arn("imagebuilder", &format!("infrastructure-configuration/{identifier}"));
    let tags = input.value("tags").cloned().unwrap_or_else(|| json!({}));
    let known = world.imagebuilder.configurations.entry(call.place.clone()).or_default();
    if known.contains_key(&arn) {
        let message = format!("The resource already exists: {arn}");
        return Err(AwsError::client("ResourceAlreadyExistsException", message));
    }
    if input.flag("dryRun")? == Some(true) {
        let message = "The request would have succeeded, but the dryRun flag is set.";
        return Err(AwsError::client("DryRunOperationException", message).with_status(412));
    }
    let (name, created) = (name.to_owned(), call.at);
    let configuration = Configuration { arn: arn.clone(), name, created, updated: None, settings, tags };
    known.insert(arn.clone(), configuration);
    done(world, call, input, trail, &arn)
}

pub(super) fn update(
    world: &mut World,
    call: &Call,
    input: &Members<'_>,
    trail: &mut Trail,
) -> Result<Value, AwsError> {
    trail.request(call.json()?.clone());
    input
        .only(&call.action, &[&SETTINGS[..], &["infrastructureConfigurationArn", "clientToken"]].concat())?;
    let arn = input.required("infrastructureConfigurationArn")?;
    let settings = settings(input)?;
    if let Some(answer) = repeated(world, call, input)? {
        return Ok(answer);
    }
    let known = world.imagebuilder.configurations.get_mut(&call.place);
    let configuration = known.and_then(|known| known.get_mut(arn)).ok_or_else(|| not_found(arn))?;
    configuration.settings = settings;
    configuration.updated = Some(call.at);
    done(world, call, input, trail, arn)
}

/// The answer of an earlier call with the same client token.
fn repeated(world: &World, call: &Call, input: &Members<'_>) -> Result<Option<Value>, AwsError> {
    let key = (call.place.clone(), input.required("clientToken")?.to_owned());
    let Some((request, answer)) = world.imagebuilder.tokens.get(&key) else { return Ok(None) };
    if request == call.json()? {
        return Ok(Some(answer.clone()));
    }
    let message = "The client token was used before, with other parameters";
    Err(AwsError::client("IdempotentParameterMismatchException", message))
}

fn done(
    world: &mut World,
    call: &Call,
    input: &Members<'_>,
    trail: &mut Trail,
    arn: &str,
) -> Result<Value, AwsError> {
    let token = input.required("clientToken")?;
    let answer = json!({
        "requestId": call.request_id, "clientToken": token, "infrastructureConfigurationArn": arn,
    });
    let key = (call.place.clone(), token.to_owned());
    world.imagebuilder.tokens.insert(key, (call.json()?.clone(), answer.clone()));
    trail.response(answer.clone());
    Ok(answer)
}
