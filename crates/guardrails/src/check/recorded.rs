//! Recorded calls as the requests that IAM would be asked.
//!
//! A record of CloudTrail does not hold every condition key. What the record does not tell stays open, and a policy that
//! decides by an open key has no answer. Where AWS documents no value of a key, the call is asked once for each
//! possible value.
//!
//! Sources: AWS CloudTrail User Guide, "CloudTrail record contents" and "CloudTrail userIdentity element"; Service
//! Authorization Reference, "Actions, resources, and condition keys for Amazon EC2".

mod launch;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use v2only_policy::{Partition, Region};

use super::evaluate::Request;
use super::names;

/// The prefixes of keys that every record tells completely: a key that is not in the request was not in the call. The other
/// lists add what the records of some actions tell as well.
const ALWAYS: &[&str] =
    &["aws:principalarn", "aws:principalaccount", "aws:requestedregion", "ec2:roledelivery"];

/// A change of metadata options, of an instance or by default.
const CHANGE: &[&str] =
    &["aws:principalarn", "aws:principalaccount", "aws:requestedregion", "ec2:roledelivery", "ec2:attribute"];

/// A notebook, a launch configuration or an infrastructure configuration.
const CREATE: &[&str] = &[
    "aws:principalarn",
    "aws:principalaccount",
    "aws:requestedregion",
    "ec2:roledelivery",
    "sagemaker:minimum",
    "autoscaling:metadata",
    "imagebuilder:ec2metadata",
];

/// Who made a call, as far as policies bind the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caller {
    /// A user or a role.
    Principal,
    /// A service-linked role, or a service itself: no service control policy and no resource control policy binds it.
    Service,
}

/// One recorded call that AWS allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedCall {
    /// For example `ec2:RunInstances`.
    pub action: String,
    /// The ARN of the user or role; the name of the service where a service called by itself.
    pub principal: String,
    /// What kind of caller it is.
    pub caller: Caller,
    /// Twelve digits.
    pub account: String,
    /// The time as it is written, which sorts as text.
    pub time: String,
    /// The id of the record.
    pub id: String,
    /// The requests that IAM is asked, once for each reading of the record. Usually one.
    pub readings: Vec<Vec<Request>>,
    /// The keys in which the readings differ.
    pub open: BTreeSet<String>,
}

/// Why a record is no call that a policy could have denied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum NoCall {
    /// AWS refused it already.
    Failed,
    /// An event of a service, a sign-in, or something else that is no API call.
    NotApi,
    /// A field is missing without which nothing can be said.
    Incomplete,
}

/// Reads a record of CloudTrail, bare or in the envelope of EventBridge.
///
/// # Errors
/// The record is no call that a policy could have denied.
pub fn read(record: &Value) -> Result<RecordedCall, NoCall> {
    let record = record.get("detail").filter(|it| it.is_object()).unwrap_or(record);
    let text = |pointer: &str| record.pointer(pointer).and_then(Value::as_str).filter(|it| !it.is_empty());
    if text("/eventType").is_some_and(|it| it != "AwsApiCall") {
        return Err(NoCall::NotApi);
    }
    if text("/errorCode").is_some_and(|it| !it.ends_with("DryRunOperation")) {
        return Err(NoCall::Failed);
    }
    let source = text("/eventSource").ok_or(NoCall::Incomplete)?;
    let name = text("/eventName").ok_or(NoCall::Incomplete)?;
    let (principal, caller) = principal(record).ok_or(NoCall::Incomplete)?;
    let account = text("/recipientAccountId").or_else(|| text("/userIdentity/accountId"));
    let call = Call {
        record,
        action: action(source, name),
        region: text("/awsRegion").ok_or(NoCall::Incomplete)?,
        account: account.ok_or(NoCall::Incomplete)?,
        principal: &principal,
    };
    let (readings, open) = call.readings();
    Ok(RecordedCall {
        action: call.action.clone(),
        principal: principal.clone(),
        caller,
        account: call.account.to_owned(),
        time: text("/eventTime").unwrap_or_default().to_owned(),
        id: text("/eventID").unwrap_or_default().to_owned(),
        readings,
        open,
    })
}

