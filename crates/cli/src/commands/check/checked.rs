//! What the files are compared with, and the result for all of them.

use jiff::civil::Date;
use v2only_guardrails::Settings;
use v2only_guardrails::iac::suppression::{Judged, Suppressed};
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

/// What became of a file.
pub(super) enum Outcome {
    /// It is infrastructure code in this language.
    Understood(&'static str, Judged),
    /// It is another kind of file, for this reason.
    Skipped(String),
    /// It is the state of Terraform, which is no file to check.
    State,
    /// It cannot be read.
    Unread(Problem),
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

impl Checked {
    /// Adds the outcome of a file.
    pub(super) fn add(&mut self, name: String, outcome: Outcome) {
        match outcome {
            Outcome::Understood(language, judged) => {
                self.understood.push((name.clone(), language, judged.counts));
                self.findings.extend(judged.findings.into_iter().map(|it| (name.clone(), it)));
                self.suppressed.extend(judged.suppressed.into_iter().map(|it| (name.clone(), it)));
            }
            Outcome::Skipped(why) => self.skipped.push((name, why)),
            Outcome::State => {
                let why = "the state of Terraform, which holds what is deployed; name the plan".to_owned();
                self.skipped.push((name, why));
            }
            Outcome::Unread(problem) => self.unread.push((name, problem)),
        }
    }
}
