//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html>
//!
//! Metrics by `MetricStat` with the statistic `Sum`. Periods begin at multiples of their length
//! since 1970, and so days at midnight UTC.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::State;
use crate::call::{Answer, Call};
use crate::error::AwsError;
use crate::identity::Place;
use crate::world::World;

const QUERIES: usize = 500;
const DATAPOINTS: usize = 100_800;
const NAMESPACE: &str = "AWS/EC2";

/// A query, as far as it says which datapoints it is after.
struct Query {
    id: String,
    label: String,
    /// The metric and the instance; `None` for what has no data here.
    of: Option<(String, String)>,
    period: i64,
}

/// What a page begins with: a query, and how many of its datapoints were returned already.
struct Cursor {
    query: usize,
    told: usize,
}

pub(super) fn answer(world: &World, call: &Call) -> Result<Answer, AwsError> {
    let document = call.json()?;
    let known =
        ["MetricDataQueries", "StartTime", "EndTime", "NextToken", "ScanBy", "MaxDatapoints", "LabelOptions"];
    only(document, &known)?;
    let queries = queries(document)?;
    let (start, end) = (time(document, "StartTime")?, time(document, "EndTime")?);
    if start >= end {
        return Err(validation("The parameter StartTime must be less than the parameter EndTime."));
    }
    let ascending = match document.get("ScanBy").and_then(Value::as_str) {
        None | Some("TimestampDescending") => false,
        Some("TimestampAscending") => true,
        Some(other) => return Err(validation(&format!("ScanBy must not be {other}"))),
    };
    let asked = document.get("MaxDatapoints").and_then(Value::as_u64).and_then(|it| usize::try_from(it).ok());
    let most = asked.unwrap_or(DATAPOINTS).min(world.cloudwatch.page.unwrap_or(DATAPOINTS)).max(1);
    let cursor = cursor(document.get("NextToken").and_then(Value::as_str), queries.len())?;
    let span = (start, end, ascending);
    let (results, next) = page(&world.cloudwatch, &call.place, &queries, &cursor, span, most);
    let mut answer = Map::new();
    answer.insert("MetricDataResults".to_owned(), Value::Array(results));
    answer.insert("Messages".to_owned(), json!([]));
    if let Some(next) = next {
        answer.insert("NextToken".to_owned(), Value::from(format!("{}.{}", next.query, next.told)));
    }
    Ok(Answer::Json(Value::Object(answer)))
}

/// Fills one page from where the last one ended.
fn page(
    state: &State,
    place: &Place,
    queries: &[Query],
    from: &Cursor,
    (start, end, ascending): (i64, i64, bool),
    most: usize,
) -> (Vec<Value>, Option<Cursor>) {
    let (mut results, mut left, mut told) = (Vec::new(), most, from.told);
    for (number, query) in queries.iter().enumerate().skip(from.query) {
        if left == 0 {
            return (results, Some(Cursor { query: number, told }));
        }
        let broken = query.of.as_ref().is_some_and(|(metric, instance)| {
            state.broken.contains(&(place.clone(), metric.clone(), instance.clone()))
        });
        let mut points = if broken { Vec::new() } else { sums(state, place, query, start, end) };
        if !ascending {
            points.reverse();
        }
        let rest: Vec<(i64, f64)> = points.into_iter().skip(told).collect();
        let now = rest.len().min(left);
        let status = match (broken, now < rest.len()) {
            (true, _) => "InternalError",
            (false, true) => "PartialData",
            (false, false) => "Complete",
        };
        let shown = rest.iter().take(now);
        results.push(json!({
            "Id": query.id,
            "Label": query.label,
            "Timestamps": shown.clone().map(|(at, _)| *at).collect::<Vec<i64>>(),
            "Values": shown.map(|(_, sum)| *sum).collect::<Vec<f64>>(),
            "StatusCode": status,
        }));
        if status == "PartialData" {
            return (results, Some(Cursor { query: number, told: told + now }));
        }
        left -= now;
        told = 0;
    }
    (results, None)
}

/// The sum of each period that has data, by its beginning.
fn sums(state: &State, place: &Place, query: &Query, start: i64, end: i64) -> Vec<(i64, f64)> {
    let Some((metric, instance)) = &query.of else { return Vec::new() };
    let Some(points) = state.points.get(&(place.clone(), metric.clone(), instance.clone())) else {
        return Vec::new();
    };
    let begin = |at: i64| at - at.rem_euclid(query.period);
    let mut sums: BTreeMap<i64, f64> = BTreeMap::new();
    for (at, value) in points {
        let at = Timestamp::as_second(*at);
        if at >= begin(start) && at < end {
            *sums.entry(begin(at)).or_default() += value;
        }
    }
    sums.into_iter().collect()
}