/// The role behind a session, the user, or the service that called by itself.
fn principal(record: &Value) -> Option<(String, Caller)> {
    let text = |pointer: &str| record.pointer(pointer).and_then(Value::as_str).filter(|it| !it.is_empty());
    if text("/userIdentity/type") == Some("AWSService") {
        return Some((
            text("/userIdentity/invokedBy").unwrap_or("an AWS service").to_owned(),
            Caller::Service,
        ));
    }
    let arn = text("/userIdentity/sessionContext/sessionIssuer/arn").or_else(|| text("/userIdentity/arn"))?;
    let service = arn.contains(":role/aws-service-role/");
    Some((arn.to_owned(), if service { Caller::Service } else { Caller::Principal }))
}

/// The action as IAM calls it. Services are named by the first label of the event source, with few exceptions.
fn action(source: &str, name: &str) -> String {
    let service = source.split('.').next().unwrap_or(source);
    let service = match service {
        "monitoring" => "cloudwatch",
        "tagging" => "tag",
        other => other,
    };
    let action = format!("{service}:{name}");
    // Some names of events carry the version of the API.
    let known = |wanted: &str| names::actions().find(|it| it.eq_ignore_ascii_case(wanted)).map(str::to_owned);
    let bare = action.trim_end_matches(|it: char| it.is_ascii_digit() || it == '_' || it == 'v');
    known(&action).or_else(|| known(bare)).unwrap_or(action)
}

type Context = BTreeMap<String, Vec<String>>;
type Readings = (Vec<Vec<Request>>, BTreeSet<String>);

/// A call that is being read.
struct Call<'a> {
    record: &'a Value,
    action: String,
    region: &'a str,
    account: &'a str,
    principal: &'a str,
}

