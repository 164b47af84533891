//! Queue attributes: their ranges, defaults and the redrive policy.
//!
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html>

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::errors;
use super::name::QueueName;
use crate::error::AwsError;

/// When a message goes to which dead-letter queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedrivePolicy {
    /// The dead-letter queue, in the same account and Region.
    pub dead_letters: QueueName,
    /// How many receipts a message gets before it is moved.
    pub max_receives: u32,
}

/// The settings of a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// How long a received message stays hidden.
    pub visibility: Duration,
    /// How long a sent message stays hidden.
    pub delay: Duration,
    /// How long a message is kept.
    pub retention: Duration,
    /// How long a receive call may wait; kept, but the sandbox always answers at once.
    pub wait: Duration,
    /// The largest message in bytes.
    pub max_size: usize,
    /// The way to a dead-letter queue.
    pub redrive: Option<RedrivePolicy>,
    /// Attributes that are kept and returned without effect.
    pub inert: BTreeMap<String, String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            visibility: Duration::from_secs(30),
            delay: Duration::ZERO,
            retention: Duration::from_secs(345_600),
            wait: Duration::ZERO,
            max_size: 1_048_576,
            redrive: None,
            inert: BTreeMap::new(),
        }
    }
}

/// Attributes without effect on what is simulated.
const INERT: [&str; 5] = [
    "Policy",
    "KmsMasterKeyId",
    "KmsDataKeyReusePeriodSeconds",
    "SqsManagedSseEnabled",
    "RedriveAllowPolicy",
];

impl Settings {
    /// Reads attributes on top of the defaults.
    pub(super) fn parse(attributes: &Map<String, Value>) -> Result<Self, AwsError> {
        let mut settings = Self::default();
        for (name, value) in attributes {
            settings.set(name, value.as_str().unwrap_or_default())?;
        }
        Ok(settings)
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), AwsError> {
        let number = |range| parse(name, value, range);
        match name {
            "VisibilityTimeout" => self.visibility = Duration::from_secs(number(0..=43_200)?),
            "DelaySeconds" => self.delay = Duration::from_secs(number(0..=900)?),
            "MessageRetentionPeriod" => self.retention = Duration::from_secs(number(60..=1_209_600)?),
            "ReceiveMessageWaitTimeSeconds" => self.wait = Duration::from_secs(number(0..=20)?),
            "MaximumMessageSize" => {
                self.max_size = usize::try_from(number(1_024..=1_048_576)?).unwrap_or(usize::MAX);
            }
            "RedrivePolicy" if value.is_empty() => self.redrive = None,
            "RedrivePolicy" => self.redrive = Some(redrive(value)?),
            "FifoQueue" if value == "true" => return Err(AwsError::not_simulated("FIFO queues")),
            _ if INERT.contains(&name) => drop(self.inert.insert(name.to_owned(), value.to_owned())),
            _ => return Err(errors::invalid_attribute_name(name)),
        }
        Ok(())
    }

    /// The settings as the API returns them.
    pub(super) fn describe(&self) -> Map<String, Value> {
        let mut all = Map::new();
        let mut put = |name: &str, value: String| drop(all.insert(name.to_owned(), Value::String(value)));
        put("VisibilityTimeout", self.visibility.as_secs().to_string());
        put("DelaySeconds", self.delay.as_secs().to_string());
        put("MessageRetentionPeriod", self.retention.as_secs().to_string());
        put("ReceiveMessageWaitTimeSeconds", self.wait.as_secs().to_string());
        put("MaximumMessageSize", self.max_size.to_string());
        put("SqsManagedSseEnabled", "true".to_owned());
        if let Some(redrive) = &self.redrive {
            let policy = json!({
                "deadLetterTargetArn": redrive.dead_letters.arn(),
                "maxReceiveCount": redrive.max_receives,
            });
            put("RedrivePolicy", policy.to_string());
        }
        for (name, value) in &self.inert {
            put(name, value.clone());
        }
        all
    }
}

fn parse(name: &str, value: &str, range: RangeInclusive<u64>) -> Result<u64, AwsError> {
    value
        .parse()
        .ok()
        .filter(|it| range.contains(it))
        .ok_or_else(|| errors::invalid_attribute_value(&format!("Invalid value for the parameter {name}.")))
}

fn redrive(text: &str) -> Result<RedrivePolicy, AwsError> {
    let wrong = |reason: &str| {
        errors::invalid_attribute_value(&format!(
            "Value {text} for parameter RedrivePolicy is invalid. Reason: {reason}"
        ))
    };
    let policy: Value =
        serde_json::from_str(text).map_err(|_| wrong("Redrive policy is not a valid JSON map."))?;
    let dead_letters = policy
        .get("deadLetterTargetArn")
        .and_then(Value::as_str)
        .and_then(QueueName::from_arn)
        .ok_or_else(|| wrong("Invalid value for deadLetterTargetArn."))?;
    let max_receives = match policy.get("maxReceiveCount") {
        Some(Value::String(text)) => text.parse().ok(),
        Some(number) => number.as_u64(),
        None => None,
    };
    let max_receives =
        max_receives.and_then(|it| u32::try_from(it).ok()).filter(|it| (1..=1_000).contains(it)).ok_or_else(
            || wrong("Invalid value for maxReceiveCount: must be between 1 and 1000, both inclusive."),
        )?;
    Ok(RedrivePolicy { dead_letters, max_receives })
}
