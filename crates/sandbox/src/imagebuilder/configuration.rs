//! An infrastructure configuration: what it is made of, and what a request may say.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::clock::millis;
use crate::error::AwsError;
use crate::members::Members;

/// What both `Create` and `Update` set. A setting that the request leaves out is not set.
pub(super) const SETTINGS: [&str; 13] = [
    "description",
    "instanceTypes",
    "instanceProfileName",
    "securityGroupIds",
    "subnetId",
    "logging",
    "keyPair",
    "terminateInstanceOnFailure",
    "terminateInstanceOnCompletion",
    "snsTopicArn",
    "resourceTags",
    "instanceMetadataOptions",
    "placement",
];

/// The part of [`SETTINGS`] that `ListInfrastructureConfigurations` shows.
const SUMMARY: [&str; 5] =
    ["description", "instanceTypes", "instanceProfileName", "resourceTags", "placement"];

/// An infrastructure configuration.
#[derive(Debug, Clone)]
pub(super) struct Configuration {
    pub(super) arn: String,
    pub(super) name: String,
    pub(super) created: Timestamp,
    pub(super) updated: Option<Timestamp>,
    pub(super) settings: Map<String, Value>,
    pub(super) tags: Value,
}

/// Reads the settings of a request.
pub(super) fn settings(input: &Members<'_>) -> Result<Map<String, Value>, AwsError> {
    input.required("instanceProfileName")?;
    for name in ["description", "subnetId", "keyPair", "snsTopicArn"] {
        input.text(name)?;
    }
    for name in ["terminateInstanceOnFailure", "terminateInstanceOnCompletion"] {
        input.flag(name)?;
    }
    input.texts("instanceTypes")?;
    if input.value("subnetId").is_some() && input.texts("securityGroupIds")?.is_empty() {
        return Err(input.refusal("securityGroupIds must be given together with subnetId"));
    }
    if let Some(options) = input.structure("instanceMetadataOptions")? {
        options.only("instanceMetadataOptions", &["httpTokens", "httpPutResponseHopLimit"])?;
        options.one_of("httpTokens", &["optional", "required"])?;
        options.number("httpPutResponseHopLimit", 1..=64)?;
    }
    let mut settings = Map::new();
    for name in SETTINGS {
        if let Some(value) = input.value(name) {
            settings.insert(name.to_owned(), value.clone());
        }
    }
    for name in ["terminateInstanceOnFailure", "terminateInstanceOnCompletion"] {
        settings.entry(name).or_insert(Value::Bool(true));
    }
    Ok(settings)
}

impl Configuration {
    /// As `GetInfrastructureConfiguration` shows it.
    pub(super) fn described(&self) -> Value {
        let mut members = self.head();
        members.extend(self.settings.clone());
        Value::Object(members)
    }

    /// As `ListInfrastructureConfigurations` shows it: without metadata options.
    pub(super) fn summary(&self) -> Value {
        let mut members = self.head();
        let shown = self.settings.iter().filter(|(name, _)| SUMMARY.contains(&name.as_str()));
        members.extend(shown.map(|(name, value)| (name.clone(), value.clone())));
        Value::Object(members)
    }

    fn head(&self) -> Map<String, Value> {
        let mut members = Map::new();
        let mut set = |name: &str, value: Value| members.insert(name.to_owned(), value);
        set("arn", json!(self.arn));
        set("name", json!(self.name));
        set("dateCreated", json!(millis(self.created)));
        if let Some(updated) = self.updated {
            set("dateUpdated", json!(millis(updated)));
        }
        set("tags", self.tags.clone());
        members
    }
}
