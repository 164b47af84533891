//! SageMaker as a model, and a notebook that walks through it: one look after the other, and the calls of each.

use jiff::{SignedDuration, Timestamp};
use v2only_policy::history::Became;
use v2only_policy::notebook::{RECORDED_AFTER_MINUTES, RESTART_TAG, UPDATED_TAG};
use v2only_policy::{
    Decision, MinimumVersion, Notebook, NotebookStatus, NotebookStep, Plan, Platform, Policy, Step, Wait,
};

use crate::words::*;

/// One call to AWS. A step is one or two of them, and a function can be killed in between. Once one is
/// refused, those after it are not made.
#[derive(Debug, Clone, PartialEq)]
pub enum Call {
    Tag(String, String),
    Untag(&'static str),
    Stop,
    Update { upgrade_platform: bool },
    Start,
}

/// What comes of an update that AWS accepts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Updates {
    Work,
    /// It is described as before.
    DoNothing,
    /// It is described as asked while it is Updating, and as before afterwards.
    AreTakenBack,
    /// It is described as before, and `Failed`.
    Fail,
    /// The version is changed, and the platform is not.
    LeaveThePlatform,
}

/// SageMaker, as far as it goes: stop from InService; start and update from Stopped or Failed; whatever is
/// refused changes nothing.
#[derive(Debug, Clone)]
pub struct World {
    pub it: Notebook,
    pub now: Timestamp,
    /// Starting ends in Failed.
    pub starts: bool,
    pub updates: Updates,
    /// AWS refuses updates: throttled, or not permitted.
    pub refuses_updates: bool,
    pub steps: Vec<NotebookStep>,
    /// Updates that AWS accepted.
    pub accepted: usize,
    /// What the notebook was before the update under way.
    before: Option<Notebook>,
    /// Starts that AWS accepted.
    started: Vec<Timestamp>,
}

impl World {
    pub fn new(it: Notebook) -> Self {
        Self {
            it,
            now: now(),
            starts: true,
            updates: Updates::Work,
            refuses_updates: false,
            steps: Vec::new(),
            accepted: 0,
            before: None,
            started: Vec::new(),
        }
    }

    /// CloudTrail shows a start as late as it may.
    pub fn look(&self, policy: &Policy) -> Decision {
        let moment = seen().on(self.now);
        let decision = self.it.decide(policy, &moment).unwrap();
        if !decision.plan.asks_for_starts() {
            return decision;
        }
        let late = SignedDuration::from_mins(RECORDED_AFTER_MINUTES);
        let shown = self.started.iter().filter(|at| self.now.duration_since(**at) >= late);
        let shown: Vec<String> = shown.map(ToString::to_string).collect();
        let shown: Vec<(&str, Became)> = shown.iter().map(|at| (at.as_str(), Became::Started)).collect();
        self.it.decide(policy, &moment.recorded(&shown)).unwrap()
    }

    /// The calls that carry a decision out, in order.
    pub fn calls(&self, decision: &Decision) -> Vec<Call> {
        let mut calls: Vec<Call> =
            decision.remember.iter().map(|(key, value)| Call::Tag(key.clone(), value.clone())).collect();
        match decision.plan {
            Plan::Act(Step::Notebook(NotebookStep::Stop)) => {
                calls.push(Call::Tag(RESTART_TAG.to_owned(), self.now.to_string()));
                calls.push(Call::Stop);
            }
            Plan::Act(Step::Notebook(NotebookStep::Update { upgrade_platform })) => {
                calls.push(Call::Update { upgrade_platform });
                let tried = self.it.remembering_update(self.now);
                calls.extend(tried.map(|value| Call::Tag(UPDATED_TAG.to_owned(), value)));
            }
            Plan::Act(Step::Notebook(NotebookStep::Start)) => {
                calls.push(Call::Tag(RESTART_TAG.to_owned(), Notebook::starting_mark(self.now)));
                calls.push(Call::Start);
            }
            Plan::Act(Step::Notebook(NotebookStep::Unmark)) => calls.push(Call::Untag(RESTART_TAG)),
            Plan::Nothing | Plan::Wait(_) | Plan::Hold { .. } | Plan::Act(_) => {}
        }
        calls
    }

