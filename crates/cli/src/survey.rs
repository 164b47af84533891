//! Looking at several places side by side. Takes no writer.

use std::collections::{BTreeMap, BTreeSet};
use std::future::poll_fn;
use std::sync::{Mutex, PoisonError};
use std::task::Poll;

use futures_util::StreamExt as _;
use jiff::Timestamp;
use v2only_enforcer::automation::{is_left_to_automation, taken};
use v2only_enforcer::launchers::Launcher;
use v2only_enforcer::scan::{Judged, Kinds, Unread, scan};
use v2only_enforcer::sources::trace::{Tracer, trace};
use v2only_enforcer::{Failure, Record};
use v2only_policy::cause::RootCause;
use v2only_policy::{Instance, InstanceId, Place, Policy, Verdict};

use crate::regions::Places;
use crate::talk::Progress;
use crate::world::Readable;

/// How many places are looked at, or changed, side by side.
pub(crate) const AT_ONCE: usize = 8;

/// What was seen of one place.
#[derive(Debug)]
pub(crate) struct Seen {
    /// Which place.
    pub(crate) place: Place,
    /// What is not clean, by kind and id.
    pub(crate) judged: Vec<Judged>,
    /// Why the rest could not be read, if so.
    pub(crate) failure: Option<Failure>,
    /// Why evidence of version-1 use could not be read, if so: what it would decide about is held.
    pub(crate) usage_unread: Option<Failure>,
    /// Who set the options of its violating instances.
    pub(crate) causes: BTreeMap<InstanceId, RootCause>,
    /// Why that could not be traced, if so.
    pub(crate) untraced: Option<Failure>,
    /// Who launched them, if that was asked for.
    pub(crate) launchers: BTreeMap<InstanceId, Launcher>,
    /// Those that the policy leaves to Systems Manager Automation, once they are to be changed.
    pub(crate) automated: BTreeSet<InstanceId>,
}

impl Seen {
    /// What is said of each resource as long as nothing is done.
    pub(crate) fn records(&self) -> impl Iterator<Item = Record> {
        self.judged.iter().map(|it| it.record(&self.place))
    }

    fn unreadable((place, failure): (Place, Failure)) -> Self {
        let failure = Some(failure);
        let causes = BTreeMap::new();
        let (launchers, automated) = (BTreeMap::new(), BTreeSet::new());
        Self {
            place,
            judged: Vec::new(),
            failure,
            usage_unread: None,
            causes,
            untraced: None,
            launchers,
            automated,
        }
    }

    /// What the policy leaves to Systems Manager Automation is to be changed by it.
    pub(crate) fn take_automation(&mut self) {
        for it in std::mem::take(&mut self.judged) {
            if let (true, Judged::Instance(instance, _)) = (is_left_to_automation(&it), &it) {
                self.automated.insert(instance.id.clone());
            }
            self.judged.push(taken(it));
        }
    }

    /// Whether this is to be changed by Systems Manager Automation.
    pub(crate) fn is_automated(&self, judged: &Judged) -> bool {
        matches!(judged, Judged::Instance(it, _) if self.automated.contains(&it.id))
    }

    /// Its violating instances.
    pub(crate) fn violating(&self) -> Vec<&Instance> {
        violating(&self.judged)
    }

    /// Who launched one of its instances, if that was asked for.
    pub(crate) fn launcher(&self, judged: &Judged) -> Option<&Launcher> {
        match judged {
            Judged::Instance(it, _) => self.launchers.get(&it.id),
            _ => None,
        }
    }

    /// After somebody agreed to what nobody can undo.
    pub(crate) fn consent(&mut self) {
        let agreed = |it: Judged| match it {
            Judged::Source(it) => Judged::Source(Box::new(it.with_consent())),
            other => other,
        };
        self.judged = std::mem::take(&mut self.judged).into_iter().map(agreed).collect();
    }
}

/// Looks at every place; one that fails does not keep the others from being seen.
pub(crate) async fn survey(
    ports: &impl Readable,
    policy: &Policy,
    places: &Places,
    kinds: Kinds,
    now: Timestamp,
    progress: &Progress,
) -> Vec<Seen> {
    let look = async |place: &Place| {
        let _shown = progress.begin(format!("reading {place}"));
        let mut judged = Vec::new();
        let unread = scan(ports, policy, place, kinds, now, &mut |it| judged.push(it)).await;
        judged.sort_by_cached_key(|it| it.record(place).resource);
        let (causes, untraced) = match traced(ports, place, &judged).await {
            Ok(causes) => (causes, None),
            Err(failure) => (BTreeMap::new(), Some(failure)),
        };
        Seen {
            place: place.clone(),
            judged,
            failure: unread.failure,
            usage_unread: unread.usage,
            causes,
            untraced,
            launchers: BTreeMap::new(),
            automated: BTreeSet::new(),
        }
    };
    let mut seen: Vec<Seen> =
        futures_util::stream::iter(&places.known).map(look).buffered(AT_ONCE).collect().await;
    seen.extend(places.unreadable.iter().cloned().map(Seen::unreadable));
    seen
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
        // Both go on at the same time: one that stood still could hold what the other waits for.
        let scanning = async {
            let unread = scan(ports, policy, place, kinds, now, &mut |it| found().some.push(it)).await;
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
                    Poll::Ready((std::mem::take(&mut found.some), found.ended.take()))
                })
                .await;
                some.sort_by_cached_key(|it: &Judged| it.record(place).resource);
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
            judged: Vec::new(),
            failure: unread.failure,
            usage_unread: unread.usage,
            causes: BTreeMap::new(),
            untraced,
            launchers: BTreeMap::new(),
            automated: BTreeSet::new(),
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
}

/// Who set the options of the instances that violate the policy.
async fn traced(
    ports: &impl Readable,
    place: &Place,
    judged: &[Judged],
) -> Result<BTreeMap<InstanceId, RootCause>, Failure> {
    trace(ports, place, &violating(judged)).await
}

fn violating(judged: &[Judged]) -> Vec<&Instance> {
    let violating = judged.iter().filter_map(|it| match it {
        Judged::Instance(it, decision) if matches!(decision.verdict, Verdict::Violation(_)) => Some(it),
        _ => None,
    });
    violating.collect()
}
