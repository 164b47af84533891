//! `StartNotebookInstance`: a new instance with the latest patches, if the platform still lives.
//!
//! <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_StartNotebookInstance.html>

use serde_json::{Value, json};

use super::input::Input;
use crate::call::Call;
use crate::error::AwsError;
use crate::sagemaker::errors::{platform_ended, unsupported_type, wrong_status};
use crate::sagemaker::lifecycle::enter;
use crate::sagemaker::notebook::Status;
use crate::trail::Trail;
use crate::world::World;

const FROM: &[Status] = &[Status::Stopped, Status::Failed];

pub(super) fn answer(
    world: &mut World,
    call: &Call,
    input: &Input<'_>,
    trail: &mut Trail,
) -> Result<Value, AwsError> {
    trail.request(input.trail());
    input.only(&["NotebookInstanceName"])?;
    let now = world.now();
    let (key, notebook) = input.notebook(world, call)?;
    if !FROM.contains(&notebook.status) {
        return Err(wrong_status(notebook, FROM, Status::Pending));
    }
    let instance_type = &notebook.attributes.instance_type;
    if !notebook.platform.can_start_at(now) {
        return Err(platform_ended(notebook.platform.id()));
    }
    if !notebook.platform.runs_on(instance_type) {
        return Err(unsupported_type(instance_type, notebook.platform.id()));
    }
    notebook.failure_reason = None;
    enter(world, &key, Status::Pending);
    Ok(json!({}))
}
