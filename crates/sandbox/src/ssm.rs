//! Systems Manager: parameters, commands on instances, and the two runbooks of AWS for metadata options.

mod automation;
mod commands;
mod get_parameter;
mod put_parameter;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::call::{Answer, Call};
use crate::error::AwsError;
use crate::identity::Place;
use crate::sandbox::Sandbox;
use crate::trail::Trail;
use crate::world::World;

pub use commands::ManagedInstance;
pub(crate) use commands::{manage, put_document};

/// What Systems Manager has in every account and Region.
#[derive(Debug, Default)]
pub(crate) struct State {
    parameters: BTreeMap<(Place, String), Parameter>,
    managed: BTreeMap<(Place, String), ManagedInstance>,
    documents: BTreeMap<(Place, String), commands::Document>,
    commands: BTreeMap<String, commands::Command>,
    executions: BTreeMap<String, automation::Execution>,
}

/// A parameter, with all its versions, oldest first.
#[derive(Debug)]
struct Parameter {
    kind: String,
    data_type: String,
    versions: Vec<(String, Timestamp)>,
}

pub(crate) fn answer(world: &mut World, call: &Call, trail: &mut Trail) -> Result<Answer, AwsError> {
    match call.action.as_str() {
        "GetParameter" => get_parameter::answer(world, call),
        "PutParameter" => put_parameter::answer(world, call, trail),
        "SendCommand" => commands::send(world, call, trail),
        "StartAutomationExecution" => automation::start(world, call, trail),
        "GetAutomationExecution" => automation::get(world, call),
        "GetCommandInvocation" => commands::invocation(world, call),
        other => Err(AwsError::not_simulated(format!("operation {other} of ssm"))),
    }
}

/// Refuses members that AWS or the sandbox does not know.
fn only(document: &Value, known: &[&str]) -> Result<(), AwsError> {
    let members = document.as_object().into_iter().flatten();
    match members.into_iter().find(|(name, _)| !known.contains(&name.as_str())) {
        Some((name, _)) => Err(AwsError::not_simulated(format!("member {name} of an ssm request"))),
        None => Ok(()),
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

fn describe(place: &Place, name: &str, parameter: &Parameter, version: usize) -> Option<Value> {
    let (value, changed) = parameter.versions.get(version.checked_sub(1)?)?;
    let path = name.strip_prefix('/').unwrap_or(name);
    Some(json!({
        "Name": name,
        "Type": parameter.kind,
        "Value": value,
        "Version": version,
        "LastModifiedDate": jiff_seconds(*changed),
        "ARN": place.arn("ssm", &format!("parameter/{path}")),
        "DataType": parameter.data_type,
    }))
}

/// JSON 1.1 writes times as seconds with a fraction.
#[expect(clippy::cast_precision_loss, reason = "milliseconds of this century fit an f64 exactly")]
fn jiff_seconds(time: Timestamp) -> f64 {
    time.as_millisecond() as f64 / 1000.0
}
