//! CloudWatch: metrics of instances, as far as `GetMetricData` reads them.
//!
//! Not simulated: instances that publish by themselves. Tests say what was counted, and when.

mod get_metric_data;
mod state;

use std::sync::Arc;

pub(crate) use state::State;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State as Shared;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use crate::call::{Answer, Call};
use crate::core::Core;
use crate::error::AwsError;
use crate::sandbox::Sandbox;
use crate::world::World;
use state::key;

pub(crate) fn answer(world: &World, call: &Call) -> Result<Answer, AwsError> {
    match call.action.as_str() {
        "GetMetricData" => get_metric_data::answer(world, call),
        other => Err(AwsError::not_simulated(format!("operation {other} of monitoring"))),
    }
}

impl Sandbox {
    /// Says what a metric of the namespace `AWS/EC2` was for an instance at these times.
    pub fn put_datapoints(
        &self,
        account: &str,
        region: &str,
        instance: &str,
        metric: &str,
        points: impl IntoIterator<Item = (Timestamp, f64)>,
    ) {
        self.core().world().cloudwatch.put(key(account, region, instance, metric), points);
    }

    /// From now on results of this metric say `InternalError`.
    pub fn break_metric(&self, account: &str, region: &str, instance: &str, metric: &str) {
        self.core().world().cloudwatch.broken.insert(key(account, region, instance, metric));
    }

    /// From now on `GetMetricData` gives at most so many datapoints on a page.
    pub fn set_datapoints_per_page(&self, datapoints: usize) {
        self.core().world().cloudwatch.page = Some(datapoints);
    }
}

/// `POST /_sandbox/metric-data`: values of one metric of one instance, from a time on.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MetricOrder {
    account: String,
    region: String,
    instance_id: String,
    metric: String,
    start: Timestamp,
    every_seconds: i64,
    values: Vec<f64>,
}

/// The routes of the control API.
pub(crate) fn routes() -> Router<Arc<Core>> {
    Router::new().route("/metric-data", post(metric_data))
}

async fn metric_data(Shared(core): Shared<Arc<Core>>, body: Bytes) -> Response {
    let order: MetricOrder = match serde_json::from_slice(&body) {
        Ok(order) => order,
        Err(error) => return (StatusCode::BAD_REQUEST, format!("not understood: {error}\n")).into_response(),
    };
    let at =
        |number: i64| order.start + SignedDuration::from_secs(order.every_seconds.saturating_mul(number));
    let points = (0..).map(at).zip(order.values.iter().copied());
    core.world()
        .cloudwatch
        .put(key(&order.account, &order.region, &order.instance_id, &order.metric), points);
    "{}".into_response()
}
