//! Looking on an instance for who calls version 1, by a command of Systems Manager.

use std::future::Future;

use v2only_policy::{InstanceId, Place};

use super::{Answer, Page};
use crate::software::Application;

/// A step of the document; each runs on one platform and is skipped on the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TraceStep {
    /// A shell script.
    Linux,
    /// A PowerShell script.
    Windows,
}

impl TraceStep {
    /// Its name in the document.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Linux => "traceLinux",
            Self::Windows => "traceWindows",
        }
    }
}

/// What to do with the trace of the next boot of an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AtBoot {
    /// Install a unit that traces the next boot and removes itself.
    Install,
    /// Read the result and remove it.
    Collect,
    /// Remove the unit or the result.
    Remove,
}

impl AtBoot {
    /// The value of the parameter `AtBoot` of the document.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Install => "install",
            Self::Collect => "collect",
            Self::Remove => "remove",
        }
    }
}

/// The parameters of the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceOrder {
    /// How long the trace looks on, now or at the next boot.
    pub seconds: u16,
    /// What to do with the trace of the next boot; `None` traces now. A document of an earlier release has no such parameter.
    pub at_boot: Option<AtBoot>,
}

/// How far a step is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// It waits for the instance, or runs.
    Going,
    /// It ran to its end, or was skipped.
    Succeeded,
    /// It ended otherwise; AWS's word for how.
    Ended(String),
}

/// A step on one instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invocation {
    /// How far it is.
    pub progress: Progress,
    /// What it printed, as far as AWS keeps it.
    pub output: String,
    /// What it printed as errors.
    pub errors: String,
}

/// `ssm:ListInventoryEntries`: what Systems Manager knows to be installed. One call per page of 50 applications.
pub trait ReadSoftware {
    /// One page of the applications on an instance. Empty where nothing collects an inventory.
    fn applications(
        &self,
        place: &Place,
        id: &InstanceId,
        next: Option<String>,
    ) -> impl Future<Output = Answer<Page<Application>>> + Send;
}

/// `ssm:SendCommand`, with the document of this product and no other, and `ssm:GetCommandInvocation`.
pub trait RunTrace {
    /// Starts the trace; answers the id of the command.
    fn start_trace(
        &self,
        place: &Place,
        id: &InstanceId,
        order: TraceOrder,
    ) -> impl Future<Output = Answer<String>> + Send;

    /// A step of a command as it is now; `None` if AWS does not show it yet.
    fn trace_step(
        &self,
        place: &Place,
        command: &str,
        id: &InstanceId,
        step: TraceStep,
    ) -> impl Future<Output = Answer<Option<Invocation>>> + Send;
}
