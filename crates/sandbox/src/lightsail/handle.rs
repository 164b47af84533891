//! Lightsail instances, for tests.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State as Shared;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use super::state::State;
use crate::core::Core;
use crate::ec2::{HttpTokens, Toggle};
use crate::identity::Place;
use crate::sandbox::Sandbox;

/// What a test sees of a Lightsail instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LightsailInstance {
    /// Its name, which is unique in an account and Region.
    pub name: String,
    /// IMDSv2 only, or both.
    pub http_tokens: HttpTokens,
    /// Whether there is a metadata service at all.
    pub http_endpoint: Toggle,
    /// 1 to 64.
    pub hop_limit: i64,
    /// Whether the metadata service answers on IPv6.
    pub http_protocol_ipv6: Toggle,
}

impl Sandbox {
    /// The Lightsail instances of an account in a Region, by name.
    pub fn lightsail_instances(&self, account: &str, region: &str) -> Vec<LightsailInstance> {
        seen(&self.core().world().lightsail, &Place::new(account, region))
    }

    /// Sets how many metadata calls without a token a Lightsail instance made at these times.
    pub fn put_lightsail_datapoints(
        &self,
        account: &str,
        region: &str,
        name: &str,
        points: impl IntoIterator<Item = (Timestamp, f64)>,
    ) {
        let place = Place::new(account, region);
        self.core().world().cloudwatch.put_lightsail(&place, name, "MetadataNoToken", points);
    }

    /// Stops or starts a Lightsail instance, without a call or an event. `false` if it does not exist.
    pub fn set_lightsail_running(&self, account: &str, region: &str, name: &str, running: bool) -> bool {
        let mut world = self.core().world();
        let found = world.lightsail.find(&Place::new(account, region), name);
        found.map(|instance| instance.running = running).is_ok()
    }
}

/// `POST /_sandbox/lightsail-metric-data`: metadata calls without a token, from a time on.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MetricOrder {
    account: String,
    region: String,
    name: String,
    start: Timestamp,
    every_seconds: i64,
    values: Vec<f64>,
}

/// The routes of the control API.
pub(crate) fn routes() -> Router<Arc<Core>> {
    Router::new().route("/lightsail-metric-data", post(metric_data))
}

async fn metric_data(Shared(core): Shared<Arc<Core>>, body: Bytes) -> Response {
    let order: MetricOrder = match serde_json::from_slice(&body) {
        Ok(order) => order,
        Err(error) => return (StatusCode::BAD_REQUEST, format!("not understood: {error}\n")).into_response(),
    };
    let at =
        |number: i64| order.start + SignedDuration::from_secs(order.every_seconds.saturating_mul(number));
    let points = (0..).map(at).zip(order.values.iter().copied());
    let place = Place::new(&order.account, &order.region);
    core.world().cloudwatch.put_lightsail(&place, &order.name, "MetadataNoToken", points);
    "{}".into_response()
}

fn seen(state: &State, place: &Place) -> Vec<LightsailInstance> {
    let all = state.instances.get(place).into_iter().flat_map(|names| names.values());
    all.map(|instance| LightsailInstance {
        name: instance.name.clone(),
        http_tokens: instance.options.tokens,
        http_endpoint: instance.options.endpoint,
        hop_limit: instance.options.hop_limit,
        http_protocol_ipv6: instance.options.ipv6,
    })
    .collect()
}
