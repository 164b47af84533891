//! What the files are compared with, and the result for all of them.

use jiff::civil::Date;
use v2only_guardrails::Settings;
use v2only_guardrails::iac::suppression::Suppressed;
use v2only_guardrails::iac::{Counts, Finding};
use v2only_policy::exemption::TagExemptions;

use crate::term::problem::Problem;

/// What decides besides the files.
pub(super) struct Rule {
    pub(super) settings: Settings,
    pub(super) by_defaults: bool,
    pub(super) limit: TagExemptions,
    pub(super) today: Date,
}

/// The result for all files.
#[derive(Default)]
pub(super) struct Checked {
    pub(super) understood: Vec<(String, &'static str, Counts)>,
    pub(super) findings: Vec<(String, Finding)>,
    pub(super) suppressed: Vec<(String, Suppressed)>,
    pub(super) skipped: Vec<(String, String)>,
    pub(super) unread: Vec<(String, Problem)>,
}
