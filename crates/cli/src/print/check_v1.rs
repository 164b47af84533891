//! The JSON of `check`. Published: fields are only ever added.

use serde::Serialize;

/// The complete run.
#[derive(Debug, Serialize)]
pub(crate) struct CheckV1 {
    pub(crate) schema: &'static str,
    pub(crate) exit_code: u8,
    pub(crate) files: Vec<FileV1>,
    pub(crate) findings: Vec<FindingV1>,
    pub(crate) skipped: Vec<SkippedV1>,
}

/// A file that was understood.
#[derive(Debug, Serialize)]
pub(crate) struct FileV1 {
    pub(crate) file: String,
    pub(crate) language: &'static str,
}

/// A file that was not.
#[derive(Debug, Serialize)]
pub(crate) struct SkippedV1 {
    pub(crate) file: String,
    pub(crate) why: String,
}

/// Something that would be deployed and should not be.
#[derive(Debug, Serialize)]
pub(crate) struct FindingV1 {
    pub(crate) file: String,
    pub(crate) line: Option<usize>,
    pub(crate) column: Option<usize>,
    pub(crate) resource: String,
    pub(crate) code: &'static str,
    pub(crate) level: &'static str,
    pub(crate) why: String,
    pub(crate) instead: String,
}
