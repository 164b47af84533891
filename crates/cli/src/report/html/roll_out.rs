//! The roll-out as the page shows it.

use v2only_policy::rollout::{RolloutFacts, RolloutPlan, RolloutStep, StageState};

use crate::args::shared::Shared;
use crate::report::roll_out;

/// One step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct StepView {
    pub(super) title: &'static str,
    pub(super) words: String,
    pub(super) evidence: String,
    pub(super) risk: &'static str,
    pub(super) command: String,
    step: RolloutStep,
}

impl StepView {
    /// What stands beside it.
    pub(super) const fn mark(&self) -> &'static str {
        match (self.step.is_next, self.step.state) {
            (true, _) => "Next",
            (false, StageState::Done) => "Done",
            (false, StageState::Open) => "Later",
            (false, StageState::NotRead) => "Not seen",
        }
    }

    pub(super) const fn class(&self) -> &'static str {
        match (self.step.is_next, self.step.state) {
            (true, _) => "next",
            (false, StageState::Done) => "done",
            (false, StageState::Open | StageState::NotRead) => "later",
        }
    }

    /// Whether something is to be done, as far as a scan can see.
    pub(super) fn is_open(&self) -> bool {
        self.step.state != StageState::Done
    }
}

/// All steps.
pub(super) fn steps(facts: &RolloutFacts, shared: &Shared) -> Vec<StepView> {
    let view = |step: RolloutStep| StepView {
        title: roll_out::title(step.stage),
        words: roll_out::words(&step, facts),
        evidence: roll_out::evidence(&step, facts),
        risk: step.evidence.risk().code(),
        command: roll_out::command(&step, shared).map(|it| it.to_string()).unwrap_or_default(),
        step,
    };
    RolloutPlan::of(facts).steps.into_iter().map(view).collect()
}
