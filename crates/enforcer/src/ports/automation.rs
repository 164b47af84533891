//! Changing instances by the runbooks of AWS.

use std::collections::BTreeMap;
use std::future::Future;

use v2only_policy::{InstanceId, Place};

use super::Answer;
use crate::automation::Runbook;

/// How far an execution is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Execution {
    /// It runs, or waits: for its turn, for an approval, for a change calendar.
    Going,
    /// It made its changes, or as many of them as it was asked to make in any case.
    Succeeded {
        /// Where it did not, as far as AWS says so, and why.
        missed: BTreeMap<Place, String>,
    },
    /// It ended otherwise.
    Ended {
        /// AWS's word for how.
        how: String,
        /// What AWS says of it.
        why: String,
        /// The same of single places, as far as AWS says so.
        missed: BTreeMap<Place, String>,
    },
}

/// What one execution is to work on at several places.
#[derive(Debug)]
pub struct Locations<'a> {
    /// The name of the role that runbooks take on in each account.
    pub role: &'a str,
    /// How many places are worked on side by side.
    pub side_by_side: usize,
    /// How many places may fail before it goes on to no other; `None`: all.
    pub may_fail: Option<usize>,
    /// Each place once, at most 100, with at most 50 instances each.
    pub at: Vec<(Place, Vec<InstanceId>)>,
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

    /// The same at several places, in one execution of the central one. The administration role that the runbook is told
    /// takes on the role of each account. [`Kind::Invalid`](crate::Kind::Invalid) says that AWS does not take it in this
    /// form, and started nothing.
    fn start_automation_at(
        &self,
        central: &Place,
        runbook: &Runbook,
        locations: &Locations<'_>,
    ) -> impl Future<Output = Answer<String>> + Send;

    /// An execution as it is now, asked for where it was started.
    fn automation(&self, place: &Place, execution: &str) -> impl Future<Output = Answer<Execution>> + Send;
}
