//! Recorded launches, grouped by who launched and by what path.

use std::collections::BTreeMap;

use jiff::Timestamp;
use v2only_events::{Actor, Caller, LaunchOutcome, RecordedLaunch};
use v2only_policy::{Place, Tags, owner};

use crate::facts::{LaunchFacts, launch_tags};
use crate::path::LaunchPath;

/// What the launches of a group have in common: one change at their source fixes all of them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupKey {
    /// The account and Region.
    pub place: Place,
    /// How the launches came about.
    pub path: LaunchPath,
    /// The parent that a service launches for: the Auto Scaling group, node group, environment or stack.
    pub parent: Option<String>,
    /// The launch template, where neither a service nor a group owns the choice of it.
    pub template: Option<String>,
    /// The ARN of the role or user, without the session; the service where the record names neither.
    pub principal: String,
}

/// The launches of a group with equal facts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tally {
    /// How many calls.
    pub launches: u64,
    /// How many instances, at least.
    pub instances: u64,
    /// When the last of the launches was recorded.
    pub last: Option<Timestamp>,
    /// The request id of the last launch, or the id of its record.
    pub last_id: String,
}

/// A group of recorded launches.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LaunchGroup {
    /// Launches that succeeded, by their facts.
    pub launched: BTreeMap<LaunchFacts, Tally>,
    /// Dry runs, by their facts. They launched nothing, and a switch applies to them as well.
    pub dry_runs: BTreeMap<LaunchFacts, Tally>,
    /// Launches that AWS refused because the account enforces tokens.
    pub refused_by_enforcement: u64,
    /// Launches that AWS refused for another reason.
    pub failed: u64,
    /// The first recorded launch.
    pub first: Option<Timestamp>,
    /// The facts of the last launch that succeeded, and when it was made.
    pub latest: Option<(Timestamp, LaunchFacts)>,
    /// The session name or source identity of the last launch.
    pub last_session: Option<String>,
    /// Whether the caller is a service-linked role or an AWS service, to which no SCP applies.
    pub service_linked: bool,
}

/// Where a group stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum GroupState {
    /// Its latest launch came with instances that answer IMDSv1.
    Open,
    /// The record of its latest launch does not show the options of the instances.
    Unknown,
    /// Earlier launches came with instances that answer IMDSv1, and the latest launch did not.
    Fixed,
    /// No launch came with instances that answer IMDSv1.
    Required,
    /// Every recorded launch was refused, or was a dry run.
    NoLaunch,
}

impl GroupState {
    /// A stable word.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Unknown => "unknown",
            Self::Fixed => "fixed",
            Self::Required => "required",
            Self::NoLaunch => "no-launch",
        }
    }
}

impl GroupKey {
    /// The group of a recorded launch with these tags.
    pub fn of(launch: &RecordedLaunch, tags: &Tags) -> Self {
        let path = LaunchPath::of(launch, tags);
        let tag = |key: &str| tags.get(key).cloned();
        let stack = || tag("aws:cloudformation:stack-name");
        let parent = match path {
            LaunchPath::AutoScaling => tag("aws:autoscaling:groupName"),
            LaunchPath::Batch => tag("aws:autoscaling:groupName"),
            LaunchPath::CloudFormation => stack(),
            // The id of a cluster is another one each time.
            LaunchPath::Emr => None,
            other => other.owner().and_then(|it| owner::parent_name(it, tags)).map(str::to_owned),
        };
        let is_owned = parent.is_some() || path.owner().is_some();
        let template = (!is_owned).then(|| LaunchFacts::of(launch, tags).template).flatten();
        Self {
            place: launch.call.place.clone(),
            path,
            parent,
            template: template.map(|it| it.id),
            principal: principal(launch),
        }
    }
}

/// The ARN of the principal without the session, else the name, the service or the kind, else `unknown`.
fn principal(launch: &RecordedLaunch) -> String {
    let caller = &launch.call.caller;
    let actor = caller.actor.as_ref();
    // Without an issuer, the sessions of a role are one principal all the same.
    let arn = || actor.and_then(|it| it.role_arn().or_else(|| it.arn.clone()));
    let service = || actor.and_then(|it| it.invoked_by.clone());
    let name = || actor.and_then(|it| it.name.clone());
    let kind = || actor.and_then(|it| it.kind.clone());
    let known = caller.issuer.clone().or_else(arn).or_else(name).or_else(service).or_else(kind);
    known.unwrap_or_else(|| "unknown".to_owned())
}

