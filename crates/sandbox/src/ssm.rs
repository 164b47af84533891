//! Systems Manager: parameters, commands on instances and their inventory, and the two runbooks of AWS for metadata
//! options.

mod automation;
mod boot_trace;
mod commands;
mod execution;
mod get_parameter;
mod inventory;
mod json;
mod put_parameter;
mod state;

use crate::call::{Answer, Call};
use crate::error::AwsError;
use crate::identity::Place;
use crate::sandbox::Sandbox;
use crate::trail::Trail;
use crate::world::World;
use state::Parameter;

pub(crate) use commands::{manage, put_document};
pub use state::ManagedInstance;
pub(crate) use state::State;

pub(crate) fn answer(world: &mut World, call: &Call, trail: &mut Trail) -> Result<Answer, AwsError> {
    match call.action.as_str() {
        "GetParameter" => get_parameter::answer(world, call),
        "PutParameter" => put_parameter::answer(world, call, trail),
        "SendCommand" => commands::send(world, call, trail),
        "StartAutomationExecution" => automation::start(world, call, trail),
        "GetAutomationExecution" => automation::get(world, call),
        "GetCommandInvocation" => commands::invocation(world, call),
        "ListInventoryEntries" => inventory::entries(world, call),
        other => Err(AwsError::not_simulated(format!("operation {other} of ssm"))),
    }
}

impl Sandbox {
    /// Writes a `String` parameter from outside, without a call or an event.
    pub fn put_parameter(&self, account: &str, region: &str, name: &str, value: &str) {
        let mut world = self.core().world();
        let now = world.now();
        let key = (Place::new(account, region), name.to_owned());
        let parameter = world.ssm.parameters.entry(key).or_insert_with(|| Parameter {
            kind: "String".to_owned(),
            data_type: "text".to_owned(),
            versions: Vec::new(),
        });
        parameter.versions.push((value.to_owned(), now));
    }
}
