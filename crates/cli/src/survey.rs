//! Looking at several places side by side. Takes no writer.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::io;
use std::sync::{Mutex, PoisonError};
use std::task::{Poll, Waker};

use futures_util::StreamExt as _;
use jiff::Timestamp;
use v2only_enforcer::launchers::Launcher;
use v2only_enforcer::scan::{Kinds, Unread, scan_by_pages};
use v2only_enforcer::sources::trace::Tracer;
use v2only_enforcer::{Failure, ResourceId};
use v2only_policy::cause::RootCause;
use v2only_policy::{Instance, InstanceId, Judged, Place, Policy, Verdict};

use crate::estate::{Estate, Finding, Use};
use crate::regions::Places;
use crate::talk::Progress;
use crate::world::Readable;

/// How many places are looked at, or changed, side by side.
pub(crate) const AT_ONCE: usize = 8;

/// What was seen of one place, beside what was found there.
#[derive(Debug)]
pub(crate) struct Seen {
    /// Which place.
    pub(crate) place: Place,
    /// Why the rest could not be read, if so.
    pub(crate) failure: Option<Failure>,
    /// Why evidence of version-1 use could not be read, if so: what it would decide about is held.
    pub(crate) usage_unread: Option<Failure>,
    /// Why it could not be traced who set the options of its violating instances, if so.
    pub(crate) untraced: Option<Failure>,
    /// Who launched them, if that was asked for.
    pub(crate) launchers: BTreeMap<InstanceId, Launcher>,
}

impl Seen {
    fn unreadable((place, failure): (Place, Failure)) -> Self {
        let launchers = BTreeMap::new();
        Self { place, failure: Some(failure), usage_unread: None, untraced: None, launchers }
    }
}

/// Looks at every place; one that fails does not keep the others from being seen.
///
/// # Errors
/// What was found could not be kept.
pub(crate) async fn survey(
    ports: &impl Readable,
    policy: &Policy,
    places: &Places,
    (kinds, now): (Kinds, Timestamp),
    progress: &Progress,
    used_for: Use,
) -> io::Result<Estate> {
    let mut found = Finding::new(used_for);
    let add =
        |place: &Place, judged, causes: BTreeMap<InstanceId, RootCause>| found.add(place, judged, &causes);
    let seen = stream(ports, policy, places, (kinds, now), progress, add).await?;
    Ok(found.end(seen))
}

/// Looks at every place and keeps nothing: `each` gets what is not clean of one place, with its causes, as it is found, some
/// at a time, which is a page of AWS's. What comes back is about places only.
///
/// # Errors
/// The first error of `each`, which ends the survey.
pub(crate) async fn stream<E>(
    ports: &impl Readable,
    policy: &Policy,
    places: &Places,
    (kinds, now): (Kinds, Timestamp),
    progress: &Progress,
    each: impl FnMut(&Place, Vec<Judged>, BTreeMap<InstanceId, RootCause>) -> Result<(), E>,
) -> Result<Vec<Seen>, E> {
    // Never locked across an `await`: places take turns.
    let each = Mutex::new(each);
    let look = async |place: &Place| {
        let _shown = progress.begin(format!("reading {place}"));
        let found = Mutex::new(Found::default());
        let found = || found.lock().unwrap_or_else(PoisonError::into_inner);
        // Both go on at the same time: one that stood still could hold what the other waits for. Between two pages the scan
        // holds nothing, and waits until the first one is taken.
        let scanning = async {
            let turn = async || {
                poll_fn(|context| {
                    let mut found = found();
                    if found.some.is_empty() {
                        return Poll::Ready(());
                    }
                    found.waiting = Some(context.waker().clone());
                    Poll::Pending
                })
                .await;
            };
            let mut each = |it| found().some.push(it);
            let unread = scan_by_pages(ports, policy, place, (kinds, now), &mut each, &turn).await;
            found().ended = Some(unread);
            Ok(())
        };
        let handing_on = async {
            let (mut tracer, mut untraced) = (Tracer::default(), None);
            loop {
                // Needs no waker: it is the scan that wakes both, as soon as AWS answers.
                let (mut some, ended) = poll_fn(|_| {
                    let mut found = found();
                    if found.some.is_empty() && found.ended.is_none() {
                        return Poll::Pending;
                    }
                    if let Some(scanning) = found.waiting.take() {
                        scanning.wake();
                    }
                    Poll::Ready((std::mem::take(&mut found.some), found.ended.take()))
                })
                .await;
                some.sort_by_cached_key(|it| ResourceId::from(&it.subject));
                let causes = match untraced {
                    None => tracer.trace(ports, place, &violating(&some)).await,
                    // What was denied once is not asked for again on every page.
                    Some(_) => Ok(BTreeMap::new()),
                };
                let causes = causes.unwrap_or_else(|failure| {
                    untraced = Some(failure);
                    BTreeMap::new()
                });
                (each.lock().unwrap_or_else(PoisonError::into_inner))(place, some, causes)?;
                if let Some(unread) = ended {
                    return Ok((unread, untraced));
                }
            }
        };
        let ((), (unread, untraced)) = futures_util::future::try_join(scanning, handing_on).await?;
        Ok(Seen {
            place: place.clone(),
            failure: unread.failure,
            usage_unread: unread.usage,
            untraced,
            launchers: BTreeMap::new(),
        })
    };
    let mut looks = futures_util::stream::iter(&places.known).map(look).buffered(AT_ONCE);
    let mut seen = Vec::with_capacity(places.known.len());
    while let Some(it) = looks.next().await {
        seen.push(it?);
    }
    drop(looks);
    seen.extend(places.unreadable.iter().cloned().map(Seen::unreadable));
    Ok(seen)
}

/// What was found and not handed on yet.
#[derive(Default)]
struct Found {
    some: Vec<Judged>,
    ended: Option<Unread>,
    /// The scan, if it waits for `some` to be taken before it goes on to the next page.
    waiting: Option<Waker>,
}

/// The instances that violate the policy.
fn violating(judged: &[Judged]) -> Vec<&Instance> {
    let violating = judged.iter().filter(|it| matches!(it.decision.verdict, Verdict::Violation(_)));
    violating.filter_map(Judged::instance).collect()
}
