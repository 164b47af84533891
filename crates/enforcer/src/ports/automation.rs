//! Changing instances by the runbooks of AWS.

use std::future::Future;

use v2only_policy::{InstanceId, Place};

use super::Answer;
use crate::automation::Runbook;

/// How far an execution is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Execution {
    /// It runs, or waits: for its turn, for an approval, for a change calendar.
    Going,
    /// It made its changes.
    Succeeded,
    /// It ended otherwise.
    Ended {
        /// AWS's word for how.
        how: String,
        /// What AWS says of it.
        why: String,
    },
}

/// `ssm:StartAutomationExecution`, with the runbooks of [`Runbook`], and `ssm:GetAutomationExecution`.
pub trait RunAutomation {
    /// Starts a runbook on these instances, at most 50, some of them side by side; it stops at the second one that
    /// fails. Answers the id of the execution.
    fn start_automation(
        &self,
        place: &Place,
        runbook: &Runbook,
        ids: &[InstanceId],
    ) -> impl Future<Output = Answer<String>> + Send;

    /// An execution as it is now.
    fn automation(&self, place: &Place, execution: &str) -> impl Future<Output = Answer<Execution>> + Send;
}
