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
    pub(crate) suppressed: Vec<SuppressedV1>,
    pub(crate) unread: Vec<UnreadV1>,
}

/// A file that was understood.
#[derive(Debug, Serialize)]
pub(crate) struct FileV1 {
    pub(crate) file: String,
    pub(crate) language: &'static str,
    /// Resources whose switch is compared with the requirement.
    pub(crate) judged: usize,
    /// Resources that something outside of the file decides.
    pub(crate) named: usize,
    /// Resources of types without a metadata switch.
    pub(crate) other: usize,
}

/// A file that was not.
#[derive(Debug, Serialize)]
pub(crate) struct SkippedV1 {
    pub(crate) file: String,
    pub(crate) why: String,
}

/// A file that could not be read.
#[derive(Debug, Serialize)]
pub(crate) struct UnreadV1 {
    pub(crate) file: String,
    pub(crate) why: String,
    pub(crate) hint: Option<String>,
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

/// A finding that the file excuses.
#[derive(Debug, Serialize)]
pub(crate) struct SuppressedV1 {
    #[serde(flatten)]
    pub(crate) finding: FindingV1,
    pub(crate) until: String,
    pub(crate) reason: String,
}

/// The resource types with a metadata switch.
#[derive(Debug, Serialize)]
pub(crate) struct TypesV1 {
    pub(crate) schema: &'static str,
    pub(crate) exit_code: u8,
    pub(crate) types: Vec<TypeV1>,
}

/// One resource type.
#[derive(Debug, Serialize)]
pub(crate) struct TypeV1 {
    pub(crate) language: &'static str,
    pub(crate) name: String,
    /// `judged` or `named`.
    pub(crate) state: &'static str,
    /// The path of the switch, if the type has one.
    pub(crate) switch: Option<String>,
    /// What decides, for a type that is only named.
    pub(crate) why: Option<String>,
}
