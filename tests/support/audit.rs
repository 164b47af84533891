//! What must hold after every run, whatever happened in it: read off CloudTrail's records and the call log,
//! not off what the functions say.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use v2only_aws::Call;
use v2only_policy::notebook::RESTART_TAG;
use v2only_sandbox::{CallRecord, Sandbox};

/// Whether a caller, by its ARN, is one of the functions, at home or in a member account; or `enforce`; or the
/// scenario itself, where it calls the entry points of the library.
pub fn is_ours(principal: &str) -> bool {
    let sessions = ["/ec2-enforcer-role/", "/notebook-enforcer-role/", "/sweeper-role/", "/v2only-member/"];
    let is_function = sessions.iter().any(|it| principal.contains(it));
    is_function || principal.ends_with(":user/sandbox") || is_operator(principal)
}

/// Whether a caller is the person who runs `enforce`.
fn is_operator(principal: &str) -> bool {
    principal.contains("/operator-role/")
}

/// The calls of the functions.
pub fn our_calls(aws: &Sandbox) -> Vec<CallRecord> {
    aws.calls().into_iter().filter(|it| is_ours(&it.principal)).collect()
}

/// The IAM actions of the functions' calls, each once.
pub fn actions(aws: &Sandbox) -> BTreeSet<String> {
    our_calls(aws).iter().map(action).collect()
}

/// The permission that a call takes: sending a batch takes the same one as sending a message.
fn action(call: &CallRecord) -> String {
    match call.name().as_str() {
        "sqs:SendMessageBatch" => "sqs:SendMessage".to_owned(),
        "sqs:ChangeMessageVisibilityBatch" => "sqs:ChangeMessageVisibility".to_owned(),
        other => other.to_owned(),
    }
}

/// Holds what happened against the invariants, in the order in which it happened; what was checked may be
/// forgotten, and the rest checked later.
#[derive(Debug, Default)]
pub struct Audit {
    /// Instances and notebooks that nobody may touch.
    pub exempt: BTreeSet<String>,
    /// What is known of `HttpEndpoint`.
    endpoints: BTreeMap<String, String>,
    owner_stops: OwnerStops,
}

/// Who stopped which notebook, by ARN.
#[derive(Debug, Default)]
struct OwnerStops {
    /// Ids of events that count already.
    known: BTreeSet<String>,
    /// Notebooks whose mark says that v2only stops them: nobody can tell a stop by their owner from that.
    announced: BTreeSet<String>,
    /// Notebooks that their owner stopped, and nobody started since.
    stopped: BTreeSet<String>,
}

impl OwnerStops {
    fn check(&mut self, detail: &Value, ours: bool) {
        if !self.known.insert(text(&detail["eventID"])) || detail.get("errorCode").is_some() {
            return;
        }
        let request = &detail["requestParameters"];
        let arn = || {
            let [region, account] = ["awsRegion", "recipientAccountId"].map(|it| text(&detail[it]));
            let name = text(&request["notebookInstanceName"]);
            format!("arn:aws:sagemaker:{region}:{account}:notebook-instance/{name}")
        };
        match (detail["eventName"].as_str(), ours) {
            (Some("StopNotebookInstance"), false) if !self.announced.contains(&arn()) => {
                self.stopped.insert(arn());
            }
            (Some("StartNotebookInstance"), true) => {
                assert!(
                    !self.stopped.contains(&arn()),
                    "its owner stopped it, and a function started it: {detail}"
                );
            }
            (Some("StartNotebookInstance" | "DeleteNotebookInstance"), false)
            | (Some("StopNotebookInstance"), true) => {
                self.stopped.remove(&arn());
            }
            (Some("AddTags"), true) => {
                let arn = text(&request["resourceArn"]);
                let tags = request["tags"].as_array().into_iter().flatten();
                for mark in tags.filter(|it| it["key"] == RESTART_TAG).filter_map(|it| it["value"].as_str()) {
                    if mark.starts_with(|it: char| it.is_ascii_digit()) {
                        self.stopped.remove(&arn);
                        self.announced.insert(arn.clone());
                    } else {
                        self.announced.remove(&arn);
                    }
                }
            }
            (Some("DeleteTags"), true) if request["tagKeys"].to_string().contains(RESTART_TAG) => {
                self.announced.remove(&text(&request["resourceArn"]));
            }
            _ => {}
        }
    }
}

