//! Reads several accounts and Regions at the same time. Takes no writer.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use futures_util::StreamExt as _;
use jiff::Timestamp;
use tokio::sync::mpsc;
use v2only_enforcer::inventory::Inventory;
use v2only_enforcer::launchers::Launcher;
use v2only_enforcer::scan::{Kinds, Unread, scan_by_pages};
use v2only_enforcer::sources::trace::Tracer;
use v2only_enforcer::surfaces;
use v2only_enforcer::{Failure, Record, ResourceId};
use v2only_policy::cause::RootCause;
use v2only_policy::{Instance, InstanceId, Judged, Place, Policy, SurfaceKind, Verdict};

use crate::args::selection::Filter;
use crate::report::item::Item;
use crate::run::profiles::{Profiles, Rights};
use crate::run::regions::{LOCATIONS_AT_ONCE, Places};
use crate::term::messages::{Progress, Talk};
use crate::world::{DescribeInstances, ReadRoles, ReadSurfaces, Readable};

/// How the reading of one account and Region ended.
#[derive(Debug)]
pub(crate) struct LocationSurvey {
    /// The account and Region.
    pub(crate) place: Place,
    /// Why the rest could not be read, if so.
    pub(crate) failure: Option<Failure>,
    /// Why evidence of version-1 use could not be read, if so: what it would decide about is held.
    pub(crate) usage_unread: Option<Failure>,
    /// Why it could not be traced who set the options of its violating instances, if so.
    pub(crate) untraced: Option<Failure>,
    /// Why it is not known which of their instance profiles are administrators', if so.
    pub(crate) profiles_unread: Option<Failure>,
    /// Who launched them, if that was asked for.
    pub(crate) launchers: BTreeMap<InstanceId, Launcher>,
    /// How many candidates of an inventory EC2 described.
    pub(crate) verified: usize,
}

impl LocationSurvey {
    fn unreadable((place, failure): (Place, Failure)) -> Self {
        let launchers = BTreeMap::new();
        Self {
            place,
            failure: Some(failure),
            usage_unread: None,
            untraced: None,
            profiles_unread: None,
            launchers,
            verified: 0,
        }
    }
}

/// Says which kinds this build leaves out of a run over every kind.
pub(crate) fn note_left_out(aws: &impl ReadSurfaces, kinds: Kinds, talk: &mut Talk<'_>) {
    let left_out = SurfaceKind::ALL.iter().filter(|kind| !aws.readable().contains(kind));
    let nouns: Vec<String> = left_out.map(|kind| format!("{}s", kind.about().kind.noun)).collect();
    if kinds == Kinds::All && !nouns.is_empty() {
        talk.note(&format!(
            "this build does not read {}; build it with `--features full`, or install a release",
            nouns.join(", ")
        ));
    }
}

/// Where a scan looks, for what, and by which policy.
#[derive(Clone, Copy)]
pub(crate) struct ScanRequest<'a> {
    pub(crate) policy: &'a Policy,
    pub(crate) places: &'a Places,
    pub(crate) kinds: Kinds,
    pub(crate) filter: &'a Filter,
    pub(crate) now: Timestamp,
    /// What AWS Config found, where that takes the place of listings.
    pub(crate) inventory: Option<&'a Inventory>,
    /// Where the rights of instance profiles are kept, if they are wanted.
    pub(crate) profiles: Option<&'a Profiles>,
}

/// Some of what is not clean at one account and Region: at most a page of AWS's.
pub(crate) struct Page<'a> {
    pub(crate) place: &'a Place,
    pub(crate) judged: Vec<Judged>,
    /// What set the options of the violating instances among them.
    pub(crate) causes: BTreeMap<InstanceId, RootCause>,
    /// What their instance profiles may do, where that is known.
    pub(crate) rights: BTreeMap<InstanceId, Rights>,
}

impl Page<'_> {
    /// Hands on one resource after another.
    ///
    /// # Errors
    /// The first error of `each`.
    pub(crate) fn items<E>(self, mut each: impl FnMut(&Item<'_>) -> Result<(), E>) -> Result<(), E> {
        self.judged.iter().try_for_each(|judged| {
            let id = judged.instance().map(|instance| &instance.id);
            let cause = id.and_then(|id| self.causes.get(id));
            let rights = id.and_then(|id| self.rights.get(id));
            each(&Item { rights, ..Item::of(&Record::of(self.place, judged), judged, cause) })
        })
    }
}

