//! Who launched an instance, as its records in CloudTrail say.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use v2only_enforcer::launchers::{Launcher, launchers};
use v2only_enforcer::ports::{Answer, LookUpLaunches, Page};
use v2only_policy::{Instance, InstanceId, Place};

use crate::fake::{World, now};
use crate::instances::launch;
use crate::launch_sources::place;

const ID: &str = "i-00000001";

/// The records that name an instance.
struct Records(Vec<Value>);

impl LookUpLaunches for Records {
    async fn launches(
        &self,
        _: &Place,
        _: &InstanceId,
        _: Option<Timestamp>,
        _: Option<String>,
    ) -> Answer<Page<Value>> {
        Ok(Page { items: self.0.clone(), next: None })
    }
}

async fn of(records: Vec<Value>, age: SignedDuration) -> Launcher {
    let mut world = World::default();
    let instance = Instance { created_at: Some(now() - age), ..world.instance(ID).clone() };
    let found = launchers(&Records(records), &place(), &[&instance], now()).await;
    found[&instance.id].clone()
}

/// The record of a launch, with this field set otherwise.
fn record(change: impl FnOnce(&mut Value)) -> Value {
    let mut record = launch(&[ID], "optional")["detail"].take();
    change(&mut record);
    record
}

#[tokio::test]
async fn only_a_record_of_a_launch_here_that_names_the_instance_counts() {
    let young = SignedDuration::from_hours(1);
    let known = of(vec![record(|_| ())], young).await;
    assert!(matches!(&known, Launcher::Known(by) if by.words().contains("alice")), "{known:?}");
    let elsewhere = record(|record| record["awsRegion"] = json!("us-east-1"));
    let of_another = record(|record| {
        record["responseElements"]["instancesSet"]["items"][0]["instanceId"] = json!("i-00000002");
    });
    let started = record(|record| {
        record["eventName"] = json!("StartInstances");
        record["requestParameters"] = json!({"instancesSet": {"items": [{"instanceId": ID}]}});
    });
    let by_fleet = record(|record| {
        record["eventName"] = json!("CreateFleet");
        let instances = json!({"item": {"instanceIds": {"item": ID}}});
        record["responseElements"] = json!({"CreateFleetResponse": {"fleetInstanceSet": instances}});
    });
    for (name, other) in
        [("elsewhere", elsewhere), ("of another", of_another), ("started", started), ("by a fleet", by_fleet)]
    {
        assert_eq!(of(vec![other.clone()], young).await, Launcher::NotFound, "{name}");
        assert_eq!(of(vec![other, record(|_| ())], young).await, known, "{name} before the launch");
    }
}

#[tokio::test]
async fn a_launch_of_ninety_days_ago_is_asked_for_and_an_older_one_is_not() {
    let days = SignedDuration::from_hours(90 * 24);
    assert_eq!(of(Vec::new(), days).await, Launcher::NotFound);
    assert_eq!(of(Vec::new(), days + SignedDuration::from_millis(1)).await, Launcher::Older);
}
