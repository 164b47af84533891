//! The record of one resource: exactly one each time a run describes the resource.

mod posture;
mod remark;
mod resource;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use v2only_policy::{Decision, Hold, HttpTokens, Judged, Note, Place, Plan, Step, Verdict, Wait};

use crate::failure::{Disposition, Failure, Kind};

pub use posture::Posture;
pub use remark::{KnownFrom, Remark};
pub use resource::ResourceId;

/// The event that led to a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cause {
    /// AWS's id of the event.
    pub event_id: String,
    /// Its name, for example `RunInstances`.
    pub event: String,
    /// Who did it, in words.
    pub actor: Option<String>,
}

/// What came of looking at a resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// It needed nothing.
    Left,
    /// It violates the policy and was left, for the reason in the plan.
    Held,
    /// It is between two states; its next event continues.
    Waiting,
    /// It was made compliant.
    Fixed,
    /// A step towards it was made; its next event continues.
    Advanced,
    /// Only the mark of an earlier run was removed from a notebook that stays as it is. The next sweep judges it again.
    Unmarked,
    /// It has not been read, and why.
    NotJudged(String),
    /// It should have been changed, or looked at, and was not.
    Failed(Failure),
}

impl Outcome {
    /// A stable word for logs and metrics.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Left => "left",
            Self::Held => "held",
            Self::Waiting => "waiting",
            Self::Fixed => "fixed",
            Self::Advanced => "advanced",
            Self::Unmarked => "unmarked",
            Self::NotJudged(_) => "not-judged",
            Self::Failed(failure) => match failure.disposition() {
                Disposition::Retry => "retry",
                Disposition::Alarm => "failed",
                Disposition::Done => "gone",
            },
        }
    }

    /// Whether a change or a call failed. A resource that no longer exists is no failure.
    pub fn is_failure(&self) -> bool {
        self.disposition() != Disposition::Done
    }

    /// What becomes of the event.
    pub const fn disposition(&self) -> Disposition {
        match self {
            Self::Left
            | Self::Held
            | Self::Waiting
            | Self::Fixed
            | Self::Advanced
            | Self::Unmarked
            | Self::NotJudged(_) => Disposition::Done,
            Self::Failed(failure) => failure.disposition(),
        }
    }
}

/// The record of one resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The account and Region of the resource.
    pub place: Place,
    /// The resource.
    pub resource: ResourceId,
    /// The event that led to this record, if one did.
    pub cause: Option<Cause>,
    /// The options as they were described first.
    pub before: Option<Posture>,
    /// The decision; `None` if the resource was not judged.
    pub decision: Option<Decision>,
    /// Where the options that were judged are known from.
    pub known_from: KnownFrom,
    /// What happened while the decision was carried out.
    pub remarks: Vec<Remark>,
    /// The result.
    pub outcome: Outcome,
    /// The options as AWS describes them afterwards.
    pub after: Option<Posture>,
    /// AWS's id of the request that changed the resource.
    pub request_id: Option<String>,
}

impl Record {
    /// A record of a resource that was not judged.
    pub const fn unjudged(place: Place, resource: ResourceId, outcome: Outcome) -> Self {
        Self {
            place,
            resource,
            cause: None,
            before: None,
            decision: None,
            known_from: KnownFrom::Description,
            remarks: Vec::new(),
            outcome,
            after: None,
            request_id: None,
        }
    }

    /// A record of a failure.
    pub fn failed(place: Place, resource: ResourceId, failure: Failure) -> Self {
        let request_id = failure.request_id.clone();
        Self { request_id, ..Self::unjudged(place, resource, Outcome::Failed(failure)) }
    }

    /// A record of a decision that is not carried out (yet).
    pub fn decided(place: Place, resource: ResourceId, before: Posture, decision: Decision) -> Self {
        let outcome = match &decision.plan {
            Plan::Nothing => Outcome::Left,
            Plan::Wait(_) => Outcome::Waiting,
            Plan::Hold { .. } | Plan::Act(_) => Outcome::Held,
        };
        let (before, decision) = (Some(before), Some(decision));
        Self { before, decision, ..Self::unjudged(place, resource, outcome) }
    }

    /// A record of a judged resource whose decision is not carried out (yet).
    pub fn of(place: &Place, judged: &Judged) -> Self {
        let Judged { subject, decision } = judged;
        Self::decided(place.clone(), subject.into(), subject.into(), decision.clone())
    }

    /// A record of a resource that AWS does not show any more.
    pub fn absent(place: Place, resource: ResourceId) -> Self {
        let decision = Some(Decision::nothing_to_do(Verdict::Gone));
        Self { decision, known_from: KnownFrom::Absence, ..Self::unjudged(place, resource, Outcome::Left) }
    }

    /// The record with the result of carrying the plan out.
    #[must_use]
    pub fn with_outcome(
        mut self,
        outcome: Outcome,
        after: Option<Posture>,
        request_id: Option<String>,
    ) -> Self {
        if let Outcome::Failed(failure) = &outcome {
            self.request_id = failure.request_id.clone();
        } else {
            self.request_id = request_id;
        }
        self.outcome = outcome;
        self.after = after;
        self
    }