/// Reads every account and Region, and keeps nothing: `each` gets what is not clean page by page.
///
/// # Errors
/// The first error of `each`, which ends the survey. An account and Region that cannot be read is not an error: its
/// survey says so.
pub(crate) async fn survey<E>(
    ports: &(impl Readable + DescribeInstances + ReadSurfaces + ReadRoles),
    request: ScanRequest<'_>,
    progress: &Progress,
    each: impl FnMut(Page<'_>) -> Result<(), E>,
) -> Result<Vec<LocationSurvey>, E> {
    let ScanRequest { policy, places, kinds, filter, now, inventory, profiles } = request;
    // Never locked across an `await`.
    let each = Mutex::new(each);
    let read = async |place: &Place| {
        let _shown = progress.begin(format!("reading {place}"));
        let (pages, mut received) = mpsc::channel(1);
        let scanning = async {
            let pages = pages;
            let page = Mutex::new(Vec::new());
            // The scan waits here between two pages, and holds nothing. The receiver ends before the sender only
            // when `each` failed, which drops this future as well.
            let hand_on = async || {
                let judged = std::mem::take(&mut *unpoisoned(&page));
                let _received = pages.send(judged).await;
            };
            let mut keep = |judged| unpoisoned(&page).push(judged);
            if let Some(inventory) = inventory {
                let found = inventory.scan(ports, policy, place, now, &mut keep).await;
                hand_on().await;
                return Ok(found);
            }
            let unread = scan_by_pages(ports, policy, place, (kinds, now), &mut keep, &hand_on).await;
            hand_on().await;
            let others = surfaces::scan(ports, policy, place, (kinds, now), &mut keep).await;
            hand_on().await;
            let failure = unread.failure.or(others.failure);
            Ok((Unread { failure, usage: unread.usage.or(others.usage) }, 0))
        };
        let tracing = async {
            let (mut tracer, mut untraced, mut profiles_unread) = (Tracer::default(), None, None);
            while let Some(mut judged) = received.recv().await {
                judged.retain(|judged| filter.matches(&judged.subject));
                judged.sort_by_cached_key(|judged| ResourceId::from(&judged.subject));
                let violating = violating(&judged);
                let rights = match profiles {
                    Some(profiles) => {
                        let (rights, unread) = profiles.rights(ports, place, &violating).await;
                        profiles_unread = profiles_unread.or(unread);
                        rights
                    }
                    None => BTreeMap::new(),
                };
                let causes = match untraced {
                    None => tracer.trace(ports, place, &violating).await,
                    // A denied call is not repeated for every page.
                    Some(_) => Ok(BTreeMap::new()),
                };
                let causes = causes.unwrap_or_else(|failure| {
                    untraced = Some(failure);
                    BTreeMap::new()
                });
                (unpoisoned(&each))(Page { place, judged, causes, rights })?;
            }
            Ok((untraced, profiles_unread))
        };
        let ((unread, verified), (untraced, profiles_unread)) =
            futures_util::future::try_join(scanning, tracing).await?;
        Ok(LocationSurvey {
            place: place.clone(),
            failure: unread.failure,
            usage_unread: unread.usage,
            untraced,
            profiles_unread,
            launchers: BTreeMap::new(),
            verified,
        })
    };
    let mut reads = futures_util::stream::iter(&places.known).map(read).buffered(LOCATIONS_AT_ONCE);
    let mut seen = Vec::with_capacity(places.known.len());
    let steps = progress.steps(places.known.len(), "accounts and Regions read");
    while let Some(survey) = reads.next().await {
        seen.push(survey?);
        steps.done(1);
    }
    drop(steps);
    drop(reads);
    seen.extend(places.unreadable.iter().cloned().map(LocationSurvey::unreadable));
    Ok(seen)
}

fn unpoisoned<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The instances that violate the policy.
fn violating(judged: &[Judged]) -> Vec<&Instance> {
    let violating = judged.iter().filter(|judged| matches!(judged.decision.verdict, Verdict::Violation(_)));
    violating.filter_map(Judged::instance).collect()
}
