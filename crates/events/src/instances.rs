//! Instances that were started, changed their state, or had their metadata options changed.

use v2only_policy::{InstanceId, InstanceState};

use crate::json::Node;
use crate::options;
use crate::{Ignored, Malformed, Stop, Subject};

/// `StartInstances`. The response repeats what the request names; either may have been omitted.
pub(crate) fn started(
    request: &Node<'_>,
    response: &Node<'_>,
    unreadable: &mut Vec<Malformed>,
) -> Result<Subject, Stop> {
    let mut ids: Vec<InstanceId> = Vec::new();
    let asked = request.field("instancesSet");
    for entry in asked.entries().iter().chain(&response.field("instancesSet").entries()) {
        match id_in(entry) {
            Ok(id) if ids.contains(&id) => {}
            Ok(id) => ids.push(id),
            Err(error) => unreadable.push(error),
        }
    }
    if ids.is_empty() {
        let error = unreadable.first().cloned();
        return Err(error.unwrap_or_else(|| asked.malformed("a list of instances")).into());
    }
    Ok(Subject::Started { ids })
}

/// `ModifyInstanceMetadataOptions`.
pub(crate) fn options_modified(request: &Node<'_>, response: &Node<'_>) -> Result<Subject, Stop> {
    let asked = request.field("InstanceId");
    let answered = response.field("instanceId");
    let id = if asked.is_absent() && !answered.is_absent() { answered.id()? } else { asked.id()? };
    Ok(Subject::OptionsModified { id, requested: options::requested(request) })
}

/// `EC2 Instance State-change Notification`.
pub(crate) fn state_changed(detail: &Node<'_>) -> Result<Subject, Stop> {
    let id = detail.field("instance-id").id()?;
    let state = detail.field("state");
    let word = state.label().ok_or_else(|| state.malformed("the state of an instance"))?;
    let state = match word.as_str() {
        "running" => InstanceState::Running,
        "stopped" => InstanceState::Stopped,
        _ => return Err(Ignored::InstanceState { id, state: word }.into()),
    };
    Ok(Subject::InstanceStateChanged { id, state, word })
}

/// `EC2 Spot Instance Request Fulfillment`.
pub(crate) fn spot_fulfilled(detail: &Node<'_>) -> Result<Subject, Stop> {
    Ok(Subject::SpotFulfilled { id: detail.field("instance-id").id()? })
}

/// The id in an entry of an `instancesSet`.
pub(crate) fn id_in(entry: &Node<'_>) -> Result<InstanceId, Malformed> {
    if entry.is_object() { entry.field("instanceId").id() } else { entry.id() }
}
