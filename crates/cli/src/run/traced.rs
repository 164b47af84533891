//! The trace of one instance: who on it called IMDSv1.

use v2only_enforcer::Failure;
use v2only_enforcer::software::Outdated;
use v2only_enforcer::trace_imds::{BootState, BootTrace, Report, Trouble};
use v2only_policy::{InstanceId, Place};

use crate::run::trace_targets::TraceGroup;
use crate::term::problem::sentence;

/// What came of one instance.
pub(crate) struct Traced {
    pub(crate) id: InstanceId,
    /// Where it is, if it was found.
    pub(crate) place: Option<Place>,
    pub(crate) came: Result<Report, NotTraced>,
    /// The group for which it stands.
    pub(crate) group: Option<TraceGroup>,
    /// Processes that may use something which is too old for IMDSv2.
    pub(crate) outdated: Vec<(String, Outdated)>,
    pub(crate) inventory: Inventory,
}

/// The trace of the next boot of one instance after a change.
pub(crate) struct BootChange {
    pub(crate) id: InstanceId,
    /// Where the instance is, if it was found.
    pub(crate) place: Option<Place>,
    /// The group for which it stands.
    pub(crate) group: Option<TraceGroup>,
    pub(crate) boot: Result<BootTrace, NotTraced>,
}

/// What is known of the software on an instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Inventory {
    /// Nobody asked, because no caller may use IMDSv1.
    NotNeeded,
    /// It was read.
    Read,
    /// Nothing collects it on the instance.
    Empty,
    /// It could not be read, and why.
    NotRead(Failure),
}

impl Inventory {
    /// A stable word.
    pub(crate) const fn code(&self) -> &'static str {
        match self {
            Self::NotNeeded => "not-needed",
            Self::Read => "read",
            Self::Empty => "empty",
            Self::NotRead(_) => "not-read",
        }
    }
}

impl Traced {
    /// An instance that was not traced.
    pub(crate) fn not(
        id: &InstanceId,
        place: Option<Place>,
        group: Option<TraceGroup>,
        why: NotTraced,
    ) -> Self {
        let (outdated, inventory) = (Vec::new(), Inventory::NotNeeded);
        Self { id: id.clone(), place, came: Err(why), group, outdated, inventory }
    }
}

/// Why an instance was not traced.
pub(crate) enum NotTraced {
    /// It is in no account and Region that was read.
    NotFound,
    /// Nothing runs on it.
    NotRunning,
    /// The policy document does not allow a trace at boot.
    NotAllowed,
    /// It was tried.
    Trouble(Trouble),
}

impl NotTraced {
    /// A stable word.
    pub(crate) const fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "not-found",
            Self::NotRunning => "not-running",
            Self::NotAllowed => "not-allowed",
            Self::Trouble(it) => it.code(),
        }
    }

    /// In one sentence.
    pub(crate) fn words(&self) -> String {
        match self {
            Self::NotFound => "it is in none of the places that were read".to_owned(),
            Self::NotRunning => "it is not running, and nothing on it calls anything".to_owned(),
            Self::NotAllowed => "the policy document does not allow a trace at boot of it".to_owned(),
            Self::Trouble(it) => sentence(&Failure::from(it.clone())),
        }
    }

    /// What to do about it.
    pub(crate) fn hint(&self) -> Option<&'static str> {
        match self {
            Self::NotFound => Some("name its Region with `--region`, and its account with `--accounts`"),
            Self::Trouble(Trouble::NotManaged(_)) => Some(
                "let Systems Manager manage the instance: the agent must run on it, its role needs the policy \
                 `AmazonSSMManagedInstanceCore`, and it must reach the endpoints of Systems Manager; \
                 `aws ssm describe-instance-information` lists those it manages",
            ),
            Self::Trouble(Trouble::NoDocument(_)) => Some(
                "deploy the templates of infra/ there, or `infra/ssm/trace-imds-v1.yaml` alone as `v2only-TraceImdsV1`",
            ),
            Self::Trouble(Trouble::OldDocument(_)) => Some("deploy the templates of infra/ there anew"),
            Self::NotAllowed => Some(
                "allow it with `instances: { trace_at_boot: allow }` in the policy document, or in an override for some instances",
            ),
            Self::Trouble(Trouble::NotFinished(boot)) => boot_hint(boot.state),
            Self::Trouble(Trouble::Failed(failure)) => failure.hint(),
            Self::Trouble(Trouble::Unreadable(_)) => {
                Some("see whether the document `v2only-TraceImdsV1` there is the one of infra/ssm")
            }
            Self::NotRunning | Self::Trouble(Trouble::Ended { .. } | Trouble::StillGoing { .. }) => None,
        }
    }
}

/// What to do about a trace at boot that is not what was asked for.
pub(crate) const fn boot_hint(state: BootState) -> Option<&'static str> {
    match state {
        BootState::None | BootState::Expired | BootState::Failed => Some(
            "`v2only readiness --trace INSTANCE --at-boot --policy FILE` installs a trace of the next boot",
        ),
        BootState::Waiting => Some(
            "restart the instance, then type `--at-boot collect`; `--at-boot remove` takes the trace back",
        ),
        BootState::Tracing => Some("type `--at-boot collect` later"),
        BootState::Finished => {
            Some("type `--at-boot collect` to read the result, or `--at-boot remove` to drop it")
        }
        BootState::Installed | BootState::Removed | BootState::Unsupported => None,
    }
}
