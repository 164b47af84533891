//! What only people ask AWS for.

use jiff::Timestamp;
use serde_json::{Value, json};
use v2only_enforcer::ports::{Answer, LookUpLaunches, Page};
use v2only_policy::{InstanceId, Place};

use super::{ACCOUNT, FakeAws};

/// The record of a launch of these instances by a session of a role, or by a service that took the role on.
pub(crate) fn launch(at: &str, role: &str, session: &str, service: Option<&str>, ids: &[&str]) -> Value {
    let items: Vec<Value> = ids.iter().map(|id| json!({ "instanceId": id })).collect();
    let mut record = json!({
        "eventVersion": "1.11", "eventSource": "ec2.amazonaws.com", "eventName": "RunInstances",
        "eventTime": at, "eventID": format!("launch of {}", ids.join(" ")), "awsRegion": "eu-central-1",
        "sourceIPAddress": "203.0.113.10", "recipientAccountId": ACCOUNT,
        "userIdentity": {
            "type": "AssumedRole", "accountId": ACCOUNT, "accessKeyId": "ASIAEXAMPLE000000000",
            "arn": format!("arn:aws:sts::{ACCOUNT}:assumed-role/{role}/{session}"),
        },
        "requestParameters": {}, "responseElements": { "instancesSet": { "items": items } },
    });
    if let Some(service) = service {
        record["userIdentity"]["invokedBy"] = json!(service);
        record["sourceIPAddress"] = json!(service);
    }
    record
}

impl FakeAws {
    /// With the record of a launch in its CloudTrail.
    pub(crate) fn launched(self, record: Value) -> Self {
        self.state().launches.insert(0, record);
        self
    }
}

impl LookUpLaunches for FakeAws {
    async fn launches(
        &self,
        place: &Place,
        id: &InstanceId,
        until: Option<Timestamp>,
        next: Option<String>,
    ) -> Answer<Page<Value>> {
        assert_eq!(next, None);
        self.call("cloudtrail:LookupEvents", Some(place), id.as_str())?;
        let names = |it: &Value| it["responseElements"].to_string().contains(id.as_str());
        let in_time = |it: &Value| {
            let at: Timestamp = it["eventTime"].as_str().unwrap().parse().unwrap();
            until.is_none_or(|until| at <= until)
        };
        let items = self.state().launches.iter().filter(|it| names(it) && in_time(it)).cloned().collect();
        Ok(Page { items, next: None })
    }
}
