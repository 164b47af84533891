//! The API operations, one file each.

mod add_tags;
mod create_notebook_instance;
mod delete_notebook_instance;
mod delete_tags;
mod describe_notebook_instance;
mod input;
mod list_notebook_instances;
mod list_tags;
mod start_notebook_instance;
mod stop_notebook_instance;
mod update_notebook_instance;

use serde_json::Value;

use crate::call::{Answer, Call};
use crate::core::Core;
use crate::error::AwsError;
use crate::trail::Trail;
use crate::world::World;
use input::Input;

type Operation = fn(&mut World, &Call, &Input<'_>, &mut Trail) -> Result<Value, AwsError>;

/// Answers one call.
pub(crate) fn answer(core: &Core, call: &Call) -> Result<Answer, AwsError> {
    let input = Input::new(call.json()?)?;
    let operation: Operation = match call.action.as_str() {
        "CreateNotebookInstance" => create_notebook_instance::answer,
        "DescribeNotebookInstance" => describe_notebook_instance::answer,
        "ListNotebookInstances" => list_notebook_instances::answer,
        "UpdateNotebookInstance" => update_notebook_instance::answer,
        "StartNotebookInstance" => start_notebook_instance::answer,
        "StopNotebookInstance" => stop_notebook_instance::answer,
        "DeleteNotebookInstance" => delete_notebook_instance::answer,
        "AddTags" => add_tags::answer,
        "DeleteTags" => delete_tags::answer,
        "ListTags" => list_tags::answer,
        other => return Err(AwsError::not_simulated(format!("operation {other} of sagemaker"))),
    };
    core.run(call, |world, trail| operation(world, call, &input, trail).map(Answer::Json))
}
