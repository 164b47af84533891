//! Plans: what v2only does about one resource, as data.
//!
//! Observing is a plan that nobody applies. INVARIANT (only tighten): no value of these types allows IMDSv1,
//! and none enables an endpoint that was described as disabled.

mod hold;
mod instance;
mod open_launch;
mod option_bar;
mod sources;
mod surface;

use std::fmt;

pub use hold::{EnforcementBar, Hold};
pub use instance::InstanceChange;
pub use open_launch::OpenLaunch;
pub use option_bar::OptionBar;
pub use sources::{DefaultsChange, GroupChange, ImageChange, TemplateChange};
pub use surface::SurfaceChange;

use jiff::Timestamp;

use crate::notebook::NotebookStatus;
use crate::settings::Mode;

/// What follows from a verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Plan {
    /// Leave the resource alone.
    Nothing,
    /// The resource is between two states. The event that ends this brings the next decision.
    Wait(Wait),
    /// The resource violates the policy and stays untouched. Report why.
    Hold {
        /// Why it stays untouched.
        why: Hold,
        /// What would be done otherwise.
        would: Option<Step>,
    },
    /// Apply this step.
    Act(Step),
}

/// One tightening change. There is no value that loosens a resource; see [`InstanceChange`] and its siblings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Step {
    /// Of an instance.
    Instance(InstanceChange),
    /// Of a notebook.
    Notebook(NotebookStep),
    /// Of the account defaults of a Region.
    AccountDefaults(DefaultsChange),
    /// Of a launch template.
    LaunchTemplate(TemplateChange),
    /// Of an image.
    Image(ImageChange),
    /// Of an Auto Scaling group.
    Group(GroupChange),
    /// Of a surface outside of EC2, Auto Scaling and SageMaker.
    Surface(SurfaceChange),
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Instance(change) => change.fmt(f),
            Self::Notebook(step) => step.fmt(f),
            Self::AccountDefaults(change) => change.fmt(f),
            Self::LaunchTemplate(change) => change.fmt(f),
            Self::Image(change) => change.fmt(f),
            Self::Group(change) => change.fmt(f),
            Self::Surface(change) => change.fmt(f),
        }
    }
}

macro_rules! step {
    ($($kind:ident($change:ty)),+) => {
        $(impl From<$change> for Step {
            fn from(change: $change) -> Self {
                Self::$kind(change)
            }
        })+
    };
}
step!(
    Instance(InstanceChange),
    Notebook(NotebookStep),
    AccountDefaults(DefaultsChange),
    LaunchTemplate(TemplateChange),
    Image(ImageChange),
    Group(GroupChange),
    Surface(SurfaceChange)
);

impl Plan {
    /// A plan to apply a step.
    pub(crate) fn act(step: impl Into<Step>) -> Self {
        Self::Act(step.into())
    }

    /// The last step of planning: in observe mode, the step is only reported.
    #[must_use]
    pub fn under(self, mode: Mode) -> Self {
        match (mode, self) {
            (Mode::Observe, Self::Act(step) | Self::Wait(Wait::Contested { then: step, .. }))
            | (Mode::Observe, Self::Hold { why: Hold::SsmAutomation, would: Some(step) }) => {
                Self::Hold { why: Hold::Observe, would: Some(step) }
            }
            (_, plan) => plan,
        }
    }

    /// Whether the plan is to be applied now.
    pub const fn acts(&self) -> bool {
        matches!(self, Self::Act(_))
    }

    /// Whether only CloudTrail can say what to do about a notebook.
    pub const fn asks_for_starts(&self) -> bool {
        matches!(self, Self::Wait(Wait::StartRecord { due: None }))
    }

    /// Why the resource stays untouched, if it does.
    pub const fn hold(&self) -> Option<&Hold> {
        match self {
            Self::Hold { why, .. } => Some(why),
            Self::Nothing | Self::Wait(_) | Self::Act(_) => None,
        }
    }

    /// What is done, or would be.
    pub const fn step(&self) -> Option<&Step> {
        match self {
            Self::Hold { would, .. } => would.as_ref(),
            Self::Act(step) | Self::Wait(Wait::Contested { then: step, .. }) => Some(step),
            Self::Nothing | Self::Wait(_) => None,
        }
    }

    /// A stable word for logs and metrics.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Wait(_) => "wait",
            Self::Hold { .. } => "hold",
            Self::Act(_) => "act",
        }
    }
}

/// What a plan waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Wait {
    /// A notebook that is being created, started, stopped or updated.
    Notebook(NotebookStatus),
    /// The pause before a contested resource is corrected.
    Contested {
        /// When the pause ends.
        until: Timestamp,
        /// What is done then.
        then: Step,
    },
    /// CloudTrail's answer to whether a stopped notebook was started since it was marked. If it was, its stop is its owner's.
    StartRecord {
        /// When CloudTrail can be asked; `None` if it can be asked now, and has not answered.
        due: Option<Timestamp>,
    },
    /// A stop of the notebook by another function, which wrote a restart mark a moment ago.
    AnnouncedStop {
        /// When the stop cannot follow any more, and the mark can be removed.
        until: Timestamp,
    },
}

impl fmt::Display for Wait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Notebook(status) => {
                write!(f, "notebook is {status}; its next state-change event continues")
            }
            Self::Contested { until, .. } => write!(f, "v2only corrects it again at {until}"),
            Self::StartRecord { due: Some(at) } => {
                write!(f, "whether somebody started the notebook meanwhile is known from CloudTrail at {at}")
            }
            Self::StartRecord { due: None } => f.write_str(
                "whether somebody started the notebook meanwhile is not known; the next sweep asks CloudTrail again",
            ),
            Self::AnnouncedStop { until } => {
                write!(f, "another function may stop the notebook until {until}; then its restart mark is removed")
            }
        }
    }
}

/// One step on a notebook's way. Each is followed by an event that brings the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum NotebookStep {
    /// Mark it "was running", then stop it.
    Stop,
    /// Set the minimum version to "2".
    Update {
        /// Move it to Amazon Linux 2023 in the same call.
        upgrade_platform: bool,
    },
    /// Start it again, because it ran before we stopped it.
    Start,
    /// Take the mark off.
    Unmark,
}

impl fmt::Display for NotebookStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stop => "mark as running, then stop",
            Self::Update { upgrade_platform: false } => "minimum IMDS version=2",
            Self::Update { upgrade_platform: true } => {
                "minimum IMDS version=2 and platform=notebook-al2023-v1"
            }
            Self::Start => "start again",
            Self::Unmark => "remove the restart mark",
        })
    }
}
