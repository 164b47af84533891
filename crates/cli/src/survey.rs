//! Looking at several places side by side. Takes no writer.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::StreamExt as _;
use jiff::Timestamp;
use v2only_enforcer::automation::{is_left_to_automation, taken};
use v2only_enforcer::launchers::Launcher;
use v2only_enforcer::scan::{Judged, Kinds, scan};
use v2only_enforcer::sources::trace::trace;
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
