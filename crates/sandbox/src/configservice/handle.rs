//! Aggregators, for tests.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State as Shared;
use axum::http::StatusCode;
use axum::routing::post;
use serde::Deserialize;

use super::items::items;
use super::state::Aggregator;
use crate::core::Core;
use crate::identity::Place;
use crate::sandbox::Sandbox;

impl Sandbox {
    /// Makes an aggregator of an account and Region that holds the instances of these accounts and Regions as they are.
    pub fn add_config_aggregator(
        &self,
        (account, region): (&str, &str),
        name: &str,
        recorded: impl IntoIterator<Item = (String, String)>,
    ) {
        let recorded = recorded.into_iter().map(|(account, region)| Place::new(&account, &region)).collect();
        let aggregator = Aggregator { recorded, frozen: None };
        let mut world = self.core().world();
        let here = world.configservice.aggregators.entry(Place::new(account, region)).or_default();
        here.insert(name.to_owned(), aggregator);
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Where {
    account: String,
    region: String,
}

/// `POST /_sandbox/config-aggregator`: an aggregator, and where recorders run. A frozen one keeps what is there now.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AggregatorOrder {
    account: String,
    region: String,
    name: String,
    recorded: Vec<Where>,
    #[serde(default)]
    frozen: bool,
}

/// The routes of the control API.
pub(crate) fn routes() -> Router<Arc<Core>> {
    Router::new().route("/config-aggregator", post(put))
}

async fn put(Shared(core): Shared<Arc<Core>>, body: Bytes) -> Result<&'static str, (StatusCode, String)> {
    let order: AggregatorOrder =
        serde_json::from_slice(&body).map_err(|error| (StatusCode::BAD_REQUEST, error.to_string()))?;
    let recorded: Vec<Place> =
        order.recorded.iter().map(|place| Place::new(&place.account, &place.region)).collect();
    let mut world = core.world();
    let frozen = order.frozen.then(|| items(&world, &recorded));
    let here = world.configservice.aggregators.entry(Place::new(&order.account, &order.region)).or_default();
    here.insert(order.name, Aggregator { recorded, frozen });
    Ok("{}")
}
