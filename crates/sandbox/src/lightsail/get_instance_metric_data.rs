//! <https://docs.aws.amazon.com/lightsail/2016-11-28/api-reference/API_GetInstanceMetricData.html>
//!
//! `MetadataNoToken` with the statistic `Sum`. The answer has no pages. A period without datapoints
//! is left out.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::call::Call;
use crate::error::AwsError;
use crate::members::Members;
use crate::world::World;

/// The most datapoints in one answer, as for CloudWatch's `GetMetricStatistics`. Lightsail documents
/// no limit.
const DATAPOINTS: usize = 1440;

pub(super) fn answer(world: &mut World, call: &Call, input: &Members<'_>) -> Result<Value, AwsError> {
    let known = ["instanceName", "metricName", "period", "startTime", "endTime", "unit", "statistics"];
    input.only(&call.action, &known)?;
    let name = input.required("instanceName")?;
    let metric = input.required("metricName")?;
    if metric != "MetadataNoToken" {
        return Err(AwsError::not_simulated(format!("the Lightsail metric {metric}")));
    }
    if input.texts("statistics")? != ["Sum"] {
        return Err(AwsError::not_simulated("statistics of Lightsail metrics other than Sum"));
    }
    if input.required("unit")? != "Count" {
        return Ok(json!({ "metricName": metric, "metricData": [] }));
    }
    let period = input.number("period", 60..=86_400)?.filter(|period| period % 60 == 0);
    let period = period.ok_or_else(|| input.refusal("period must be a multiple of 60"))?;
    let (start, end) = (time(input, "startTime")?, time(input, "endTime")?);
    if start >= end {
        return Err(input.refusal("startTime must be before endTime"));
    }
    world.lightsail.find(&call.place, name)?;
    let begin = |at: i64| at - at.rem_euclid(period);
    let mut sums: BTreeMap<i64, f64> = BTreeMap::new();
    for (at, value) in world.cloudwatch.lightsail(&call.place, name, metric) {
        let at = at.as_second();
        if at >= begin(start) && at < end {
            *sums.entry(begin(at)).or_default() += value;
        }
    }
    if sums.len() > DATAPOINTS {
        return Err(input.refusal(format!("the request asks for more than {DATAPOINTS} datapoints")));
    }
    let points = sums.into_iter().map(|(at, sum)| json!({ "sum": sum, "timestamp": at, "unit": "Count" }));
    Ok(json!({ "metricName": metric, "metricData": points.collect::<Vec<_>>() }))
}

/// Seconds since 1970.
#[expect(clippy::cast_possible_truncation, reason = "a fraction of a second does not count")]
fn time(input: &Members<'_>, name: &str) -> Result<i64, AwsError> {
    let seconds = input.value(name).and_then(Value::as_f64);
    seconds
        .map(|time| time.floor() as i64)
        .ok_or_else(|| input.refusal(format!("The request must contain {name}")))
}