fn queries(document: &Value) -> Result<Vec<Query>, AwsError> {
    let listed = document.get("MetricDataQueries").and_then(Value::as_array);
    let listed = listed.ok_or_else(|| validation("The parameter MetricDataQueries is required."))?;
    if listed.is_empty() || listed.len() > QUERIES {
        return Err(validation(&format!(
            "The collection MetricDataQueries must not have a size less than 1 or greater than {QUERIES}."
        )));
    }
    let mut ids = BTreeSet::new();
    let mut queries = Vec::with_capacity(listed.len());
    for item in listed {
        let query = query(item)?;
        if !ids.insert(query.id.clone()) {
            return Err(validation(&format!("The id {} is not unique in MetricDataQueries.", query.id)));
        }
        queries.push(query);
    }
    Ok(queries)
}

fn query(it: &Value) -> Result<Query, AwsError> {
    only(it, &["Id", "MetricStat", "Label", "ReturnData"])?;
    let id = it.get("Id").and_then(Value::as_str).unwrap_or_default().to_owned();
    let well = id.starts_with(|first: char| first.is_ascii_lowercase())
        && id.chars().all(|it| it.is_ascii_alphanumeric() || it == '_');
    if !well {
        return Err(validation(&format!(
            "The value {id} for parameter MetricDataQueries.member.Id is not matching the expected pattern \
             ^[a-z][a-zA-Z0-9_]*$."
        )));
    }
    if it.get("ReturnData").and_then(Value::as_bool) == Some(false) {
        return Err(AwsError::not_simulated("queries of GetMetricData that return no data"));
    }
    let stat = it.get("MetricStat").filter(|it| it.is_object());
    let stat = stat.ok_or_else(|| validation("Either MetricStat or Expression is required."))?;
    only(stat, &["Metric", "Period", "Stat", "Unit"])?;
    if stat.get("Stat").and_then(Value::as_str) != Some("Sum") {
        return Err(AwsError::not_simulated("statistics other than Sum"));
    }
    if stat.get("Unit").and_then(Value::as_str).is_some_and(|it| it != "Count") {
        return Err(AwsError::not_simulated("units other than Count"));
    }
    let period = stat.get("Period").and_then(Value::as_i64).unwrap_or_default();
    if period < 60 || period % 60 != 0 {
        return Err(validation("The parameter Period must be a multiple of 60."));
    }
    let metric = stat.get("Metric").cloned().unwrap_or_default();
    only(&metric, &["Namespace", "MetricName", "Dimensions"])?;
    let text = |name: &str| metric.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let of = (text("Namespace") == NAMESPACE).then(|| instance(&metric)).flatten();
    let name = text("MetricName");
    let label = it.get("Label").and_then(Value::as_str).map_or_else(|| name.clone(), str::to_owned);
    Ok(Query { id, label, of: of.map(|instance| (name, instance)), period })
}

/// The instance, if that is the one dimension.
fn instance(metric: &Value) -> Option<String> {
    match metric.get("Dimensions")?.as_array()?.as_slice() {
        [one] if one.get("Name")?.as_str()? == "InstanceId" => Some(one.get("Value")?.as_str()?.to_owned()),
        _ => None,
    }
}

/// A time in seconds since 1970, as both JSON and CBOR have it by now.
#[expect(clippy::cast_possible_truncation, reason = "a fraction of a second does not count")]
fn time(document: &Value, name: &str) -> Result<i64, AwsError> {
    let seconds = document.get(name).and_then(Value::as_f64);
    seconds
        .map(|it| it.floor() as i64)
        .ok_or_else(|| validation(&format!("The parameter {name} is required.")))
}

fn cursor(token: Option<&str>, queries: usize) -> Result<Cursor, AwsError> {
    let Some(token) = token else { return Ok(Cursor { query: 0, told: 0 }) };
    let read = || {
        let (query, told) = token.split_once('.')?;
        Some(Cursor { query: query.parse().ok()?, told: told.parse().ok()? })
    };
    read()
        .filter(|it| it.query < queries)
        .ok_or_else(|| AwsError::client("InvalidNextToken", "The next token specified is invalid."))
}

/// Refuses members that AWS or the sandbox does not know.
fn only(document: &Value, known: &[&str]) -> Result<(), AwsError> {
    let mut members = document.as_object().into_iter().flatten();
    match members.find(|(name, it)| !known.contains(&name.as_str()) && !it.is_null()) {
        Some((name, _)) => {
            Err(AwsError::not_simulated(format!("member {name} of a request of GetMetricData")))
        }
        None => Ok(()),
    }
}

fn validation(message: &str) -> AwsError {
    AwsError::client("ValidationError", message)
}
