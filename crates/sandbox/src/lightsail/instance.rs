//! An instance and its metadata options.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::ec2::{HttpTokens, Toggle};
use crate::identity::Place;
use crate::members::tag_list;

/// The metadata options of a Lightsail instance. Lightsail has no tags in metadata.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Options {
    pub(super) tokens: HttpTokens,
    pub(super) endpoint: Toggle,
    pub(super) hop_limit: i64,
    pub(super) ipv6: Toggle,
}

/// An instance.
#[derive(Debug, Clone)]
pub(super) struct Instance {
    pub(super) name: String,
    pub(super) arn: String,
    pub(super) support_code: String,
    pub(super) zone: String,
    pub(super) blueprint: String,
    pub(super) bundle: String,
    pub(super) created: Timestamp,
    pub(super) running: bool,
    pub(super) tags: BTreeMap<String, String>,
    pub(super) options: Options,
    /// When the last change of the options takes effect.
    pub(super) applied_at: Timestamp,
}

impl Options {
    /// The options of a new instance of a blueprint.
    pub(super) fn of_blueprint(blueprint: &str) -> Self {
        let v2 = blueprint.starts_with("amazon_linux_2023");
        Self {
            tokens: if v2 { HttpTokens::Required } else { HttpTokens::Optional },
            endpoint: Toggle::Enabled,
            hop_limit: if v2 { 2 } else { 1 },
            ipv6: Toggle::Disabled,
        }
    }
}

impl Instance {
    /// The instance as `GetInstances` describes it at a point in time.
    pub(super) fn described(&self, place: &Place, now: Timestamp) -> Value {
        let state = if self.running { ("running", 16) } else { ("stopped", 80) };
        json!({
            "name": self.name,
            "arn": self.arn,
            "supportCode": self.support_code,
            "createdAt": self.created.as_second(),
            "location": { "availabilityZone": self.zone, "regionName": place.region },
            "resourceType": "Instance",
            "tags": tag_list(&self.tags, "key", "value"),
            "blueprintId": self.blueprint,
            "blueprintName": self.blueprint,
            "bundleId": self.bundle,
            "isStaticIp": false,
            "state": { "code": state.1, "name": state.0 },
            "username": "ec2-user",
            "metadataOptions": {
                "state": if now < self.applied_at { "pending" } else { "applied" },
                "httpTokens": self.options.tokens.as_str(),
                "httpEndpoint": self.options.endpoint.as_str(),
                "httpPutResponseHopLimit": self.options.hop_limit,
                "httpProtocolIpv6": self.options.ipv6.as_str(),
            },
        })
    }
}
