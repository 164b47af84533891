//! Whether `HttpTokensEnforced` may be switched on in one account and Region now. Takes no writer.
//!
//! What could not be read is a reason against the switch.

use std::collections::BTreeSet;

use jiff::Timestamp;
use v2only_policy::source::{AccountDefaults, DefaultsOwner, LaunchTemplate};
use v2only_policy::{InstanceId, Place, Policy, Switch};

use crate::failure::Failure;
use crate::ports::{Admission, ListInstances, OrganizationalUnits, ReadUsage, SourceReader};
use crate::readiness::{Failing, Readiness, SourcesRead, State, read_sources, readiness};

/// A reason against the switch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// Something could not be read.
    NotRead(Failure),
    /// Not the account decides about the switch.
    Owner(DefaultsOwner),
    /// Launches from this source fail once the switch is on.
    Source(Box<Failing>),
    /// Software on this instance uses IMDSv1, or may: an instance that replaces it answers IMDSv2 only.
    Instance(Box<Readiness>),
    /// CloudTrail recorded a use of IMDSv1 that the sources do not show.
    Recorded(RecordedUse),
}

/// What CloudTrail recorded of one principal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedUse {
    /// What the principal did.
    pub kind: RecordedKind,
    /// The ARN of the role or user.
    pub principal: String,
    /// Through what: the kind of launch and its parent, or the instance.
    pub through: Option<String>,
    /// How many calls.
    pub calls: u64,
    /// When the last call was.
    pub last: Option<Timestamp>,
}

/// A use of IMDSv1 that CloudTrail records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordedKind {
    /// Launches that AWS refuses once the switch is on.
    RefusedLaunch,
    /// Launches whose records do not show whether AWS would refuse them.
    UnknownLaunch,
    /// Calls with credentials that an instance got by IMDSv1.
    DeliveredByV1,
}

impl Reason {
    /// A stable word for scripts.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotRead(_) => "not-read",
            Self::Owner(DefaultsOwner::DeclarativePolicy(_)) => "declarative-policy",
            Self::Owner(_) => "owner-unknown",
            Self::Source(it) => match **it {
                Failing::Defaults(_) => "default-not-required",
                Failing::Version(..) => "template-says-optional",
                Failing::Configuration(_) => "launch-configuration-optional",
                Failing::NotDescribed(..) => "template-not-described",
            },
            Self::Instance(it) if it.state == State::Busy => "instance-uses-v1",
            Self::Instance(_) => "instance-may-use-v1",
            Self::Recorded(it) => match it.kind {
                RecordedKind::RefusedLaunch => "recorded-launch-refused",
                RecordedKind::UnknownLaunch => "recorded-launch-unknown",
                RecordedKind::DeliveredByV1 => "credentials-delivered-by-v1",
            },
        }
    }
}

/// The answer for one account and Region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GateAnswer {
    /// The account and Region.
    pub place: Place,
    /// Whether the switch is on already; `None` where the account defaults could not be read.
    pub enforced: Option<bool>,
    /// The launch templates that were read, with the versions in use.
    pub templates: Vec<LaunchTemplate>,
    /// The instances whose metadata service answers.
    pub instances: BTreeSet<InstanceId>,
    /// The reasons against the switch. None: yes.
    pub reasons: Vec<Reason>,
}

impl GateAnswer {
    /// Whether the switch may be on.
    pub const fn is_yes(&self) -> bool {
        self.reasons.is_empty()
    }

    /// Why something could not be read, so that there may be more reasons.
    pub fn failure(&self) -> Option<&Failure> {
        self.reasons.iter().find_map(|reason| match reason {
            Reason::NotRead(failure) => Some(failure),
            Reason::Owner(_) | Reason::Source(_) | Reason::Instance(_) | Reason::Recorded(_) => None,
        })
    }

    /// The answer where nothing could be read.
    pub fn not_read(place: Place, failure: Failure) -> Self {
        let reasons = vec![Reason::NotRead(failure)];
        Self { place, enforced: None, templates: Vec::new(), instances: BTreeSet::new(), reasons }
    }
}

/// Asks for one account and Region. `days` replaces the window that the policy document sets.
pub async fn gate<P>(
    ports: &P,
    policy: &Policy,
    place: &Place,
    days: Option<u16>,
    now: Timestamp,
) -> GateAnswer
where
    P: Admission + OrganizationalUnits + ListInstances + ReadUsage + SourceReader + Sync,
{
    let SourcesRead { defaults, templates, failing } = match read_sources(ports, place).await {
        Ok(read) => read,
        Err(failure) => return GateAnswer::not_read(place.clone(), failure),
    };
    let mut reasons: Vec<Reason> = owner(&defaults).into_iter().collect();
    reasons.extend(failing.into_iter().map(|it| Reason::Source(Box::new(it))));
    let (mut instances, mut known) = (Vec::new(), BTreeSet::new());
    let ended = readiness(ports, policy, place, days, now, &mut |readiness| {
        known.insert(readiness.instance.id.clone());
        if matches!(readiness.state, State::Busy | State::Unknown) {
            instances.push(readiness);
        }
    })
    .await;
    instances.sort_by(|one, other| (one.state, &one.instance.id).cmp(&(other.state, &other.instance.id)));
    reasons.extend(instances.into_iter().map(|it| Reason::Instance(Box::new(it))));
    reasons.extend(ended.err().map(Reason::NotRead));
    let enforced = Some(defaults.enforced == Switch::Enabled);
    GateAnswer { place: place.clone(), enforced, templates, instances: known, reasons }
}

/// An owner other than the account, where the switch is not on.
fn owner(defaults: &AccountDefaults) -> Option<Reason> {
    let theirs = defaults.owner != DefaultsOwner::Account && defaults.enforced != Switch::Enabled;
    theirs.then(|| Reason::Owner(defaults.owner.clone()))
}
