//! What is said of each resource: exactly one record each time it is looked at.

use std::fmt;

use v2only_policy::instance::{HttpTokens, MetadataOptions, Switch};
use v2only_policy::notebook::{MinimumVersion, Notebook, NotebookStatus};
use v2only_policy::{
    AccountDefaults, Decision, EffectiveOptions, ImageId, ImdsSupport, InstanceId, LaunchTemplateId,
    NotebookName, Place, Plan, StatedOptions,
};

use crate::failure::{Disposition, Failure, Kind};

/// The resource a record is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ResourceId {
    /// An EC2 instance.
    Instance(InstanceId),
    /// A SageMaker notebook instance.
    Notebook(NotebookName),
    /// A launch whose record names no instance, by what its event is called.
    UnnamedLaunch(String),
    /// A launch template, an AMI or the account defaults: seen in an event, judged by a scan.
    Source(String),
    /// The account defaults of a Region.
    AccountDefault,
    /// A version of a launch template.
    TemplateVersion(LaunchTemplateId, u64),
    /// A launch configuration.
    LaunchConfiguration(String),
    /// An image that the account owns.
    Image(ImageId),
}

impl ResourceId {
    /// A stable word for logs and metrics.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Instance(_) => "instance",
            Self::Notebook(_) => "notebook",
            Self::UnnamedLaunch(_) => "launch",
            Self::Source(_) => "source",
            Self::AccountDefault => "account-default",
            Self::TemplateVersion(..) => "launch-template",
            Self::LaunchConfiguration(_) => "launch-configuration",
            Self::Image(_) => "image",
        }
    }
}

impl fmt::Display for ResourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Instance(id) => id.fmt(f),
            Self::Notebook(name) => name.fmt(f),
            Self::UnnamedLaunch(text) | Self::Source(text) | Self::LaunchConfiguration(text) => {
                f.write_str(text)
            }
            Self::AccountDefault => f.write_str(v2only_policy::decide::ACCOUNT_DEFAULT),
            Self::TemplateVersion(id, number) => write!(f, "{id}:{number}"),
            Self::Image(id) => id.fmt(f),
        }
    }
}

/// The part of a resource the product cares about, in AWS's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Posture {
    /// Of an instance.
    Options(MetadataOptions),
    /// Of a notebook.
    Notebook {
        /// Its minimum IMDS version.
        minimum_version: MinimumVersion,
        /// Its status.
        status: NotebookStatus,
    },
    /// What a launch would get, and who decides it.
    Launch(EffectiveOptions),
    /// Of the account defaults.
    Defaults {
        /// What the account says.
        options: StatedOptions,
        /// Whether tokens are enforced.
        enforced: Switch,
    },
    /// Of an image.
    Image(ImdsSupport),
}

impl From<&AccountDefaults> for Posture {
    fn from(it: &AccountDefaults) -> Self {
        Self::Defaults { options: it.options, enforced: it.enforced }
    }
}

impl From<&Notebook> for Posture {
    fn from(it: &Notebook) -> Self {
        Self::Notebook { minimum_version: it.minimum_version, status: it.status }
    }
}

impl fmt::Display for Posture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Options(options) if options.http_endpoint == Switch::Disabled => {
                f.write_str("endpoint disabled")
            }
            Self::Options(options) => {
                f.write_str(tokens(options.http_tokens))?;
                options.hop_limit.map_or(Ok(()), |hops| write!(f, ", hop {hops}"))
            }
            Self::Notebook { minimum_version, status } => {
                f.write_str(match minimum_version {
                    MinimumVersion::One => "version 1",
                    MinimumVersion::Two => "version 2",
                    MinimumVersion::Unknown => "version not described",
                })?;
                write!(f, ", {status:?}")
            }
            Self::Launch(it) if it.http_endpoint.is == Switch::Disabled => {
                write!(f, "endpoint disabled ({})", it.http_endpoint.by)
            }
            Self::Launch(it) => {
                write!(f, "{} ({})", tokens(it.http_tokens.is), it.http_tokens.by)?;
                it.hop_limit.is.map_or(Ok(()), |hops| write!(f, ", hop {hops} ({})", it.hop_limit.by))
            }
            Self::Defaults { options, enforced } => {
                f.write_str(options.http_tokens.map_or("no preference", tokens))?;
                options.hop_limit.map_or(Ok(()), |hops| write!(f, ", hop {hops}"))?;
                f.write_str(if *enforced == Switch::Enabled { ", enforced" } else { "" })
            }
            Self::Image(support) => f.write_str(match support {
                ImdsSupport::V2 => "ImdsSupport v2.0",
                ImdsSupport::Unmarked => "no ImdsSupport",
                ImdsSupport::Unknown => "not described",
            }),
        }
    }
}

const fn tokens(is: HttpTokens) -> &'static str {
    match is {
        HttpTokens::Required => "required",
        HttpTokens::Optional => "optional",
        HttpTokens::Unknown => "not described",
    }
}

