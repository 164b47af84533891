//! `MinimumInstanceMetadataServiceVersion` of a notebook must be "2".
//!
//! The AWS pages contradict each other on what a notebook gets that was created without it, so a minimum version that
//! was not described counts as "1".

use super::about::{About, Severity, WHY_V1};
use crate::finding::Finding;
use crate::notebook::{MinimumVersion, Notebook};

pub(super) const ABOUT: About = About {
    id: "minimum-version",
    title: "A notebook instance answers IMDSv2 only",
    why: WHY_V1,
    remediation: "Stop the notebook, set its minimum IMDS version to 2, and start it again.",
    severity: Severity::High,
    aws_page: "https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_InstanceMetadataServiceConfiguration.html",
    controls: &[],
};

/// Finds a notebook that answers IMDSv1, or whose minimum version was not described.
pub const fn judge(notebook: &Notebook) -> Option<Finding> {
    match notebook.minimum_version {
        MinimumVersion::Two => None,
        MinimumVersion::One => Some(Finding::MinimumVersion1),
        MinimumVersion::Unknown => Some(Finding::MinimumVersionUnknown),
    }
}
