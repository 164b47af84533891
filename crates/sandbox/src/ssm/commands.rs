//! Run Command: commands that are sent to instances, and what tests say comes of them.
//!
//! <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_SendCommand.html>
//! <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetCommandInvocation.html>
//!
//! Nothing runs anywhere: what an instance prints is set from outside. A command takes as long as
//! its parameter
//! `DurationSeconds` says, or no time.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use super::boot_trace;
use super::json::{jiff_seconds, only};
use super::state::{Command, ManagedInstance};
use crate::call::{Answer, Call};
use crate::clock::later;
use crate::error::AwsError;
use crate::identity::Place;
use crate::sandbox::Sandbox;
use crate::trail::Trail;
use crate::world::World;

/// How much of what is printed `GetCommandInvocation` gives.
const OUTPUT_LIMIT: usize = 24_000;
/// A new command is not shown for this long.
const VISIBLE_AFTER: Duration = Duration::from_millis(200);

impl Sandbox {
    /// From now on Systems Manager manages this instance.
    pub fn manage_instance(&self, account: &str, region: &str, id: &str, it: ManagedInstance) {
        manage(&mut self.core().world(), account, region, id, it);
    }

    /// Puts a document of type `Command` there, with these steps and the platform of each.
    pub fn put_command_document(&self, account: &str, region: &str, name: &str, steps: &[(&str, &str)]) {
        let steps =
            steps.iter().map(|(step, platform)| ((*step).to_owned(), (*platform).to_owned())).collect();
        put_document(&mut self.core().world(), account, region, name, steps);
    }
}

pub(crate) fn manage(world: &mut World, account: &str, region: &str, id: &str, it: ManagedInstance) {
    world.ssm.managed.insert((Place::new(account, region), id.to_owned()), it);
}

pub(crate) fn put_document(
    world: &mut World,
    account: &str,
    region: &str,
    name: &str,
    steps: Vec<(String, String)>,
) {
    world.ssm.documents.insert((Place::new(account, region), name.to_owned()), steps);
}

pub(super) fn send(world: &mut World, call: &Call, trail: &mut Trail) -> Result<Answer, AwsError> {
    let request = call.json()?;
    only(
        request,
        &["DocumentName", "InstanceIds", "Parameters", "TimeoutSeconds", "Comment", "DocumentVersion"],
    )?;
    let text = |name: &str| request.get(name).and_then(Value::as_str).unwrap_or_default();
    let ids = request.get("InstanceIds").and_then(Value::as_array).into_iter().flatten();
    let ids: Vec<String> = ids.filter_map(Value::as_str).map(str::to_owned).collect();
    let document = text("DocumentName");
    trail.request(json!({
        "documentName": document, "instanceIds": ids, "comment": text("Comment"),
        "parameters": "HIDDEN_DUE_TO_SECURITY_REASONS",
    }));
    if !(1..=50).contains(&ids.len()) {
        return Err(AwsError::client("ValidationException", "1 to 50 instance ids are expected"));
    }
    let key = (call.place.clone(), document.to_owned());
    if !world.ssm.documents.contains_key(&key) {
        return Err(AwsError::client(
            "InvalidDocument",
            format!("Document with name {document} does not exist."),
        ));
    }
    let unmanaged: Vec<&String> = ids
        .iter()
        .filter(|id| !world.ssm.managed.contains_key(&(call.place.clone(), (*id).clone())))
        .collect();
    if !unmanaged.is_empty() {
        let message =
            format!("Instances {unmanaged:?} not in a valid state for account {}", call.place.account);
        return Err(AwsError::client("InvalidInstanceId", message));
    }
    let parameter = |name: &str| {
        request.pointer(&format!("/Parameters/{name}/0")).and_then(Value::as_str).unwrap_or_default()
    };
    let seconds = parameter("DurationSeconds").parse().unwrap_or(0);
    let (id, sent) = (world.ids.uuid(), world.now());
    let (at_boot, mut printed) = (parameter("AtBoot"), BTreeMap::new());
    for instance in &ids {
        if let Some(text) = boot_trace::order(world, &call.place, instance, at_boot, seconds)? {
            printed.insert(instance.clone(), text);
        }
    }
    // Nothing looks on for a while where the next boot is asked about.
    let looks_on = if matches!(at_boot, "" | "no") { seconds } else { 0 };
    let command = Command {
        place: call.place.clone(),
        document: document.to_owned(),
        instances: ids.clone(),
        comment: text("Comment").to_owned(),
        sent,
        ends: later(sent, Duration::from_secs(looks_on)),
        printed,
    };
    world.ssm.commands.insert(id.clone(), command);
    let answer = json!({ "Command": {
        "CommandId": id, "DocumentName": document, "InstanceIds": ids, "Comment": text("Comment"),
        "Status": "Pending", "StatusDetails": "Pending", "RequestedDateTime": jiff_seconds(sent),
        "TargetCount": ids.len(), "CompletedCount": 0, "ErrorCount": 0, "MaxConcurrency": "50", "MaxErrors": "0",
    }});
    trail.response(json!({ "command": { "commandId": id } }));
    Ok(Answer::Json(answer))
}

pub(super) fn invocation(world: &World, call: &Call) -> Result<Answer, AwsError> {
    let request = call.json()?;
    only(request, &["CommandId", "InstanceId", "PluginName"])?;
    let text = |name: &str| request.get(name).and_then(Value::as_str).unwrap_or_default();
    let (command_id, instance) = (text("CommandId"), text("InstanceId"));
    let now = world.now();
    let command = world.ssm.commands.get(command_id).filter(|command| {
        command.place == call.place
            && command.instances.iter().any(|it| it == instance)
            && later(command.sent, VISIBLE_AFTER) <= now
    });
    let missing = || AwsError::client("InvocationDoesNotExist", "");
    let command = command.ok_or_else(missing)?;
    let managed = world.ssm.managed.get(&(call.place.clone(), instance.to_owned())).ok_or_else(missing)?;
    let steps =
        world.ssm.documents.get(&(call.place.clone(), command.document.clone())).ok_or_else(missing)?;
    let (step, platform) = match (steps.as_slice(), text("PluginName")) {
        ([only], "") => only,
        (all, name) => all.iter().find(|(step, _)| step == name).ok_or_else(|| {
            AwsError::client("InvalidPluginName", format!("{name} is no step of the document"))
        })?,
    };
    let skipped = *platform != managed.platform;
    let (status, output, errors) = if skipped {
        let output = format!("Step execution skipped due to incompatible platform. Step name: {step}");
        ("Success", output, "")
    } else if now < command.ends {
        ("InProgress", String::new(), "")
    } else {
        let output = command.printed.get(instance).unwrap_or(&managed.output);
        (managed.status.as_str(), output.clone(), managed.errors.as_str())
    };
    let code = match status {
        "Success" => 0,
        "InProgress" => -1,
        _ => 1,
    };
    Ok(Answer::Json(json!({
        "CommandId": command_id, "InstanceId": instance, "Comment": command.comment,
        "DocumentName": command.document, "DocumentVersion": "$DEFAULT", "PluginName": step, "ResponseCode": code,
        "ExecutionStartDateTime": command.sent.to_string(), "Status": status, "StatusDetails": status,
        "StandardOutputContent": output.chars().take(OUTPUT_LIMIT).collect::<String>(),
        "StandardErrorContent": errors.chars().take(8_000).collect::<String>(),
        "StandardOutputUrl": "", "StandardErrorUrl": "",
    })))
}