impl Audit {
    /// Checks everything that the sandbox remembers.
    ///
    /// # Panics
    /// When an invariant is broken.
    pub fn check(&mut self, aws: &Sandbox) {
        let declared: BTreeSet<&str> = Call::ALL.iter().map(|it| it.iam_action()).collect();
        for action in actions(aws) {
            assert!(declared.contains(action.as_str()), "{action} is called and not declared");
        }
        for event in aws.events() {
            self.check_event(&event["detail"]);
        }
    }

    fn check_event(&mut self, detail: &Value) {
        let request = &detail["requestParameters"];
        let caller = detail["userIdentity"]["arn"].as_str();
        let ours = caller.is_some_and(is_ours);
        let failed = detail.get("errorCode").is_some();
        self.owner_stops.check(detail, ours);
        match detail["eventName"].as_str() {
            Some("RunInstances") if !failed => {
                assert!(!ours, "a function launched something: {detail}");
                let items = detail["responseElements"]["instancesSet"]["items"].as_array();
                for item in items.into_iter().flatten() {
                    let endpoint = item["metadataOptions"]["httpEndpoint"].as_str();
                    let endpoint = endpoint.unwrap_or_default().to_owned();
                    self.endpoints.insert(text(&item["instanceId"]), endpoint);
                }
            }
            Some("ModifyInstanceMetadataOptions") => {
                let request = &request["ModifyInstanceMetadataOptionsRequest"];
                let id = text(&request["InstanceId"]);
                if ours {
                    check_change(&id, request, self.endpoints.get(&id).map(String::as_str));
                    self.untouched(&id, request);
                }
                if let (false, Some(endpoint)) = (failed, request["HttpEndpoint"].as_str()) {
                    self.endpoints.insert(id, endpoint.to_owned());
                }
            }
            Some("UpdateNotebookInstance") if ours => {
                let version = &request["instanceMetadataServiceConfiguration"];
                let version = &version["minimumInstanceMetadataServiceVersion"];
                assert_eq!(version, "2", "a function may only request version 2: {request}");
                self.untouched(&text(&request["notebookInstanceName"]), request);
            }
            Some("StopNotebookInstance" | "StartNotebookInstance") if ours => {
                self.untouched(&text(&request["notebookInstanceName"]), request);
            }
            Some("CreateTags" | "AddTags" | "DeleteTags") if ours => check_tags(request),
            Some("CreateLaunchTemplateVersion" | "ModifyLaunchTemplate")
                if caller.is_some_and(is_operator) => {}
            Some("ModifyInstanceMetadataDefaults") if caller.is_some_and(is_operator) => {
                let tokens = &request["ModifyInstanceMetadataDefaultsRequest"]["HttpTokens"];
                assert_eq!(tokens, "required", "`enforce` may only tighten: {request}");
            }
            Some(other) if ours => panic!("no function may do this: {other}"),
            _ => {}
        }
    }

    fn untouched(&self, id: &str, request: &Value) {
        assert!(!self.exempt.contains(id), "{id} is exempt and was touched: {request}");
    }
}

fn check_change(id: &str, request: &Value, endpoint: Option<&str>) {
    let asked = |name: &str| request[name].as_str();
    match (asked("HttpTokens"), asked("HttpEndpoint")) {
        (Some("required"), Some("enabled")) => {
            assert_ne!(endpoint, Some("disabled"), "{id} was switched off and would be switched on");
        }
        (None, Some("disabled")) => {}
        _ => panic!("a function may only tighten: {request}"),
    }
}

/// Only tags of this product.
fn check_tags(request: &Value) {
    let mut keys = Vec::new();
    collect_keys(request, &mut keys);
    assert!(!keys.is_empty(), "a change of tags names no key: {request}");
    for key in keys {
        assert!(key.starts_with("v2only:"), "a function changed the tag `{key}`");
    }
}

/// Every tag key in a request, in whichever of AWS's shapes.
fn collect_keys(value: &Value, keys: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                match (name.as_str(), value) {
                    ("key", Value::String(key)) => keys.push(key.clone()),
                    ("tagKeys", Value::Array(all)) => {
                        keys.extend(all.iter().filter_map(Value::as_str).map(str::to_owned));
                    }
                    _ => collect_keys(value, keys),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|it| collect_keys(it, keys)),
        _ => {}
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
