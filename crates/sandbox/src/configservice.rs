//! AWS Config: aggregators, and the advanced queries over what they hold.
//!
//! Recorded are the EC2 instances of the accounts and Regions that a test names. Real recorders lag behind: a
//! test that wants an inventory of the past freezes it.

mod handle;
mod items;
mod query;
mod state;

use serde_json::{Value, json};

use crate::call::{Answer, Call};
use crate::error::AwsError;
use crate::members::{Members, page};
use crate::throttle::Limit;
use crate::world::World;

pub(crate) use handle::routes;
use items::items;
use query::Query;
pub(crate) use state::State;

/// Rows on a page if a request asks for no other number, without and with `GROUP BY`.
const ROWS: i64 = 25;
const GROUPS: i64 = 500;

pub(crate) fn answer(world: &World, call: &Call) -> Result<Answer, AwsError> {
    let input = Members::new(call.json()?, "ValidationException")?;
    match call.action.as_str() {
        "SelectAggregateResourceConfig" => select(world, call, &input).map(Answer::Json),
        other => Err(AwsError::not_simulated(format!("operation {other} of config"))),
    }
}

/// <https://docs.aws.amazon.com/config/latest/APIReference/API_SelectAggregateResourceConfig.html>
fn select(world: &World, call: &Call, input: &Members<'_>) -> Result<Value, AwsError> {
    let known = ["Expression", "ConfigurationAggregatorName", "Limit", "MaxResults", "NextToken"];
    input.only(&call.action, &known)?;
    let (name, expression) = (input.required("ConfigurationAggregatorName")?, input.required("Expression")?);
    if expression.len() > 4096 {
        return Err(input.refusal("Expression is longer than 4096 characters"));
    }
    let query = Query::parse(expression)?;
    let aggregator = world.configservice.aggregators.get(&call.place).and_then(|here| here.get(name));
    let aggregator = aggregator.ok_or_else(|| {
        let message = format!("The configuration aggregator '{name}' does not exist.");
        AwsError::client("NoSuchConfigurationAggregatorException", message)
    })?;
    let limit = |name| {
        input.number(name, 0..=100).map_err(|_| {
            AwsError::client("InvalidLimitException", "The specified limit is outside the allowable range.")
        })
    };
    let asked = limit("Limit")?.or(limit("MaxResults")?).filter(|limit| *limit > 0);
    let size = asked.unwrap_or(if query.counts() { GROUPS } else { ROWS });
    let items = aggregator.frozen.clone().unwrap_or_else(|| items(world, &aggregator.recorded));
    let rows = query.rows(&items);
    let size = usize::try_from(size).unwrap_or(usize::MAX);
    let (rows, next) = page(rows.iter(), input.text("NextToken")?, size).ok_or_else(|| {
        AwsError::client("InvalidNextTokenException", "The specified next token is not valid.")
    })?;
    let rows: Vec<String> = rows.into_iter().map(Value::to_string).collect();
    let fields: Vec<Value> = query.fields().map(|name| json!({ "Name": name })).collect();
    let mut answer = json!({ "Results": rows, "QueryInfo": { "SelectFields": fields } });
    if let (Some(next), Some(members)) = (next, answer.as_object_mut()) {
        members.insert("NextToken".to_owned(), next.into());
    }
    Ok(answer)
}

/// AWS publishes no rates for queries; these are careful guesses.
pub(crate) fn limits(_: &Call) -> Vec<Limit> {
    vec![Limit::requests("query", 5.0, 2.0)]
}
