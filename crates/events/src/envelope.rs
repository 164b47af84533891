//! The outside of an event: what kind it is, where and when it happened, and who did it.

use std::fmt::Display;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::Value;

use v2only_policy::ids::IdError;
use v2only_policy::{AccountId, Place, Region};

use crate::Malformed;
use crate::event_name::API_CALL;
use crate::json::Node;

/// What can be said of an event without reading it: for the record of one that is ignored or malformed. Not
/// to be acted on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Header {
    /// The id of the event.
    pub event_id: Option<String>,
    /// The action of an API call, else the detail type.
    pub name: Option<String>,
    /// The account.
    pub account: Option<AccountId>,
    /// The Region.
    pub region: Option<Region>,
}

/// Whatever can be said of an event, or of anything else.
pub fn header(envelope: &Value) -> Header {
    let root = Node::root(envelope);
    let outer = root.field("detail");
    let detail = if outer.is_absent() { root.clone() } else { outer };
    Header {
        event_id: detail.field("eventID").label().or_else(|| root.field("id").label()),
        name: detail.field("eventName").label().or_else(|| root.field("detail-type").label()),
        account: [root.field("account"), detail.field("recipientAccountId")]
            .iter()
            .find_map(|it| it.id().ok()),
        region: [root.field("region"), detail.field("awsRegion")].iter().find_map(|it| it.id().ok()),
    }
}

/// Detail type of what a service did by itself.
pub(crate) const SERVICE_EVENT: &str = "AWS Service Event via CloudTrail";

/// An EventBridge event, or a CloudTrail record without one around it.
pub(crate) struct Envelope<'a> {
    outside: Node<'a>,
    /// `source`, for example `aws.ec2`.
    pub(crate) source: String,
    /// `detail-type`.
    pub(crate) detail_type: String,
    /// `detail`: for CloudTrail events the record.
    pub(crate) detail: Node<'a>,
}

impl<'a> Envelope<'a> {
    /// Tells an EventBridge event from a CloudTrail record, and reads what kind it is.
    pub(crate) fn open(value: &'a Value) -> Result<Self, Malformed> {
        let root = Node::root(value);
        if !root.is_object() {
            return Err(root.malformed("an EventBridge event or a CloudTrail record"));
        }
        if root.field("eventType").text().as_deref() == Some("AwsCloudTrailInsight") {
            return Ok(Self {
                outside: Node::nothing(),
                source: "aws.cloudtrail".to_owned(),
                detail_type: "AWS Insight via CloudTrail".to_owned(),
                detail: root,
            });
        }
        let record = ["eventSource", "eventName"].iter().all(|key| !root.field(key).is_absent());
        if record && root.field("detail-type").is_absent() && root.field("detail").is_absent() {
            return Self::around(root);
        }
        let required = |key: &str, expected: &str| {
            let node = root.field(key);
            node.label().ok_or_else(|| node.malformed(expected))
        };
        Ok(Self {
            source: required("source", "the source of an event, such as `aws.ec2`")?,
            detail_type: required("detail-type", "the type of an event")?,
            detail: root.field("detail"),
            outside: root,
        })
    }

    /// The envelope EventBridge would have put around this CloudTrail record.
    fn around(record: Node<'a>) -> Result<Self, Malformed> {
        let source = record.field("eventSource");
        let service = event_bus_source(&source).ok_or_else(|| source.malformed("an AWS service"))?;
        let of_service = record.field("eventType").text().as_deref() == Some("AwsServiceEvent");
        let detail_type = if of_service { SERVICE_EVENT } else { API_CALL };
        Ok(Self {
            outside: Node::nothing(),
            source: service,
            detail_type: detail_type.to_owned(),
            detail: record,
        })
    }

    /// The account and Region of the event.
    ///
    /// INVARIANT (one place): an envelope and a record that name different accounts or Regions are refused.
    /// Whom to believe would decide in whose account we act.
    pub(crate) fn place(&self) -> Result<Place, Malformed> {
        let outside = |key: &str| self.outside.field(key);
        let mut account = self.detail.field("recipientAccountId");
        if self.is_bare() && account.is_absent() {
            let of_caller = self.detail.field("userIdentity").field("accountId");
            if !of_caller.is_absent() {
                account = of_caller;
            }
        }
        Ok(Place {
            account: self.agreed(&outside("account"), &account)?,
            region: self.agreed(&outside("region"), &self.detail.field("awsRegion"))?,
        })
    }

    fn agreed<T>(&self, outside: &Node<'_>, inside: &Node<'_>) -> Result<T, Malformed>
    where
        T: FromStr<Err = IdError> + PartialEq + Display,
    {
        match (outside.optional_id::<T>()?, inside.optional_id::<T>()?) {
            (Some(one), Some(other)) if one != other => {
                Err(inside.malformed(format!("`{one}` as in the envelope")))
            }
            (Some(id), _) | (None, Some(id)) => Ok(id),
            (None, None) if self.is_bare() => inside.id(),
            (None, None) => outside.id(),
        }
    }

    /// When it happened, if that can be read.
    pub(crate) fn time(&self) -> Option<Timestamp> {
        let times = [self.detail.field("eventTime"), self.outside.field("time")];
        times.iter().find_map(|node| timestamp(&node.text()?))
    }

    /// What is the same for every delivery of the event.
    pub(crate) fn event_id(&self) -> Result<String, Malformed> {
        let (inside, outside) = (self.detail.field("eventID"), self.outside.field("id"));
        let missing = if self.is_bare() { &inside } else { &outside };
        let id = inside.label().or_else(|| outside.label());
        id.ok_or_else(|| missing.malformed("the id of the event"))
    }

    /// The name of the replay that delivered it.
    pub(crate) fn replay(&self) -> Option<String> {
        self.outside.field("replay-name").label()
    }

    /// The ARNs in `resources`.
    pub(crate) fn resources(&self) -> Vec<Node<'a>> {
        self.outside.field("resources").entries()
    }

    fn is_bare(&self) -> bool {
        !self.outside.is_object()
    }
}

/// `aws.ec2` for `ec2.amazonaws.com`.
pub(crate) fn event_bus_source(event_source: &Node<'_>) -> Option<String> {
    let label = event_source.label()?;
    let service = label.strip_suffix(".cn").unwrap_or(&label).strip_suffix(".amazonaws.com")?;
    Some(format!("aws.{service}"))
}

/// RFC 3339 as AWS writes it, or the same with a space and without a zone, as databases give it back; UTC.
fn timestamp(text: &str) -> Option<Timestamp> {
    let with_zone = text.parse::<Timestamp>().ok();
    with_zone.or_else(|| TimeZone::UTC.to_timestamp(text.parse::<DateTime>().ok()?).ok())
}
