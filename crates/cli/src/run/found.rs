//! What a survey found, however much it is: on disk, but for a few bytes of each resource.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use v2only_enforcer::automation::{is_left_to_automation, run_by_automation};
use v2only_enforcer::launchers::Launcher;
use v2only_enforcer::{Record, ResourceId};
use v2only_policy::cause::RootCause;
use v2only_policy::{Instance, Judged, Place, Subject, Verdict};

use crate::report::item::Item;
use crate::run::profiles::Rights;
use crate::run::spool::{self, Slot, Spool, SpoolError};
use crate::run::survey::{self, LocationSurvey, Page, ScanRequest};
use crate::term::messages::Progress;
use crate::world::{DescribeInstances, ReadRoles, ReadSurfaces, Readable};

/// What becomes of what was found before anything else is done with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    /// It is only reported.
    Tell,
    /// It is to be changed, also by Systems Manager Automation where the policy leaves it to that.
    Change {
        /// The user agreed to changes that cannot be undone.
        consent: bool,
    },
}

/// Everything that is not clean, by account, Region, kind and id.
#[derive(Debug)]
pub(crate) struct Estate {
    /// The survey of each account and Region.
    pub(crate) seen: Vec<LocationSurvey>,
    entries: Vec<Entry>,
    causes: Causes,
    spool: Spool,
}

/// What is always at hand of a resource.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry {
    slot: Slot,
    place: u32,
    cause: u32,
    /// Whether the policy would have something done about it now.
    pub(crate) acts: bool,
    /// Whether that is to be done by Systems Manager Automation.
    pub(crate) automated: bool,
    /// Whether it is what instances take their options from.
    pub(crate) source: bool,
    /// Whether it is an instance that violates the policy.
    violating_instance: bool,
}

impl Entry {
    /// The number of its account and Region.
    pub(crate) const fn place(&self) -> u32 {
        self.place
    }
}

/// A resource as it was found.
#[derive(Debug)]
pub(crate) struct FoundResource {
    pub(crate) judged: Judged,
    /// Who set its options, if that was traced.
    pub(crate) cause: Option<RootCause>,
    /// What its instance profile may do, if that was read.
    pub(crate) rights: Option<Rights>,
}

/// The words for causes, each once.
#[derive(Debug, Default)]
struct Causes {
    words: Vec<String>,
    numbers: BTreeMap<String, u32>,
}

impl Causes {
    fn number(&mut self, words: String) -> u32 {
        if let Some(number) = self.numbers.get(&words) {
            return *number;
        }
        let number = u32::try_from(self.words.len()).unwrap_or(u32::MAX);
        self.words.push(words.clone());
        self.numbers.insert(words, number);
        number
    }
}

/// Reads every account and Region, and keeps what is not clean.
///
/// # Errors
/// What was found could not be kept.
pub(crate) async fn survey(
    ports: &(impl Readable + DescribeInstances + ReadSurfaces + ReadRoles),
    request: ScanRequest<'_>,
    progress: &Progress,
    used_for: Use,
) -> spool::Result<Estate> {
    let mut found = EstateBuilder::new(used_for);
    let seen = survey::survey(ports, request, progress, |page| found.add(page)).await?;
    Ok(found.end(seen))
}

/// An estate that is being collected.
struct EstateBuilder {
    spool: Spool,
    causes: Causes,
    by_place: BTreeMap<Place, Vec<(ResourceId, Entry)>>,
    used_for: Use,
}

impl EstateBuilder {
    fn new(used_for: Use) -> Self {
        Self { spool: Spool::default(), causes: Causes::default(), by_place: BTreeMap::new(), used_for }
    }

    /// Keeps a page of one account and Region.
    fn add(&mut self, page: Page<'_>) -> spool::Result<()> {
        let Page { place, judged, causes, rights } = page;
        if judged.is_empty() {
            return Ok(());
        }
        let here = self.by_place.entry(place.clone()).or_default();
        for it in judged {
            let (it, automated) = match self.used_for {
                Use::Tell => (it, false),
                Use::Change { consent } => {
                    let automated = is_left_to_automation(&it);
                    let decision = if consent { it.decision.with_consent() } else { it.decision };
                    (run_by_automation(Judged { decision, ..it }), automated)
                }
            };
            let cause = it.instance().and_then(|it| causes.get(&it.id)).cloned();
            let rights = it.instance().and_then(|it| rights.get(&it.id)).cloned();
            let violating_instance =
                it.instance().is_some() && matches!(it.decision.verdict, Verdict::Violation(_));
            let id = ResourceId::from(&it.subject);
            let words = match (&it.subject, &cause) {
                (Subject::Notebook(_), _) => it.subject.noun().to_owned(),
                (_, Some(cause)) => cause.words(),
                (_, None) => String::new(),
            };
            let cause_number = self.causes.number(words);
            let (acts, source) = (it.acts(), it.subject.is_launch_source());
            let slot = self.spool.put(&(it, cause, rights))?;
            let entry =
                Entry { slot, place: 0, cause: cause_number, acts, automated, source, violating_instance };
            here.push((id, entry));
        }
        Ok(())
    }

