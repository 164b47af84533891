//! The inventory of AWS Config. No function is given this port.

use std::future::Future;

use v2only_policy::Place;

use super::{Answer, Page};

/// `config:SelectAggregateResourceConfig`.
pub trait ReadInventory {
    /// One page of the rows that an advanced query finds in an aggregator of this account and Region. Each row is a JSON object.
    fn inventory_rows(
        &self,
        home: &Place,
        aggregator: &str,
        query: &str,
        next: Option<String>,
    ) -> impl Future<Output = Answer<Page<String>>> + Send;
}
