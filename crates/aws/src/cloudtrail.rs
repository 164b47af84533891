//! Who launched what. Source of every shape: AWS CloudTrail API Reference, `LookupEvents`.

use aws_sdk_cloudtrail::Client;
use aws_sdk_cloudtrail::types as sdk;
use aws_smithy_types::DateTime;
use jiff::Timestamp;
use serde_json::Value;
use v2only_enforcer::ports::{Answer, LookUpLaunches, Page};
use v2only_enforcer::{Failure, Kind};
use v2only_policy::{InstanceId, Place};

use crate::call::Call;
use crate::connect::Aws;

/// The largest page CloudTrail gives.
const PAGE: i32 = 50;

impl LookUpLaunches for Aws {
    async fn launches(
        &self,
        place: &Place,
        id: &InstanceId,
        until: Option<Timestamp>,
        next: Option<String>,
    ) -> Answer<Page<Value>> {
        let call = Call::LookupEvents;
        let client = Client::new(&self.config(place).await?);
        // CloudTrail takes one attribute, so the name of the event is looked at here.
        let by_name = sdk::LookupAttribute::builder()
            .attribute_key(sdk::LookupAttributeKey::ResourceName)
            .attribute_value(id.as_str())
            .build()
            .map_err(|it| Failure::new(Kind::Invalid, call.iam_action(), it.to_string()))?;
        self.turn(Some(place), call).await?;
        let answer = client
            .lookup_events()
            .lookup_attributes(by_name)
            .set_end_time(until.map(|it| DateTime::from_secs(it.as_second())))
            .max_results(PAGE)
            .set_next_token(next)
            .send()
            .await
            .map_err(|it| self.failure(place, call, &it))?;
        let next = answer.next_token.clone().filter(|it| !it.is_empty());
        let launches = answer.events().iter().filter(|it| it.event_name() == Some("RunInstances"));
        let items = launches.map(|it| record(call, it)).collect::<Answer<Vec<Value>>>()?;
        Ok(Page { items, next })
    }
}

/// The record itself, which CloudTrail gives as a text inside of its answer.
fn record(call: Call, event: &sdk::Event) -> Answer<Value> {
    let text = event.cloud_trail_event().unwrap_or_default();
    serde_json::from_str(text).map_err(|it| {
        let which = event.event_id().unwrap_or("without id");
        let why = format!("the record of event {which} cannot be read: {it}");
        Failure::new(Kind::Unknown, call.iam_action(), why)
    })
}
