//! Who launched the instances that violate the policy, asked of CloudTrail. Takes no writer.
//!
//! CloudTrail answers twice a second for each account and Region and keeps 90 days, so it is asked once for each
//! launch: a record names every instance of its launch, and what an Auto Scaling group launched once it launches
//! always. What is not there is said not to be; nobody is guessed.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt;

use jiff::{SignedDuration, Timestamp};
use v2only_events::{Actor, EventName, Parsed, Subject, Trigger};
use v2only_policy::{Instance, InstanceId, Place};

use crate::failure::{Failure, Kind};
use crate::ports::LookUpLaunches;

/// For how long CloudTrail keeps events.
const KEPT: SignedDuration = SignedDuration::from_hours(90 * 24);
/// The first volume or network interface is attached within this time of the launch.
const ATTACHED_WITHIN: SignedDuration = SignedDuration::from_mins(15);
/// How many launches are asked for in one place: a minute and forty seconds.
const LOOK_UPS: usize = 200;
/// How many pages of 50 events are read for one launch. It is the oldest of the events that name an instance, and
/// nearly always on the first page, because no younger ones than the launch itself are asked for.
const PAGES: usize = 5;
const ACTION: &str = "cloudtrail:LookupEvents";

/// What is known of who launched an instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Launcher {
    /// The record says so.
    Known(LaunchedBy),
    /// It was launched before the time that CloudTrail keeps.
    Older,
    /// CloudTrail has no record of its launch, although it may be young enough.
    NotFound,
    /// CloudTrail did not say.
    Unread(Failure),
    /// There were more launches than are asked for.
    NotAsked,
}

/// Who launched an instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LaunchedBy {
    /// Who; `None` if the record names nobody.
    pub actor: Option<Actor>,
    /// When.
    pub time: Option<Timestamp>,
    /// The id of the record.
    pub event_id: String,
    /// Whose launch the record is of, if not of the instance itself: of another one of its Auto Scaling group.
    pub as_for: Option<InstanceId>,
}

impl LaunchedBy {
    /// In words: role and session, user, service.
    pub fn words(&self) -> String {
        self.actor
            .as_ref()
            .map_or_else(|| "somebody the record does not name".to_owned(), ToString::to_string)
    }
}

impl Launcher {
    /// A stable word.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Known(_) => "known",
            Self::Older => "older-than-kept",
            Self::NotFound => "not-found",
            Self::Unread(_) => "unread",
            Self::NotAsked => "not-asked",
        }
    }
}

impl fmt::Display for Launcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(it) => {
                write!(f, "launched by {}", it.words())?;
                it.as_for.as_ref().map_or(Ok(()), |other| write!(f, ", as {other} of its group was"))
            }
            Self::Older => f.write_str("launched before the 90 days that CloudTrail keeps"),
            Self::NotFound => f.write_str("its launch is not in the 90 days that CloudTrail keeps"),
            Self::Unread(_) => f.write_str("who launched it could not be read"),
            Self::NotAsked => {
                write!(f, "who launched it was not asked for: there are more than {LOOK_UPS} launches here")
            }
        }
    }
}

/// Who launched each of these instances of one place. Costs a call for each launch of the last 90 days.
pub async fn launchers(
    ports: &impl LookUpLaunches,
    place: &Place,
    instances: &[&Instance],
    now: Timestamp,
) -> BTreeMap<InstanceId, Launcher> {
    let mut known: BTreeMap<InstanceId, Launcher> = BTreeMap::new();
    let mut of_groups: BTreeMap<&str, LaunchedBy> = BTreeMap::new();
    let mut refused: Option<Failure> = None;
    let mut left = LOOK_UPS;
    // The youngest of a group first: where its launch is not kept any more, that of no other one is.
    let mut instances = instances.to_vec();
    instances.sort_by_key(|it| (Reverse(it.created_at), it.id.clone()));
    for it in instances {
        if known.contains_key(&it.id) {
            continue;
        }
        let group = it.group();
        let answer = if it.created_at.is_some_and(|at| now.duration_since(at) > KEPT) {
            Launcher::Older
        } else if let Some(by) = group.and_then(|group| of_groups.get(group)) {
            Launcher::Known(by.clone())
        } else if let Some(failure) = &refused {
            Launcher::Unread(failure.clone())
        } else if left == 0 {
            Launcher::NotAsked
        } else {
            left -= 1;
            match look_up(ports, place, it).await {
                Ok(None) => Launcher::NotFound,
                Ok(Some(trigger)) => {
                    let by = launched_by(&trigger);
                    for other in named(&trigger) {
                        known.insert(other.clone(), Launcher::Known(by.clone()));
                    }
                    if let (Some(group), true) = (group, launches_always(&by)) {
                        of_groups.insert(group, LaunchedBy { as_for: Some(it.id.clone()), ..by.clone() });
                    }
                    Launcher::Known(by)
                }
                Err(failure) => {
                    // What the next call would be told as well.
                    if matches!(failure.kind, Kind::Denied | Kind::Credentials | Kind::ForeignAccount) {
                        refused = Some(failure.clone());
                    }
                    Launcher::Unread(failure)
                }
            }
        };
        known.insert(it.id.clone(), answer);
    }
    known
}

/// Whether the launcher of one instance of a group launches them all. A person may have attached this one to it.
fn launches_always(by: &LaunchedBy) -> bool {
    by.actor.as_ref().is_some_and(|it| it.is_service("autoscaling"))
}

fn launched_by(trigger: &Trigger) -> LaunchedBy {
    LaunchedBy {
        actor: trigger.actor.clone(),
        time: trigger.time,
        event_id: trigger.event_id.clone(),
        as_for: None,
    }
}

/// The instances that the record of a launch names.
fn named(trigger: &Trigger) -> impl Iterator<Item = &InstanceId> {
    let launched = match &trigger.subject {
        Subject::Launched { instances, .. } => instances.as_slice(),
        _ => &[],
    };
    launched.iter().map(|it| &it.id)
}

/// The record of the launch of one instance.
async fn look_up(
    ports: &impl LookUpLaunches,
    place: &Place,
    instance: &Instance,
) -> Result<Option<Trigger>, Failure> {
    let until = instance.created_at.and_then(|it| it.checked_add(ATTACHED_WITHIN).ok());
    let mut next = None;
    for _ in 0..PAGES {
        let page = ports.launches(place, &instance.id, until, next).await?;
        if let Some(found) = page.items.iter().find_map(|it| launch_of(it, place, &instance.id)) {
            return Ok(Some(found));
        }
        next = page.next;
        if next.is_none() {
            return Ok(None);
        }
    }
    let why = format!("its launch is not among the newest {} events that name it", PAGES * 50);
    Err(Failure::new(Kind::Unknown, ACTION, why))
}

/// The record, if it is of a launch here that succeeded and does not name other instances only.
fn launch_of(record: &serde_json::Value, place: &Place, id: &InstanceId) -> Option<Trigger> {
    let Ok(Parsed::Trigger(trigger)) = v2only_events::parse(record) else { return None };
    let unnamed = matches!(trigger.subject, Subject::LaunchedUnnamed { .. });
    let of_it = unnamed || named(&trigger).any(|it| it == id);
    (trigger.event == EventName::RunInstances && trigger.place == *place && of_it).then_some(trigger)
}
