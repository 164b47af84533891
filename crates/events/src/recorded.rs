//! Recorded calls as evidence of what happened: launches that succeeded and launches that failed, and how the
//! caller got its credentials.
//!
//! [`crate::parse`] reads an event to act on. This module reads a record to count it, so failed calls and dry runs
//! are results here.

use jiff::Timestamp;
use serde_json::Value;
use v2only_policy::{Place, Region, Tags};

use crate::cloudtrail;
use crate::envelope::Envelope;
use crate::json::Node;
use crate::run_instances;
use crate::{Actor, EventName, Launched, Malformed, RequestedOptions, Subject};

/// How an EC2 instance got the credentials of a call: `ec2RoleDelivery` of the session.
///
/// <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html>
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RoleDelivery {
    /// `1.0`: the metadata service delivered the credentials to an IMDSv1 call.
    V1,
    /// `2.0`: the metadata service delivered the credentials to an IMDSv2 call.
    V2,
    /// A value that this release does not know.
    Unknown,
}

/// Who made a recorded call, and with what.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Caller {
    /// The principal and the service, for people.
    pub actor: Option<Actor>,
    /// The ARN of the role or user that issued the session.
    pub issuer: Option<String>,
    /// The source identity that was set when the role was assumed.
    pub source_identity: Option<String>,
    /// How an EC2 instance got the credentials; `None` for every other caller.
    pub role_delivery: Option<RoleDelivery>,
    /// The user agent.
    pub user_agent: Option<String>,
    /// Whether the credentials come from a console session.
    pub from_console: bool,
}

/// What is common to the records of all API calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedCall {
    /// The id of the record, the same in every copy.
    pub event_id: String,
    /// The request id of the API.
    pub request_id: Option<String>,
    /// The service, for example `ec2.amazonaws.com`.
    pub service: String,
    /// The action, for example `RunInstances`.
    pub action: String,
    /// When the call was made.
    pub time: Option<Timestamp>,
    /// The account and Region.
    pub place: Place,
    /// Who made the call.
    pub caller: Caller,
    /// The error code, if the call failed.
    pub error_code: Option<String>,
}

/// A recorded `RunInstances`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedLaunch {
    /// The call.
    pub call: RecordedCall,
    /// What the caller requested. The options of a launch template are not in the record.
    pub requested: RequestedOptions,
    /// Whether the record has the request. CloudTrail omits a long one.
    pub has_request: bool,
    /// The instance type that the caller requested.
    pub instance_type: Option<String>,
    /// Whether the caller requested Spot Instances.
    pub spot: bool,
    /// The tags that the caller requested for the instances.
    pub tags: Tags,
    /// The idempotency token, from which EC2 Fleet can be told.
    pub client_token: Option<String>,
    /// What the call came to.
    pub outcome: LaunchOutcome,
}

/// What a recorded `RunInstances` came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LaunchOutcome {
    /// Instances were launched. Never empty.
    Launched(Vec<Launched>),
    /// Instances were launched, and the record does not name them: CloudTrail omits long answers.
    Unnamed {
        /// The minimum number of instances.
        at_least: u32,
    },
    /// The caller only asked whether the launch would be allowed.
    DryRun,
    /// AWS refused the launch.
    Refused {
        /// The error code, without `Client.` and `Server.`.
        code: String,
        /// Whether the account enforces tokens, and this refused the launch.
        by_enforcement: bool,
    },
}

impl RecordedLaunch {
    /// Whether AWS refused the launch because the account enforces tokens.
    pub const fn is_refused_by_enforcement(&self) -> bool {
        matches!(self.outcome, LaunchOutcome::Refused { by_enforcement: true, .. })
    }
}

/// A part of the message with which AWS refuses a launch in an account that enforces tokens.
///
/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/troubleshooting-launch.html>
const ENFORCEMENT: &str = "httpTokensEnforced";

/// Reads what is common to the records of all API calls; `None` for other events.
///
/// # Errors
/// The record does not name its account, Region or id.
pub fn recorded_call(record: &Value) -> Result<Option<RecordedCall>, Malformed> {
    Ok(open(record)?.map(|(_, call)| call))
}

