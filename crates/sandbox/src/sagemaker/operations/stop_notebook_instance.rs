//! `StopNotebookInstance`: ends the instance and keeps the volume.
//!
//! <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_StopNotebookInstance.html>

use serde_json::{Value, json};

use super::input::Input;
use crate::call::Call;
use crate::error::AwsError;
use crate::sagemaker::errors::wrong_status;
use crate::sagemaker::lifecycle::enter;
use crate::sagemaker::notebook::Status;
use crate::trail::Trail;
use crate::world::World;

const FROM: &[Status] = &[Status::InService];

pub(super) fn answer(
    world: &mut World,
    call: &Call,
    input: &Input<'_>,
    trail: &mut Trail,
) -> Result<Value, AwsError> {
    trail.request(input.trail());
    input.only(&["NotebookInstanceName"])?;
    let (key, notebook) = input.notebook(world, call)?;
    if !FROM.contains(&notebook.status) {
        return Err(wrong_status(notebook, FROM, Status::Stopping));
    }
    enter(world, &key, Status::Stopping);
    Ok(json!({}))
}