    /// Everything that was found, in the order of these surveys.
    fn end(mut self, seen: Vec<LocationSurvey>) -> Estate {
        let mut entries = Vec::with_capacity(self.by_place.values().map(Vec::len).sum());
        for (number, it) in (0_u32..).zip(&seen) {
            let mut here = self.by_place.remove(&it.place).unwrap_or_default();
            here.sort_by(|(one, _), (other, _)| one.cmp(other));
            entries.extend(here.into_iter().map(|(_, entry)| Entry { place: number, ..entry }));
        }
        Estate { seen, entries, causes: self.causes, spool: self.spool }
    }
}

impl Estate {
    /// How many resources there are.
    pub(crate) const fn len(&self) -> usize {
        self.entries.len()
    }

    /// What is at hand of each, in order; its number is its position.
    pub(crate) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// What is at hand of one.
    pub(crate) fn entry(&self, number: usize) -> Option<&Entry> {
        self.entries.get(number)
    }

    /// The account and Region of one.
    pub(crate) fn seen(&self, it: &Entry) -> spool::Result<&LocationSurvey> {
        let number = usize::try_from(it.place).unwrap_or(usize::MAX);
        self.seen.get(number).ok_or_else(|| SpoolError::new("a resource without a place"))
    }

    /// The words for what stands behind one: the same for the same cause.
    pub(crate) fn cause_words(&self, it: &Entry) -> &str {
        let number = usize::try_from(it.cause).unwrap_or(usize::MAX);
        self.causes.words.get(number).map_or("", String::as_str)
    }

    /// One as it was found.
    pub(crate) fn get(&self, it: &Entry) -> spool::Result<FoundResource> {
        let (judged, cause, rights) = self.spool.get(it.slot)?;
        Ok(FoundResource { judged, cause, rights })
    }

    /// The numbers of those in one account and Region.
    pub(crate) fn at(&self, place: usize) -> Range<usize> {
        let place = u32::try_from(place).unwrap_or(u32::MAX);
        let before =
            |end: bool| self.entries.partition_point(|it| it.place < place || end && it.place == place);
        before(false)..before(true)
    }

    /// The instances that violate the policy in one account and Region, with the part of their description that leads to
    /// their launch.
    pub(crate) fn launched(&self, seen: usize, group_tag: &str) -> spool::Result<Vec<Instance>> {
        let here = self.entries.get(self.at(seen)).unwrap_or_default();
        let mut launched = Vec::new();
        for it in here.iter().filter(|it| it.violating_instance) {
            if let Subject::Instance(mut it) = self.get(it)?.judged.subject {
                it.tags.retain(|key, _| key == group_tag);
                (it.image, it.profile, it.managed_by) = (None, None, None);
                launched.push(it);
            }
        }
        Ok(launched)
    }
}

/// What came of the changes, by the numbers of the resources.
#[derive(Debug)]
pub(crate) struct Results {
    spool: Spool,
    slots: Mutex<Vec<Option<Slot>>>,
}

impl Results {
    /// Nothing yet, of so many.
    pub(crate) fn of(number: usize) -> Self {
        Self { spool: Spool::default(), slots: Mutex::new(vec![None; number]) }
    }

    /// Keeps what came of one.
    pub(crate) fn put(&self, number: usize, record: &Record) -> spool::Result<()> {
        let slot = self.spool.put(record)?;
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(it) = slots.get_mut(number) {
            *it = Some(slot);
        }
        Ok(())
    }

    /// What came of one, if it was tried.
    pub(crate) fn get(&self, number: usize) -> spool::Result<Option<Record>> {
        let slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        let slot = slots.get(number).copied().flatten();
        drop(slots);
        slot.map(|it| self.spool.get(it)).transpose()
    }
}

/// A run's findings: what was found, and what came of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Findings<'a> {
    pub(crate) estate: &'a Estate,
    /// `None` where nothing was changed.
    pub(crate) results: Option<&'a Results>,
}

impl Findings<'_> {
    /// One after another, in order. None is kept.
    pub(crate) fn each<E: From<SpoolError>>(
        &self,
        mut tell: impl FnMut(&Item<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        (0..self.estate.len()).try_for_each(|number| self.one(number, &mut tell))
    }

    /// One of them.
    pub(crate) fn one<E: From<SpoolError>>(
        &self,
        number: usize,
        tell: &mut impl FnMut(&Item<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let Some(entry) = self.estate.entry(number) else { return Ok(()) };
        let seen = self.estate.seen(entry)?;
        let FoundResource { judged, cause, rights } = self.estate.get(entry)?;
        let came = self.results.map(|it| it.get(number)).transpose()?.flatten();
        let record = came.unwrap_or_else(|| Record::of(&seen.place, &judged));
        let launcher: Option<&Launcher> = judged.instance().and_then(|it| seen.launchers.get(&it.id));
        tell(&Item { launcher, rights: rights.as_ref(), ..Item::of(&record, &judged, cause.as_ref()) })
    }
}
