//! Advanced queries of AWS Config. Source of every shape: AWS Config API Reference, `SelectAggregateResourceConfig`.

use aws_sdk_config::Client;
use v2only_enforcer::ports::{Answer, Page, ReadInventory};
use v2only_policy::Place;

use super::answers::following;
use crate::call::Call;
use crate::connect::Aws;

/// AWS gives at most 100 rows in one answer.
const PAGE: i32 = 100;

impl ReadInventory for Aws {
    async fn inventory_rows(
        &self,
        home: &Place,
        aggregator: &str,
        query: &str,
        next: Option<String>,
    ) -> Answer<Page<String>> {
        let call = Call::SelectAggregateResourceConfig;
        let client = Client::new(&self.surface_config(home).await?);
        let request = client
            .select_aggregate_resource_config()
            .configuration_aggregator_name(aggregator)
            .expression(query)
            .limit(PAGE)
            .set_next_token(next.clone());
        let answer = self.in_turn(home, call, || request.clone().send()).await?;
        let next = following(call, next.as_deref(), answer.next_token)?;
        Ok(Page { items: answer.results.unwrap_or_default(), next })
    }
}
