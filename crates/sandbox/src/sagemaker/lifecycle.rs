//! How a notebook moves from one status to the next, and what the bus hears of it.
//!
//! ```text
//! create ─► Pending ─► InService ─stop─► Stopping ─► Stopped ─update─► Updating ─► Stopped
//!              └─► Failed                     start ◄──┴── delete ─► Deleting ─► (gone)
//! ```
//! What `Stopped` allows is allowed from `Failed` too.

use serde_json::{Value, json};

use super::notebook::{Key, Notebook, Status};
use crate::world::World;

/// Puts the notebook into a status, tells the bus, and lets it move on by itself where it does.
pub(super) fn enter(world: &mut World, key: &Key, status: Status) {
    let now = world.now();
    let settings = world.sagemaker.settings.clone();
    let Some(notebook) = world.sagemaker.notebooks.get_mut(key) else { return };
    notebook.status = status;
    notebook.modified = now;
    notebook.generation += 1;
    let generation = notebook.generation;
    announce(world, key, status.id());
    let delay = match status {
        Status::Pending => settings.starting,
        Status::Stopping => settings.stopping,
        Status::Updating => settings.updating,
        Status::Deleting => settings.deleting,
        Status::InService | Status::Stopped | Status::Failed => return,
    };
    let key = key.clone();
    world.after(delay, move |world| move_on(world, &key, generation));
}

/// The end of a transition, unless the notebook went elsewhere meanwhile or hangs.
fn move_on(world: &mut World, key: &Key, generation: u64) {
    let current = world.sagemaker.notebooks.get(key);
    if current.is_some_and(|it| it.generation == generation && it.hang_in != Some(it.status)) {
        arrive(world, key);
    }
}

/// Ends the transition the notebook is in.
pub(super) fn arrive(world: &mut World, key: &Key) {
    let interface = format!("eni-0{}", world.ids.hex(16));
    let Some(notebook) = world.sagemaker.notebooks.get_mut(key) else { return };
    let next = match notebook.status {
        Status::Pending => match notebook.fail_start.take() {
            Some(reason) => fail(notebook, reason),
            None => {
                notebook.starts += 1;
                Status::InService
            }
        },
        Status::Stopping => Status::Stopped,
        Status::Updating => match notebook.fail_update.take() {
            Some(reason) => {
                notebook.pending = None;
                fail(notebook, reason)
            }
            None => {
                if let Some(update) = notebook.pending.take() {
                    (notebook.attributes, notebook.platform, notebook.minimum_version) = *update;
                }
                notebook.failure_reason = None;
                Status::Stopped
            }
        },
        Status::Deleting => {
            announce(world, key, "Deleted");
            world.sagemaker.notebooks.remove(key);
            return;
        }
        Status::InService | Status::Stopped | Status::Failed => return,
    };
    match next {
        Status::InService | Status::Failed if notebook.attributes.subnet.is_some() => {
            notebook.network_interface.get_or_insert(interface);
        }
        _ => notebook.network_interface = None,
    }
    enter(world, key, next);
}

fn fail(notebook: &mut Notebook, reason: String) -> Status {
    notebook.failure_reason = Some(reason);
    Status::Failed
}

fn announce(world: &mut World, key: &Key, status: &str) {
    let Some(notebook) = world.sagemaker.notebooks.get(key) else { return };
    let (place, arn, detail) = (notebook.place.clone(), notebook.arn(), detail(notebook, status));
    for _ in 0..world.sagemaker.settings.notices {
        let kind = "SageMaker Notebook Instance State Change";
        world.publish_notice(&place, "aws.sagemaker", kind, std::slice::from_ref(&arn), detail.clone());
    }
}

/// Times in milliseconds, tags as a map, nothing about IMDS.
/// <https://docs.aws.amazon.com/sagemaker/latest/dg/automating-sagemaker-with-eventbridge.html>
fn detail(notebook: &Notebook, status: &str) -> Value {
    let attributes = &notebook.attributes;
    json!({
        "NotebookInstanceArn": notebook.arn(),
        "NotebookInstanceName": notebook.name,
        "NotebookInstanceStatus": status,
        "FailureReason": notebook.failure_reason.as_deref().unwrap_or_default(),
        "InstanceType": attributes.instance_type,
        "SubnetId": attributes.subnet,
        "SecurityGroups": attributes.security_groups,
        "RoleArn": attributes.role_arn,
        "KmsKeyId": attributes.kms_key,
        "NetworkInterfaceId": notebook.network_interface,
        "NotebookInstanceLifecycleConfigName": attributes.lifecycle_config.as_deref().unwrap_or_default(),
        "LastModifiedTime": notebook.modified.as_millisecond(),
        "CreationTime": notebook.created.as_millisecond(),
        "DirectInternetAccess": attributes.direct_internet,
        "Tags": notebook.tags,
    })
}