impl Call<'_> {
    fn field(&self, pointer: &str) -> Option<&Value> {
        self.record.pointer(pointer).filter(|it| !it.is_null())
    }

    fn text(&self, pointer: &str) -> Option<String> {
        self.field(pointer).and_then(word)
    }

    /// The keys of every call.
    fn global(&self) -> Context {
        let mut context = Context::new();
        let mut set = |key: &str, value: Option<String>| {
            if let Some(value) = value {
                context.insert(key.to_owned(), vec![value]);
            }
        };
        set("aws:principalarn", Some(self.principal.to_owned()));
        set(
            "aws:principalaccount",
            self.text("/userIdentity/accountId").or_else(|| Some(self.account.to_owned())),
        );
        set("aws:requestedregion", Some(self.region.to_owned()));
        set("aws:useragent", self.text("/userAgent"));
        // A call that a service makes for somebody shows the name of the service.
        let address = self.text("/sourceIPAddress").filter(|it| it.parse::<std::net::IpAddr>().is_ok());
        set("aws:sourceip", address);
        set("ec2:roledelivery", self.text("/userIdentity/sessionContext/ec2RoleDelivery"));
        context
    }

    fn request(&self, resource: String, context: Context, known: &'static [&'static str]) -> Request {
        Request { action: self.action.clone(), resource, context, known }
    }

    fn arn(&self, service: &str, resource: &str) -> String {
        let partition = Region::parse(self.region).map_or(Partition::Aws, |it| it.partition()).as_str();
        let foreign = resource.starts_with("image/") || resource.starts_with("snapshot/");
        let account = if foreign { "" } else { self.account };
        format!("arn:{partition}:{service}:{}:{account}:{resource}", self.region)
    }

    fn readings(&self) -> Readings {
        let only = |requests: Vec<Request>| (vec![requests], BTreeSet::new());
        match self.action.as_str() {
            "ec2:RunInstances" => self.launch(),
            "ec2:ModifyInstanceMetadataOptions" => {
                let under = self.under(&["ModifyInstanceMetadataOptionsRequest"]);
                only(self.on_instances(&under, &attributes(&under), CHANGE))
            }
            "ec2:ModifyInstanceMetadataDefaults" => {
                let under = self.under(&["ModifyInstanceMetadataDefaultsRequest"]);
                let context = self.with(&attributes(&under));
                only(vec![self.request("*".to_owned(), context, CHANGE)])
            }
            "ec2:StartInstances" | "ec2:AssociateIamInstanceProfile" => {
                let under = self.under(&["AssociateIamInstanceProfileRequest"]);
                only(self.on_instances(&under, &[], ALWAYS))
            }
            "sagemaker:CreateNotebookInstance" | "sagemaker:UpdateNotebookInstance" => {
                let version = self.text(
                    "/requestParameters/instanceMetadataServiceConfiguration/minimumInstanceMetadataServiceVersion",
                );
                let name = self.text("/requestParameters/notebookInstanceName").unwrap_or_default();
                let arn = self.arn("sagemaker", &format!("notebook-instance/{}", name.to_lowercase()));
                let key = "sagemaker:minimuminstancemetadataserviceversion";
                let stated: Vec<_> = version.map(|it| (key.to_owned(), it)).into_iter().collect();
                only(vec![self.request(arn, self.with(&stated), CREATE)])
            }
            "autoscaling:CreateLaunchConfiguration" => {
                let name = self.text("/requestParameters/launchConfigurationName").unwrap_or_default();
                let resource = format!("launchConfiguration:*:launchConfigurationName/{name}");
                let options = self.field("/requestParameters/metadataOptions");
                let stated = stated(options, "autoscaling:metadata");
                let arn = self.arn("autoscaling", &resource);
                only(vec![self.request(arn, self.with(&stated), CREATE)])
            }
            "imagebuilder:CreateInfrastructureConfiguration"
            | "imagebuilder:UpdateInfrastructureConfiguration" => {
                let options = self.field("/requestParameters/instanceMetadataOptions");
                let stated = stated(options, "imagebuilder:ec2metadata");
                let arn = self.arn("imagebuilder", "infrastructure-configuration/*");
                only(vec![self.request(arn, self.with(&stated), CREATE)])
            }
            _ => only(vec![self.request(self.resource(), self.global(), ALWAYS)]),
        }
    }

    /// The resource that the record names, empty if the record names none or several.
    fn resource(&self) -> String {
        let listed = self.field("/resources").and_then(Value::as_array);
        let arns = listed.into_iter().flatten().filter_map(|it| it.get("ARN").and_then(Value::as_str));
        let arns: Vec<&str> = arns.collect();
        match arns.as_slice() {
            [only] => (*only).to_owned(),
            _ => String::new(),
        }
    }

    /// The request parameters, which some actions wrap once more.
    fn under(&self, wrappers: &[&str]) -> Value {
        let parameters = self.field("/requestParameters").cloned().unwrap_or(Value::Null);
        wrappers.iter().find_map(|it| parameters.get(*it)).cloned().unwrap_or(parameters)
    }

    fn with(&self, stated: &[(String, String)]) -> Context {
        let mut context = self.global();
        for (key, value) in stated {
            context.entry(key.clone()).or_default().push(value.clone());
        }
        context
    }

    /// One request for each instance that the call names.
    fn on_instances(
        &self,
        under: &Value,
        stated: &[(String, String)],
        known: &'static [&'static str],
    ) -> Vec<Request> {
        let one = ["InstanceId", "instanceId"].iter().find_map(|it| under.get(*it)).and_then(Value::as_str);
        let set = under.pointer("/instancesSet/items").and_then(Value::as_array);
        let items = set.into_iter().flatten().filter_map(|it| it.get("instanceId").and_then(Value::as_str));
        let ids: Vec<&str> = one.into_iter().chain(items).collect();
        let request = |resource| self.request(resource, self.with(stated), known);
        if ids.is_empty() {
            return vec![request(String::new())];
        }
        ids.into_iter().map(|id| request(self.arn("ec2", &format!("instance/{id}")))).collect()
    }
}

/// `ec2:Attribute/…` of the options that a change asks for.
fn attributes(under: &Value) -> Vec<(String, String)> {
    let fields = under.as_object().into_iter().flatten();
    let asked = fields.filter(|(name, _)| name.starts_with("Http") || name.starts_with("http"));
    let asked = asked.filter_map(|(name, value)| Some((name, word(value)?)));
    asked.map(|(name, value)| (format!("ec2:attribute/{}", name.to_ascii_lowercase()), value)).collect()
}

/// The keys of a family for the options that a call states.
fn stated(options: Option<&Value>, family: &str) -> Vec<(String, String)> {
    let fields = options.and_then(Value::as_object).into_iter().flatten();
    let words = fields.filter_map(|(name, value)| Some((name, word(value)?)));
    words.map(|(name, value)| (format!("{family}{}", name.to_ascii_lowercase()), value)).collect()
}

/// A text, a number or a truth, as conditions compare it.
fn word(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(is) => Some(is.to_string()),
        _ => None,
    }
}
