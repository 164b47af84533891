//! What Systems Manager knows, per account and Region.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::execution::Execution;
use crate::identity::Place;

/// What Systems Manager has in every account and Region.
#[derive(Debug, Default)]
pub(crate) struct State {
    pub(super) parameters: BTreeMap<(Place, String), Parameter>,
    pub(super) managed: BTreeMap<(Place, String), ManagedInstance>,
    pub(super) documents: BTreeMap<(Place, String), Document>,
    pub(super) commands: BTreeMap<String, Command>,
    pub(super) boot_traces: BTreeMap<(Place, String), BootTrace>,
    pub(super) executions: BTreeMap<String, Execution>,
    /// The requests that started executions, and these, by client token.
    pub(super) started: BTreeMap<(Place, String), (Value, String)>,
}

/// A parameter, with all its versions, oldest first.
#[derive(Debug)]
pub(super) struct Parameter {
    pub(super) kind: String,
    pub(super) data_type: String,
    pub(super) versions: Vec<(String, Timestamp)>,
}

/// What an instance that Systems Manager manages does with a command.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManagedInstance {
    /// `Linux` or `Windows`.
    pub platform: String,
    /// How a command ends: `Success`, `Failed`, `TimedOut`, ….
    #[serde(default = "success")]
    pub status: String,
    /// What it prints.
    #[serde(default)]
    pub output: String,
    /// What it prints as errors.
    #[serde(default)]
    pub errors: String,
    /// What the inventory lists as installed: names and versions.
    #[serde(default)]
    pub applications: Vec<(String, String)>,
}

fn success() -> String {
    "Success".to_owned()
}

/// A unit that traces the next boot of an instance.
#[derive(Debug, Clone, Copy)]
pub(super) struct BootTrace {
    pub(super) installed: Timestamp,
    /// How long the unit looks on.
    pub(super) seconds: u64,
}

/// A document of type `Command`: its steps, each with the platform it runs on.
pub(super) type Document = Vec<(String, String)>;

/// A command that was sent.
#[derive(Debug, Clone)]
pub(super) struct Command {
    pub(super) place: Place,
    pub(super) document: String,
    pub(super) instances: Vec<String>,
    pub(super) comment: String,
    pub(super) sent: Timestamp,
    pub(super) ends: Timestamp,
    /// What instances print that have a trace at boot, or were asked about one.
    pub(super) printed: BTreeMap<String, String>,
}
