//! The infrastructure configurations of every account and Region.

use std::collections::BTreeMap;

use serde_json::Value;

use super::configuration::Configuration;
use crate::error::AwsError;
use crate::identity::Place;

/// Every infrastructure configuration, by account and Region and by ARN.
#[derive(Debug, Default)]
pub(crate) struct State {
    pub(super) configurations: BTreeMap<Place, BTreeMap<String, Configuration>>,
    /// What a client token was used for, and what was answered.
    pub(super) tokens: BTreeMap<(Place, String), (Value, Value)>,
}

/// A configuration that does not exist. The API model does not list this error; clients meet it.
pub(super) fn not_found(arn: &str) -> AwsError {
    let message = format!("Resource {arn} cannot be found.");
    AwsError::client("ResourceNotFoundException", message).with_status(404)
}
