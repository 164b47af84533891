//! CloudTrail: what a call leaves behind on the event bus.
//!
//! An operation that changes something notes its request and its response here; an operation that
//! only reads notes nothing and leaves no event, as on AWS with an ordinary `ENABLED` rule.

use serde_json::{Map, Value, json};

use crate::call::Call;
use crate::clock::seconds;
use crate::config::OmittedField;
use crate::error::AwsError;
use crate::params::Params;
use crate::shape::Shape;

/// Above this many bytes of JSON CloudTrail leaves `requestParameters` or `responseElements` out.
/// <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html>
const FIELD_LIMIT: usize = 100 * 1024;
/// A record above this size is not sent to EventBridge at all.
const RECORD_LIMIT: usize = 256 * 1024;

/// What an operation wants CloudTrail to record.
#[derive(Debug, Default)]
pub(crate) struct Trail {
    request: Option<Value>,
    response: Option<Value>,
    /// The response was not even written down: it is longer than CloudTrail shows.
    too_long: bool,
}

impl Trail {
    /// Notes `requestParameters`: from here on the call leaves an event, also when it fails.
    pub(crate) fn request(&mut self, parameters: Value) {
        self.request = Some(parameters);
    }

    /// Notes `responseElements`, which only a successful call shows.
    pub(crate) fn response(&mut self, elements: Value) {
        self.response = Some(elements);
    }

    /// The newer EC2 style: everything below `<Action>Request`, in the names of the request.
    pub(crate) fn nested_request(&mut self, action: &str, params: &Params) {
        self.request(json!({ format!("{action}Request"): params.trail_nested() }));
    }

    /// The newer EC2 style: everything below `<Action>Response`.
    pub(crate) fn nested_response(&mut self, call: &Call, answer: &Shape) {
        let mut members = Map::new();
        members.insert("xmlns".to_owned(), Value::from(crate::protocol::EC2_NAMESPACE));
        members.insert("requestId".to_owned(), Value::from(call.request_id.as_str()));
        members.extend(answer.trail_nested_members());
        self.response(json!({ format!("{}Response", call.action): members }));
    }

    /// The older EC2 style: camel case, flat, `requestId` first.
    pub(crate) fn flat_response(&mut self, call: &Call, answer: &Shape) {
        if answer.length_at_least(FIELD_LIMIT) > FIELD_LIMIT {
            self.too_long = true;
            return;
        }
        let mut members = Map::new();
        members.insert("requestId".to_owned(), Value::from(call.request_id.as_str()));
        if let Value::Object(answer) = answer.trail_flat() {
            // `return` is a word of some languages; CloudTrail calls it `_return` here.
            members.extend(answer.into_iter().map(|(name, value)| match name.as_str() {
                "return" => ("_return".to_owned(), value),
                _ => (name, value),
            }));
        }
        self.response(Value::Object(members));
    }

    /// The EventBridge envelope around the record; `None` for a call that leaves no event.
    pub(crate) fn event(
        self,
        call: &Call,
        failure: Option<&AwsError>,
        event_id: &str,
        omitted: OmittedField,
    ) -> Option<Value> {
        let request = self.request?;
        let mut detail = Map::new();
        let mut set = |name: &str, value: Value| {
            detail.insert(name.to_owned(), value);
        };
        set("eventVersion", Value::from("1.11"));
        set("userIdentity", call.principal.user_identity(call.access_key.as_deref()));
        set("eventTime", Value::from(seconds(call.at)));
        set("eventSource", Value::from(format!("{}.amazonaws.com", call.service)));
        set("eventName", Value::from(call.action.as_str()));
        set("awsRegion", Value::from(call.place.region.as_str()));
        let caller = call.principal.service();
        set("sourceIPAddress", Value::from(caller.unwrap_or(&call.source_ip)));
        set("userAgent", Value::from(caller.unwrap_or(&call.user_agent)));
        if let Some(failure) = failure {
            set("errorCode", Value::from(trail_code(&call.service, failure)));
            set("errorMessage", Value::from(failure.message.chars().take(1024).collect::<String>()));
        }
        let response = self.response.filter(|_| failure.is_none());
        let fields =
            [("requestParameters", Some(request), false), ("responseElements", response, self.too_long)];
        for (name, value, too_long) in fields {
            let fits = value.as_ref().is_none_or(|value| value.to_string().len() <= FIELD_LIMIT);
            match (fits && !too_long, omitted) {
                (true, _) => set(name, value.unwrap_or(Value::Null)),
                (false, OmittedField::Null) => set(name, Value::Null),
                (false, OmittedField::Missing) => {}
            }
        }
        set("requestID", Value::from(call.request_id.as_str()));
        set("eventID", Value::from(event_id));
        set("readOnly", Value::from(false));
        set("eventType", Value::from("AwsApiCall"));
        set("managementEvent", Value::from(true));
        set("recipientAccountId", Value::from(call.place.account.as_str()));
        set("eventCategory", Value::from("Management"));
        let detail = Value::Object(detail);
        if detail.to_string().len() > RECORD_LIMIT {
            return None;
        }
        Some(json!({
            "version": "0", "id": event_id, "detail-type": "AWS API Call via CloudTrail",
            "source": format!("aws.{}", call.service), "account": call.place.account,
            "time": seconds(call.at), "region": call.place.region, "resources": [], "detail": detail,
        }))
    }
}

/// EC2's codes carry a prefix in CloudTrail; the other services' do not.
fn trail_code(service: &str, failure: &AwsError) -> String {
    let throttled = failure.code == "RequestLimitExceeded";
    match service {
        "ec2" if failure.status >= 500 && !throttled => format!("Server.{}", failure.code),
        "ec2" => format!("Client.{}", failure.code),
        _ => failure.code.clone(),
    }
}