    /// The record of a failed call.
    #[must_use]
    pub fn with_failure(self, failure: Failure) -> Self {
        self.with_outcome(Outcome::Failed(failure), None, None)
    }

    /// The record of a change that is not made, for a reason that came up after planning.
    #[must_use]
    pub fn on_hold(mut self, why: Hold) -> Self {
        if let Some(decision) = &mut self.decision {
            let would = decision.plan.step().copied();
            decision.plan = Plan::Hold { why, would };
        }
        self
    }

    /// What becomes of the event. A tag that is worth another try brings the event back, although the resource is fixed.
    pub fn disposition(&self) -> Disposition {
        self.retry_because().map_or_else(|| self.outcome.disposition(), Failure::disposition)
    }

    /// The failure that makes the event worth another try.
    pub fn retry_because(&self) -> Option<&Failure> {
        let outcome = match &self.outcome {
            Outcome::Failed(failure) => Some(failure),
            _ => None,
        };
        let flips = self.remarks.iter().filter_map(Remark::flip_failure);
        outcome.into_iter().chain(flips).find(|it| it.disposition() == Disposition::Retry)
    }

    /// Whether AWS answered that IMDSv1 is closed now.
    pub const fn closes_v1(&self) -> bool {
        matches!(&self.after, Some(Posture::Options(it)) if matches!(it.http_tokens, HttpTokens::Required))
    }

    /// What the rules and the exemptions say.
    pub fn verdict(&self) -> Option<&Verdict> {
        self.decision.as_ref().map(|it| &it.verdict)
    }

    /// The plan.
    pub fn plan(&self) -> Option<&Plan> {
        self.decision.as_ref().map(|it| &it.plan)
    }

    /// Whether the resource violates the policy as it was described first.
    pub fn is_violation(&self) -> bool {
        matches!(self.verdict(), Some(Verdict::Violation(_)))
    }

    /// Whether somebody turns version 1 back on again and again.
    pub fn is_contested(&self) -> bool {
        let noted = self.decision.iter().flat_map(|it| &it.notes);
        matches!(self.hold(), Some(Hold::Contested { .. } | Hold::ChangeHadNoEffect))
            || noted.into_iter().any(|it| matches!(it, Note::Contested { .. }))
    }

    /// When the next step is due, if no event brings it.
    pub fn due_at(&self) -> Option<Timestamp> {
        match self.plan()? {
            Plan::Wait(Wait::Contested { until, .. } | Wait::AnnouncedStop { until }) => Some(*until),
            Plan::Wait(Wait::StartRecord { due }) => *due,
            Plan::Nothing | Plan::Wait(Wait::Notebook(_)) | Plan::Hold { .. } | Plan::Act(_) => None,
        }
    }

    /// Why the resource stays untouched.
    pub fn hold(&self) -> Option<&Hold> {
        self.plan()?.hold()
    }

    /// What is done, or would be.
    pub fn step(&self) -> Option<&Step> {
        self.plan()?.step()
    }

    /// The ids of the rules that found something, one for each finding.
    pub fn rules(&self) -> Vec<&'static str> {
        let findings = self.verdict().map_or(&[][..], Verdict::findings);
        findings.iter().map(|it| it.rule().id()).collect()
    }

    /// The stable words of the notes.
    pub fn notes(&self) -> Vec<&'static str> {
        self.decision.iter().flat_map(|it| &it.notes).map(|it| it.code()).collect()
    }

    /// Why, in words: the exemption or why the resource is compliant, findings, notes, what holds the plan, remarks.
    pub fn reasons(&self) -> Vec<String> {
        let mut reasons: Vec<String> = Vec::new();
        if let Some(Decision { verdict, notes, plan, .. }) = &self.decision {
            match verdict {
                Verdict::Compliant(why) => reasons.push(format!("{why}{}", self.known_from)),
                Verdict::Exempt { by, .. } => {
                    reasons.push(format!("exempt ({}) through {}: {}", by.origin, by.until, by.reason));
                }
                Verdict::Gone if self.known_from == KnownFrom::Absence => {
                    reasons.push("AWS does not show it any more".to_owned());
                }
                Verdict::Gone => reasons.push("terminated or deleted".to_owned()),
                Verdict::Violation(_) => {}
            }
            reasons.extend(verdict.findings().iter().map(ToString::to_string));
            reasons.extend(notes.iter().map(ToString::to_string));
            match plan {
                Plan::Wait(wait) => reasons.push(wait.to_string()),
                Plan::Hold { why, .. } => reasons.push(why.to_string()),
                Plan::Nothing | Plan::Act(_) => {}
            }
        }
        reasons.extend(self.remarks.iter().map(ToString::to_string));
        reasons
    }

    /// Whether the resource still violates the policy after this run.
    pub fn leaves_violation(&self) -> bool {
        match &self.outcome {
            Outcome::Fixed | Outcome::Left | Outcome::NotJudged(_) => false,
            Outcome::Failed(failure) if failure.kind == Kind::Gone => false,
            Outcome::Unmarked => self.is_violation(),
            Outcome::Waiting => {
                self.is_violation() || matches!(self.plan(), Some(Plan::Wait(Wait::Notebook(_))))
            }
            Outcome::Held | Outcome::Advanced | Outcome::Failed(_) => true,
        }
    }
}
