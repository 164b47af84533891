//! What CloudTrail recorded. Source of every shape: AWS CloudTrail API Reference, `LookupEvents`.

use aws_sdk_cloudtrail::Client;
use aws_sdk_cloudtrail::operation::lookup_events::LookupEventsOutput;
use aws_sdk_cloudtrail::types as sdk;
use aws_smithy_types::DateTime;
use jiff::Timestamp;
use serde_json::Value;
use v2only_enforcer::ports::Actor;
use v2only_enforcer::ports::{Answer, LookUp, LookUpLaunches, Page, ReadHistory};
use v2only_enforcer::{Failure, Kind};
use v2only_policy::{InstanceId, Place};

use crate::call::Call;
use crate::connect::Aws;

/// The largest page CloudTrail gives.
const PAGE: i32 = 50;

const CALL: Call = Call::LookupEvents;

impl LookUpLaunches for Aws {
    async fn launches(
        &self,
        place: &Place,
        id: &InstanceId,
        until: Option<Timestamp>,
        next: Option<String>,
    ) -> Answer<Page<Value>> {
        // CloudTrail filters by one attribute only, so the event name is checked here.
        let by_name = (sdk::LookupAttributeKey::ResourceName, id.as_str());
        let answer = self.look_up(place, by_name, until, next).await?;
        records(&answer, |it| it.event_name() == Some("RunInstances"))
    }
}

impl ReadHistory for Aws {
    fn made_by_us(&self, place: &Place, actor: &Actor) -> bool {
        self.is_own_session(place, actor)
    }

    async fn history(&self, place: &Place, look_up: LookUp<'_>, next: Option<String>) -> Answer<Page<Value>> {
        use sdk::LookupAttributeKey::{EventName, ResourceName};
        let by = match look_up {
            LookUp::Instance(id) => (ResourceName, id.as_str()),
            LookUp::Notebook(name) => (ResourceName, name.as_str()),
            LookUp::ModifiedOptions => (EventName, "ModifyInstanceMetadataOptions"),
            LookUp::Launches => (EventName, "RunInstances"),
            LookUp::Action(name) => (EventName, name),
        };
        let answer = self.look_up(place, by, None, next).await?;
        records(&answer, |_| true)
    }
}

impl Aws {
    async fn look_up(
        &self,
        place: &Place,
        (key, value): (sdk::LookupAttributeKey, &str),
        until: Option<Timestamp>,
        next: Option<String>,
    ) -> Answer<LookupEventsOutput> {
        let client = Client::new(&self.config(place).await?);
        let attribute = sdk::LookupAttribute::builder()
            .attribute_key(key)
            .attribute_value(value)
            .build()
            .map_err(|it| Failure::new(Kind::Invalid, CALL.iam_action(), it.to_string()))?;
        let request = client
            .lookup_events()
            .lookup_attributes(attribute)
            .set_end_time(until.map(|it| DateTime::from_secs(it.as_second())))
            .max_results(PAGE)
            .set_next_token(next);
        self.in_turn(place, CALL, || request.clone().send()).await
    }
}

fn records(answer: &LookupEventsOutput, wanted: impl Fn(&sdk::Event) -> bool) -> Answer<Page<Value>> {
    let next = answer.next_token.clone().filter(|it| !it.is_empty());
    let items = answer.events().iter().filter(|it| wanted(it)).map(record).collect::<Answer<Vec<Value>>>()?;
    Ok(Page { items, next })
}

/// The record itself, which CloudTrail gives as a text inside of its answer.
fn record(event: &sdk::Event) -> Answer<Value> {
    let text = event.cloud_trail_event().unwrap_or_default();
    serde_json::from_str(text).map_err(|error| {
        let which = event.event_id().unwrap_or("without id");
        let why = format!("the record of event {which} cannot be read: {error}");
        Failure::new(Kind::Unknown, CALL.iam_action(), why)
    })
}