/// Whether no SCP applies to the caller: a service-linked role, or a service that calls as itself. Without an issuer, the name
/// of the role shows that the role is service-linked.
fn is_beyond_scps(caller: &Caller) -> bool {
    let actor = caller.actor.as_ref();
    caller.issuer.as_deref().is_some_and(|it| it.contains(":role/aws-service-role/"))
        || actor.is_some_and(|it| it.kind.as_deref() == Some("AWSService"))
        || (caller.issuer.is_none()
            && actor.and_then(Actor::role).is_some_and(|it| it.starts_with("AWSServiceRoleFor")))
}

impl LaunchGroup {
    /// Counts a launch of the group.
    pub fn add(&mut self, launch: &RecordedLaunch, tags: &Tags) {
        let at = launch.call.time;
        let number = match &launch.outcome {
            LaunchOutcome::Launched(instances) => instances.len(),
            LaunchOutcome::Unnamed { at_least } => usize::try_from(*at_least).unwrap_or(usize::MAX),
            LaunchOutcome::DryRun => 0,
            LaunchOutcome::Refused { by_enforcement, .. } => {
                if *by_enforcement {
                    self.refused_by_enforcement += 1;
                } else {
                    self.failed += 1;
                }
                return;
            }
        };
        let caller = &launch.call.caller;
        self.service_linked |= is_beyond_scps(caller);
        let facts = LaunchFacts::of(launch, tags);
        let is_dry_run = launch.outcome == LaunchOutcome::DryRun;
        if let Some(at) = at.filter(|_| !is_dry_run) {
            self.first = Some(self.first.map_or(at, |first| first.min(at)));
            if self.latest.as_ref().is_none_or(|(latest, _)| *latest <= at) {
                let session = caller.actor.as_ref().and_then(|it| it.session_or_federated_name());
                self.last_session = caller.source_identity.clone().or_else(|| session.map(str::to_owned));
                self.latest = Some((at, facts.clone()));
            }
        }
        let counted = if is_dry_run { &mut self.dry_runs } else { &mut self.launched };
        let id = || launch.call.request_id.clone().unwrap_or_else(|| launch.call.event_id.clone());
        let tally = counted.entry(facts).or_insert_with(|| Tally {
            launches: 0,
            instances: 0,
            last: None,
            last_id: id(),
        });
        tally.launches += 1;
        tally.instances += u64::try_from(number).unwrap_or(u64::MAX);
        if tally.last <= at {
            tally.last = at;
            tally.last_id = id();
        }
    }

    /// How many launches succeeded.
    pub fn launches(&self) -> u64 {
        self.launched.values().map(|it| it.launches).sum()
    }

    /// How many launches came with instances that answer IMDSv1.
    pub fn answering_v1(&self) -> u64 {
        let open = self.launched.iter().filter(|(facts, _)| facts.answers_v1() == Some(true));
        open.map(|(_, tally)| tally.launches).sum()
    }

    /// When a launch of the group last came with instances that answer IMDSv1.
    pub fn last_answering_v1(&self) -> Option<Timestamp> {
        let open = self.launched.iter().filter(|(facts, _)| facts.answers_v1() == Some(true));
        open.filter_map(|(_, tally)| tally.last).max()
    }

    /// Where the group stands by its latest launch.
    pub fn state(&self) -> GroupState {
        match self.latest.as_ref().map(|(_, facts)| facts.answers_v1()) {
            None if self.launched.is_empty() => GroupState::NoLaunch,
            None | Some(None) => GroupState::Unknown,
            Some(Some(true)) => GroupState::Open,
            Some(Some(false)) if self.answering_v1() > 0 => GroupState::Fixed,
            Some(Some(false)) => GroupState::Required,
        }
    }
}

/// Counts a launch among the groups.
pub(crate) fn add(groups: &mut BTreeMap<GroupKey, LaunchGroup>, launch: &RecordedLaunch) {
    let tags = launch_tags(launch);
    groups.entry(GroupKey::of(launch, &tags)).or_default().add(launch, &tags);
}
