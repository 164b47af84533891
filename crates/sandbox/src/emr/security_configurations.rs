//! <https://docs.aws.amazon.com/emr/latest/APIReference/API_CreateSecurityConfiguration.html>
//! <https://docs.aws.amazon.com/emr/latest/APIReference/API_DescribeSecurityConfiguration.html>
//! <https://docs.aws.amazon.com/emr/latest/APIReference/API_ListSecurityConfigurations.html>

use serde_json::{Map, Value, json};

use super::state::PAGE;
use crate::call::Call;
use crate::error::AwsError;
use crate::members::{Members, page};
use crate::trail::Trail;
use crate::world::World;

pub(super) fn create(
    world: &mut World,
    call: &Call,
    input: &Members<'_>,
    trail: &mut Trail,
) -> Result<Value, AwsError> {
    let (name, document) = (input.required("Name")?, input.required("SecurityConfiguration")?);
    trail.request(json!({ "name": name, "securityConfiguration": document }));
    input.only(&call.action, &["Name", "SecurityConfiguration"])?;
    check(input, document)?;
    let known = world.emr.configurations.entry(call.place.clone()).or_default();
    if known.contains_key(name) {
        return Err(input.refusal(format!("Security configuration with name '{name}' already exists.")));
    }
    known.insert(name.to_owned(), (document.to_owned(), call.at));
    let created = call.at.as_second();
    trail.response(json!({ "name": name, "creationDateTime": crate::clock::seconds(call.at) }));
    Ok(json!({ "Name": name, "CreationDateTime": created }))
}

/// The document must be JSON, and its metadata block as EMR documents it.
/// <https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-create-security-configuration.html>
fn check(input: &Members<'_>, document: &str) -> Result<(), AwsError> {
    let parsed = serde_json::from_str::<Value>(document).ok().filter(Value::is_object);
    let parsed = parsed.ok_or_else(|| input.refusal("SecurityConfiguration is not a JSON object"))?;
    let Some(block) = parsed.get("InstanceMetadataServiceConfiguration") else { return Ok(()) };
    let block = Members::new(block, "InvalidRequestException")?;
    let version = block.number("MinimumInstanceMetadataServiceVersion", 1..=2)?;
    block.number("HttpPutResponseHopLimit", 1..=64)?;
    version.map(|_| ()).ok_or_else(|| {
        input.refusal("InstanceMetadataServiceConfiguration needs MinimumInstanceMetadataServiceVersion")
    })
}

pub(super) fn describe(world: &World, call: &Call, input: &Members<'_>) -> Result<Value, AwsError> {
    input.only(&call.action, &["Name"])?;
    let name = input.required("Name")?;
    let known = world.emr.configurations.get(&call.place).and_then(|known| known.get(name));
    let (document, created) = known
        .ok_or_else(|| input.refusal(format!("Security configuration with name '{name}' does not exist.")))?;
    Ok(json!({
        "Name": name, "SecurityConfiguration": document, "CreationDateTime": created.as_second(),
    }))
}

pub(super) fn list(world: &World, call: &Call, input: &Members<'_>) -> Result<Value, AwsError> {
    input.only(&call.action, &["Marker"])?;
    let all = world.emr.configurations.get(&call.place).into_iter().flatten();
    let (found, next) =
        page(all, input.text("Marker")?, PAGE).ok_or_else(|| input.refusal("Marker is not valid."))?;
    let mut answer = Map::new();
    let rows = found
        .into_iter()
        .map(|(name, (_, created))| json!({ "Name": name, "CreationDateTime": created.as_second() }));
    answer.insert("SecurityConfigurations".to_owned(), rows.collect());
    if let Some(next) = next {
        answer.insert("Marker".to_owned(), next.into());
    }
    Ok(Value::Object(answer))
}
