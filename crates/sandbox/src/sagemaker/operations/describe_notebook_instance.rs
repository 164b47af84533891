//! `DescribeNotebookInstance`.
//!
//! <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeNotebookInstance.html>

use serde_json::Value;

use super::input::Input;
use crate::call::Call;
use crate::error::AwsError;
use crate::sagemaker::view::description;
use crate::trail::Trail;
use crate::world::World;

pub(super) fn answer(
    world: &mut World,
    call: &Call,
    input: &Input<'_>,
    _trail: &mut Trail,
) -> Result<Value, AwsError> {
    input.only(&["NotebookInstanceName"])?;
    let (_, notebook) = input.notebook(world, call)?;
    Ok(description(notebook))
}