/// The event that led to a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// AWS's id of the event.
    pub event_id: String,
    /// Its name, for example `RunInstances`.
    pub event: String,
    /// Who did it, in words.
    pub actor: Option<String>,
}

/// What came of looking at a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
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
    /// It has not been looked at, and why.
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
            Self::NotJudged(_) => "not-judged",
            Self::Failed(failure) => match failure.disposition() {
                Disposition::Retry => "retry",
                Disposition::Alarm => "failed",
                Disposition::Done => "gone",
            },
        }
    }

    /// What becomes of the event.
    pub const fn disposition(&self) -> Disposition {
        match self {
            Self::Left | Self::Held | Self::Waiting | Self::Fixed | Self::Advanced | Self::NotJudged(_) => {
                Disposition::Done
            }
            Self::Failed(failure) => failure.disposition(),
        }
    }
}

/// What is said of one resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Where it lives.
    pub place: Place,
    /// Which one it is.
    pub resource: ResourceId,
    /// The event that led here, if one did.
    pub cause: Option<Cause>,
    /// As it was described.
    pub before: Option<Posture>,
    /// A stable word for the verdict; `None` if it was not judged.
    pub verdict: Option<&'static str>,
    /// The rules that found something.
    pub rules: Vec<&'static str>,
    /// Why: findings, exemption, compliance and notes, in words.
    pub reasons: Vec<String>,
    /// Stable words of the notes.
    pub notes: Vec<&'static str>,
    /// A stable word for the plan.
    pub plan: Option<&'static str>,
    /// A stable word for why it was held.
    pub hold: Option<&'static str>,
    /// What is or would be done, in words.
    pub step: Option<String>,
    /// What came of it.
    pub outcome: Outcome,
    /// As AWS says it is afterwards.
    pub after: Option<Posture>,
    /// AWS's id of the request that changed it.
    pub request_id: Option<String>,
}

impl Record {
    /// A record of something that was not judged.
    pub fn unjudged(place: Place, resource: ResourceId, outcome: Outcome) -> Self {
        Self {
            place,
            resource,
            cause: None,
            before: None,
            verdict: None,
            rules: Vec::new(),
            reasons: Vec::new(),
            notes: Vec::new(),
            plan: None,
            hold: None,
            step: None,
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
    pub fn decided<S: fmt::Display>(
        place: Place,
        resource: ResourceId,
        before: Posture,
        decision: &Decision<S>,
    ) -> Self {
        use v2only_policy::Verdict;
        let verdict = &decision.verdict;
        let mut reasons: Vec<String> = Vec::new();
        match verdict {
            Verdict::Compliant(why) => reasons.push(why.to_string()),
            Verdict::Exempt { by, .. } => {
                reasons.push(format!("exempt ({}) through {}: {}", by.origin, by.until, by.reason));
            }
            Verdict::Gone => reasons.push("terminated or deleted".to_owned()),
            Verdict::Violation(_) => {}
        }
        reasons.extend(verdict.findings().iter().map(ToString::to_string));
        reasons.extend(decision.notes.iter().map(ToString::to_string));
        let (outcome, hold, step) = match &decision.plan {
            Plan::Nothing => (Outcome::Left, None, None),
            Plan::Wait(wait) => {
                reasons.push(wait.to_string());
                (Outcome::Waiting, None, None)
            }
            Plan::Hold { why, would } => {
                reasons.push(why.to_string());
                (Outcome::Held, Some(why.code()), would.as_ref().map(ToString::to_string))
            }
            Plan::Act(step) => (Outcome::Held, None, Some(step.to_string())),
        };
        Self {
            before: Some(before),
            verdict: Some(verdict.code()),
            rules: verdict.findings().iter().map(|it| it.rule()).collect(),
            reasons,
            notes: decision.notes.iter().map(|it| it.code()).collect(),
            plan: Some(decision.plan.code()),
            hold,
            step,
            ..Self::unjudged(place, resource, outcome)
        }
    }

    /// The record with what came of carrying the plan out.
    #[must_use]
    pub fn came(mut self, outcome: Outcome, after: Option<Posture>, request_id: Option<String>) -> Self {
        if let Outcome::Failed(failure) = &outcome {
            self.request_id = failure.request_id.clone();
        } else {
            self.request_id = request_id;
        }
        self.outcome = outcome;
        self.after = after;
        self
    }

    /// Whether a violation is left after this look.
    pub fn leaves_violation(&self) -> bool {
        match &self.outcome {
            Outcome::Fixed | Outcome::Left | Outcome::NotJudged(_) => false,
            Outcome::Failed(failure) if failure.kind == Kind::Gone => false,
            Outcome::Held | Outcome::Waiting | Outcome::Advanced | Outcome::Failed(_) => true,
        }
    }
}
