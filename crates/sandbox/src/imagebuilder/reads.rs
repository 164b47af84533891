//! <https://docs.aws.amazon.com/imagebuilder/latest/APIReference/API_GetInfrastructureConfiguration.html>
//! <https://docs.aws.amazon.com/imagebuilder/latest/APIReference/API_ListInfrastructureConfigurations.html>

use serde_json::{Map, Value, json};

use super::configuration::Configuration;
use super::state::not_found;
use crate::call::Call;
use crate::error::AwsError;
use crate::members::{Members, page};
use crate::world::World;

/// The size of a page when the request does not ask for one.
const PAGE: usize = 25;

pub(super) fn get(world: &World, call: &Call, input: &Members<'_>) -> Result<Value, AwsError> {
    input.only(&call.action, &["infrastructureConfigurationArn"])?;
    let arn = input.required("infrastructureConfigurationArn")?;
    let known = world.imagebuilder.configurations.get(&call.place);
    let configuration = known.and_then(|known| known.get(arn)).ok_or_else(|| not_found(arn))?;
    Ok(json!({ "requestId": call.request_id, "infrastructureConfiguration": configuration.described() }))
}

pub(super) fn list(world: &World, call: &Call, input: &Members<'_>) -> Result<Value, AwsError> {
    input.only(&call.action, &["maxResults", "nextToken"])?;
    let size = input.number("maxResults", 1..=25)?.and_then(|size| usize::try_from(size).ok());
    let all = world.imagebuilder.configurations.get(&call.place).into_iter().flat_map(|known| known.values());
    let refused = || AwsError::client("InvalidPaginationTokenException", "the pagination token is not valid");
    let (found, next) = page(all, input.text("nextToken")?, size.unwrap_or(PAGE)).ok_or_else(refused)?;
    let mut answer = Map::new();
    answer.insert("requestId".to_owned(), call.request_id.as_str().into());
    let summaries = found.into_iter().map(Configuration::summary).collect();
    answer.insert("infrastructureConfigurationSummaryList".to_owned(), Value::Array(summaries));
    if let Some(next) = next {
        answer.insert("nextToken".to_owned(), next.into());
    }
    Ok(Value::Object(answer))
}
