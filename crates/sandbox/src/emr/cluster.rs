//! A cluster, as far as it names a security configuration.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

/// A cluster.
#[derive(Debug, Clone)]
pub(super) struct Cluster {
    pub(super) id: String,
    pub(super) arn: String,
    pub(super) name: String,
    pub(super) release: Option<String>,
    pub(super) security_configuration: Option<String>,
    pub(super) tags: BTreeMap<String, String>,
    pub(super) created: Timestamp,
    pub(super) ended: Option<Timestamp>,
}

impl Cluster {
    pub(super) fn state(&self) -> &'static str {
        if self.ended.is_some() { "TERMINATED" } else { "WAITING" }
    }

    pub(super) fn head(&self) -> Map<String, Value> {
        let mut timeline = Map::from_iter([("CreationDateTime".to_owned(), json!(self.created.as_second()))]);
        if let Some(ended) = self.ended {
            timeline.insert("EndDateTime".to_owned(), json!(ended.as_second()));
        }
        Map::from_iter([
            ("Id".to_owned(), json!(self.id)),
            ("Name".to_owned(), json!(self.name)),
            ("ClusterArn".to_owned(), json!(self.arn)),
            ("NormalizedInstanceHours".to_owned(), json!(0)),
            ("Status".to_owned(), json!({ "State": self.state(), "Timeline": timeline })),
        ])
    }
}
