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
