//! The JSON of `policies list` and `policies check`. Published: fields are only ever added.

use std::collections::BTreeSet;

use serde::Serialize;

/// The shipped policies.
#[derive(Debug, Serialize)]
pub(crate) struct ListV1 {
    pub(crate) schema: &'static str,
    pub(crate) exit_code: u8,
    pub(crate) policies: Vec<ListedV1>,
}

/// One shipped policy.
#[derive(Debug, Serialize)]
pub(crate) struct ListedV1 {
    pub(crate) path: String,
    pub(crate) kind: String,
    pub(crate) sids: Vec<String>,
    pub(crate) characters: usize,
    pub(crate) limit: Option<usize>,
}

/// What was found in the files that were named.
#[derive(Debug, Serialize)]
pub(crate) struct CheckV1 {
    pub(crate) schema: &'static str,
    pub(crate) exit_code: u8,
    pub(crate) files: Vec<FileV1>,
}

/// One file.
#[derive(Debug, Serialize)]
pub(crate) struct FileV1 {
    pub(crate) file: String,
    pub(crate) attachment: &'static str,
    pub(crate) findings: Vec<FindingV1>,
    pub(crate) effects: Vec<EffectV1>,
}

/// One mistake.
#[derive(Debug, Serialize)]
pub(crate) struct FindingV1 {
    pub(crate) code: &'static str,
    pub(crate) level: &'static str,
    pub(crate) line: usize,
    pub(crate) column: usize,
    pub(crate) statement: Option<String>,
    pub(crate) message: String,
    pub(crate) instead: String,
}

/// What becomes of a request.
#[derive(Debug, Serialize)]
pub(crate) struct EffectV1 {
    pub(crate) request: &'static str,
    pub(crate) meaning: &'static str,
    pub(crate) outcome: &'static str,
    pub(crate) by: Vec<String>,
    pub(crate) depends_on: BTreeSet<String>,
}