    /// Whether AWS accepts the call.
    pub fn call(&mut self, call: Call) -> bool {
        let startable = matches!(self.it.status, NotebookStatus::Stopped | NotebookStatus::Failed);
        match call {
            Call::Tag(key, value) => {
                self.it.tags.insert(key, value);
            }
            Call::Untag(key) => {
                self.it.tags.remove(key);
            }
            Call::Stop if self.it.status == NotebookStatus::InService => {
                self.it.status = NotebookStatus::Stopping
            }
            Call::Update { upgrade_platform } if startable && !self.refuses_updates => {
                self.accepted += 1;
                self.before = Some(self.it.clone());
                self.it.status = NotebookStatus::Updating;
                if matches!(self.updates, Updates::DoNothing | Updates::Fail) {
                    return true;
                }
                self.it.minimum_version = MinimumVersion::Two;
                if upgrade_platform && self.updates != Updates::LeaveThePlatform {
                    self.it.platform = Platform::AmazonLinux2023;
                }
            }
            Call::Start if startable && self.it.platform == Platform::AmazonLinux2023 => {
                self.it.status = NotebookStatus::Pending;
                self.started.push(self.now);
            }
            Call::Stop | Call::Update { .. } | Call::Start => return false,
        }
        true
    }

    /// Lets what AWS is about end; whether there was anything.
    pub fn settle(&mut self) -> bool {
        let before = self.before.take_if(|_| self.it.status == NotebookStatus::Updating);
        self.it.status = match self.it.status {
            NotebookStatus::Updating if self.updates == Updates::Fail && before.is_some() => {
                NotebookStatus::Failed
            }
            NotebookStatus::Updating if self.updates == Updates::AreTakenBack => {
                let before = before.unwrap_or_else(|| self.it.clone());
                (self.it.minimum_version, self.it.platform) = (before.minimum_version, before.platform);
                NotebookStatus::Stopped
            }
            NotebookStatus::Stopping | NotebookStatus::Updating => NotebookStatus::Stopped,
            NotebookStatus::Pending if self.starts => NotebookStatus::InService,
            NotebookStatus::Pending => NotebookStatus::Failed,
            NotebookStatus::InService
            | NotebookStatus::Stopped
            | NotebookStatus::Failed
            | NotebookStatus::Gone
            | NotebookStatus::Unknown => return false,
        };
        true
    }

    /// Looks once and does what follows, at most `calls` calls of it. Whether AWS accepted any.
    pub fn turn(&mut self, policy: &Policy, calls: usize) -> bool {
        let decision = self.look(policy);
        if let Plan::Act(Step::Notebook(step)) = decision.plan {
            self.steps.push(step);
        }
        let mut accepted = false;
        for call in self.calls(&decision).into_iter().take(calls) {
            if !self.call(call) {
                break;
            }
            accepted = true;
        }
        self.now += SignedDuration::from_secs(5);
        accepted
    }

    /// Looks until nothing is left to do. Each state between two others is decided as well.
    pub fn walk(mut self, policy: &Policy) -> Self {
        let mut turns = 0;
        while self.turn(policy, usize::MAX) || self.settle() || self.waits(policy) {
            turns += 1;
            assert!(turns < 60, "no end: {:?} after {:?}", self.it, self.steps);
        }
        self
    }

    /// Lets the time pass until the next step is due; whether one is.
    fn waits(&mut self, policy: &Policy) -> bool {
        let due = match self.look(policy).plan {
            Plan::Wait(Wait::StartRecord { due: Some(due) } | Wait::AnnouncedStop { until: due }) => due,
            _ => return false,
        };
        self.now = self.now.max(due);
        true
    }

    pub fn end(&self) -> End {
        End {
            status: self.it.status,
            version: self.it.minimum_version,
            platform: self.it.platform.clone(),
            marked: self.it.carries_restart_mark(),
        }
    }
}

#[derive(Debug, PartialEq)]
pub struct End {
    status: NotebookStatus,
    version: MinimumVersion,
    platform: Platform,
    marked: bool,
}
