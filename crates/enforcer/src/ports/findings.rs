//! Findings in Security Hub.

use std::future::Future;

use serde_json::Value;
use v2only_policy::Place;

use super::Answer;

/// A finding that is there already, as far as it takes to close it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownFinding {
    /// Its id.
    pub id: String,
    /// What generated it.
    pub generator: String,
    /// Its title.
    pub title: String,
    /// Its description.
    pub description: String,
    /// When it came to be.
    pub created_at: String,
    /// Type and id of each resource it is about.
    pub resources: Vec<(String, String)>,
}

/// A finding that Security Hub did not take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedFinding {
    /// Its id.
    pub id: String,
    /// AWS's error code.
    pub code: String,
    /// What AWS said.
    pub message: String,
}

/// A finding of one of AWS's own controls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ControlFinding {
    /// Its id.
    pub id: String,
    /// The ARN of the product that owns the finding.
    pub product: String,
    /// The control, such as `EC2.8`.
    pub control: String,
    /// The id of each resource the finding is about, usually an ARN.
    pub resources: Vec<String>,
    /// `PASSED`, `FAILED`, `WARNING` or `NOT_AVAILABLE`.
    pub compliance: String,
    /// `NEW`, `NOTIFIED`, `SUPPRESSED` or `RESOLVED`.
    pub workflow: String,
    /// The note of a customer, and who wrote the note.
    pub note: Option<(String, String)>,
}

/// `securityhub:GetFindings`, of AWS's own controls. One call per 100 findings.
pub trait ReadControls {
    /// The active findings of these controls about the account and Region.
    fn control_findings(
        &self,
        place: &Place,
        controls: &[&str],
    ) -> impl Future<Output = Answer<Vec<ControlFinding>>> + Send;
}

/// `securityhub:BatchUpdateFindings`, of the workflow status and the note. Repeating a call is harmless.
pub trait UpdateFindings {
    /// Sets both of at most 100 findings; gives those that were not updated.
    fn set_workflow(
        &self,
        place: &Place,
        findings: &[&ControlFinding],
        status: &str,
        note: (&str, &str),
    ) -> impl Future<Output = Answer<Vec<RefusedFinding>>> + Send;
}

/// `securityhub:GetFindings`. One call per 100 findings.
pub trait ReadFindings {
    /// The active findings of a place that are about its account and Region, and whose generators begin like this.
    fn active_findings(
        &self,
        place: &Place,
        generators: &str,
    ) -> impl Future<Output = Answer<Vec<KnownFinding>>> + Send;
}

/// `securityhub:BatchImportFindings`. Importing a finding again updates it.
pub trait ImportFindings {
    /// Sends a document `{"Findings": […]}` in AWS Security Finding Format, of at most 100, as it is; gives those that
    /// were not taken.
    fn import_findings(
        &self,
        place: &Place,
        document: &Value,
    ) -> impl Future<Output = Answer<Vec<RefusedFinding>>> + Send;
}