/// Reads a recorded `RunInstances`; `None` for every other record.
///
/// # Errors
/// The record does not name its account, Region or id.
pub fn recorded_launch(record: &Value) -> Result<Option<RecordedLaunch>, Malformed> {
    let Some((detail, call)) = open(record)? else { return Ok(None) };
    if call.action != "RunInstances" || !call.service.starts_with("ec2.") {
        return Ok(None);
    }
    let request = cloudtrail::request(EventName::RunInstances, &detail);
    let response = cloudtrail::response(EventName::RunInstances, &detail);
    let mut unreadable = Vec::new();
    let (named, requested) = match run_instances::launched(&request, &response, &mut unreadable) {
        Subject::Launched { instances, requested } => (LaunchOutcome::Launched(instances), requested),
        Subject::LaunchedUnnamed { at_least, requested, .. } => {
            (LaunchOutcome::Unnamed { at_least }, requested)
        }
        _ => return Ok(None),
    };
    let outcome = match call.error_code.as_deref() {
        None => named,
        Some(code) if code.ends_with("DryRunOperation") => LaunchOutcome::DryRun,
        Some(code) => {
            let message = detail.field("errorMessage").text().unwrap_or_default();
            let code = ["Client.", "Server."].iter().find_map(|it| code.strip_prefix(it)).unwrap_or(code);
            LaunchOutcome::Refused { code: code.to_owned(), by_enforcement: message.contains(ENFORCEMENT) }
        }
    };
    let market = request.field("instanceMarketOptions").field("marketType");
    // A call always names an image or a template.
    let says = |key: &str| !request.field(key).is_absent();
    let has_request = says("instancesSet") || says("launchTemplate") || says("metadataOptions");
    Ok(Some(RecordedLaunch {
        instance_type: request.field("instanceType").label(),
        spot: market.text().as_deref() == Some("spot"),
        tags: run_instances::requested_tags(&request),
        client_token: request.field("clientToken").label(),
        requested,
        has_request,
        outcome,
        call,
    }))
}

fn open(record: &Value) -> Result<Option<(Node<'_>, RecordedCall)>, Malformed> {
    let envelope = Envelope::open(record)?;
    let detail = envelope.detail.clone();
    let (Some(service), Some(action)) =
        (detail.field("eventSource").label(), detail.field("eventName").label())
    else {
        return Ok(None);
    };
    if detail.field("eventType").text().as_deref() == Some("AwsServiceEvent") {
        return Ok(None);
    }
    let call = RecordedCall {
        event_id: envelope.event_id()?,
        request_id: detail.field("requestID").label(),
        service,
        action,
        time: envelope.time(),
        place: match owner(record, &detail) {
            Some(place) => place,
            None => match envelope.place() {
                Ok(place) => place,
                Err(malformed) => disguised(record, &detail).ok_or(malformed)?,
            },
        },
        caller: caller(&detail),
        error_code: detail.field("errorCode").label(),
    };
    Ok(Some((detail, call)))
}

/// The account and Region of a launch whose record was shortened: the reservation names its owner. Nothing is acted on here,
/// so the owner is good enough where neither an envelope nor the record names the account.
fn owner(record: &Value, detail: &Node<'_>) -> Option<Place> {
    let names = [
        Node::root(record).field("account"),
        detail.field("recipientAccountId"),
        detail.field("userIdentity").field("accountId"),
    ];
    let is_named = names.iter().any(|it| !it.is_absent());
    let owner = (!is_named).then(|| detail.field("responseElements").field("ownerId"))?;
    Some(Place { account: owner.id().ok()?, region: detail.field("awsRegion").id().ok()? })
}

/// The account and Region of a record without envelope whose Region this release does not know.
fn disguised(record: &Value, detail: &Node<'_>) -> Option<Place> {
    let is_bare = Node::root(record).field("detail").is_absent();
    let accounts = [detail.field("recipientAccountId"), detail.field("userIdentity").field("accountId")];
    let account = accounts.iter().find(|it| !it.is_absent()).filter(|_| is_bare)?.id().ok()?;
    Some(Place { account, region: Region::in_record(&detail.field("awsRegion").text()?).ok()? })
}

fn caller(detail: &Node<'_>) -> Caller {
    let session = detail.field("userIdentity").field("sessionContext");
    Caller {
        actor: Actor::read(detail),
        issuer: session.field("sessionIssuer").field("arn").label(),
        source_identity: session.field("sourceIdentity").label(),
        role_delivery: role_delivery(&session.field("ec2RoleDelivery")),
        user_agent: detail.field("userAgent").label(),
        from_console: detail.field("sessionCredentialFromConsole").is_true(),
    }
}

fn role_delivery(node: &Node<'_>) -> Option<RoleDelivery> {
    if node.is_absent() {
        return None;
    }
    Some(match node.number::<f64>() {
        Some(version) if (1.0..2.0).contains(&version) => RoleDelivery::V1,
        Some(version) if (2.0..3.0).contains(&version) => RoleDelivery::V2,
        _ => RoleDelivery::Unknown,
    })
}
