//! An Automation execution and its steps.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::clock::later;
use crate::identity::Place;

const DURATION: Duration = Duration::from_secs(1);

/// An execution, and how it will have ended.
#[derive(Debug, Clone)]
pub(super) struct Execution {
    pub(super) place: Place,
    pub(super) document: String,
    pub(super) started: Timestamp,
    pub(super) ends: Timestamp,
    pub(super) counts: (usize, usize),
    pub(super) failed: bool,
    pub(super) failure: Option<String>,
    /// Of an execution that another one started.
    pub(super) parent: Option<String>,
    /// Of one that works on a single instance.
    pub(super) target: Option<String>,
    /// Of one for several accounts and Regions.
    pub(super) steps: Vec<Step>,
}

impl Execution {
    /// One that starts now, whose targets came out so.
    pub(super) fn of(
        started: Timestamp,
        place: &Place,
        document: &str,
        done: usize,
        failures: &[String],
    ) -> Self {
        Self {
            place: place.clone(),
            document: document.to_owned(),
            started,
            ends: later(started, DURATION),
            counts: (done, failures.len()),
            failed: !failures.is_empty(),
            failure: (!failures.is_empty()).then(|| failures.join("; ")),
            parent: None,
            target: None,
            steps: Vec::new(),
        }
    }

    pub(super) fn status(&self, now: Timestamp) -> &'static str {
        match (now < self.ends, self.failed) {
            (true, _) => "InProgress",
            (false, true) => "Failed",
            (false, false) => "Success",
        }
    }
}

/// What came of one account and Region.
#[derive(Debug, Clone)]
pub(super) struct Step {
    pub(super) place: Place,
    pub(super) role: String,
    pub(super) id: String,
    pub(super) child: Option<String>,
    pub(super) failure: Option<String>,
}

impl Step {
    pub(super) fn describe(&self, ended: bool) -> Value {
        let status = match (&self.failure, ended) {
            (_, false) => "InProgress",
            (Some(_), true) => "Failed",
            (None, true) => "Success",
        };
        let Place { account, region } = &self.place;
        let mut step = json!({
            "StepName": format!("{account}-{region}"), "StepExecutionId": self.id, "StepStatus": status,
            "TargetLocation": { "Accounts": [account], "Regions": [region], "ExecutionRoleName": self.role },
        });
        let Some(members) = step.as_object_mut() else { return step };
        if let Some(child) = &self.child {
            members.insert("Outputs".to_owned(), json!({ "AutomationExecutionId": [child] }));
        }
        if let (Some(failure), true) = (&self.failure, ended) {
            members.insert("FailureMessage".to_owned(), Value::from(failure.as_str()));
        }
        step
    }
}
