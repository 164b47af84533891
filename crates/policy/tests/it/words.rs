//! Resources, policies and moments in domain words, and a decision as one line.

mod moments;
mod policies;
mod subjects;

use v2only_policy::drift::REVERTED_TAG;
use v2only_policy::notebook::RESTART_TAG;
use v2only_policy::scope::ScopeError;
use v2only_policy::{
    Decision, Instance, Notebook, Occasion, Plan, Policy, Verdict, decide_instance, decide_notebook,
};

pub use moments::*;
pub use policies::*;
pub use subjects::*;

/// Something that is decided about.
pub trait Resource {
    fn decide(&self, policy: &Policy, moment: &Moment) -> Result<Decision, ScopeError>;
}

impl Resource for Instance {
    fn decide(&self, policy: &Policy, moment: &Moment) -> Result<Decision, ScopeError> {
        // What is just launched is as young as its launch, unless its age is told.
        let mut it = self.clone();
        if moment.occasion == Occasion::Launch && it.created_at == Some(at(LONG_AGO)) {
            it.created_at = Some(moment.now);
        }
        decide_instance(&it, policy, &moment.circumstances())
    }
}

impl Resource for Notebook {
    fn decide(&self, policy: &Policy, moment: &Moment) -> Result<Decision, ScopeError> {
        decide_notebook(self, policy, &moment.circumstances())
    }
}

/// The decision on one line: `verdict [rules] → plan; notes; what is remembered`.
pub fn told(decision: &Decision) -> String {
    let rules = || {
        let rules: Vec<&str> = decision.verdict.findings().iter().map(|it| it.rule().id()).collect();
        rules.join(" ")
    };
    let mut line = match &decision.verdict {
        Verdict::Compliant(why) => format!("compliant ({why})"),
        Verdict::Exempt { by, .. } => format!("exempt by {} through {} [{}]", by.origin, by.until, rules()),
        Verdict::Violation(_) => format!("violation [{}]", rules()),
        Verdict::Gone => "gone".to_owned(),
    };
    line += &match &decision.plan {
        Plan::Nothing => " → nothing".to_owned(),
        Plan::Wait(_) => " → wait".to_owned(),
        Plan::Hold { why, would: None } => format!(" → hold: {}", why.code()),
        Plan::Hold { why, would: Some(step) } => format!(" → hold: {}, would {step}", why.code()),
        Plan::Act(step) => format!(" → act: {step}"),
    };
    for note in &decision.notes {
        line += &format!("; {}", note.code());
    }
    for (key, value) in &decision.remember {
        assert!([REVERTED_TAG, RESTART_TAG].contains(&key.as_str()), "`{key}` is remembered before a step");
        line += &format!("; remember {value}");
    }
    line
}

#[track_caller]
pub fn check(shows: &str, resource: impl Resource, policy: impl AsPolicy, moment: Moment, expected: &str) {
    let decision = resource.decide(&policy.policy(), &moment).unwrap();
    assert_eq!(told(&decision), expected, "{shows}");
}

#[track_caller]
pub fn check_undecided(shows: &str, resource: impl Resource, policy: impl AsPolicy, moment: Moment) {
    assert!(resource.decide(&policy.policy(), &moment).is_err(), "{shows}");
}
