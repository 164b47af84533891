//! Carrying a plan out, wave by wave.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::pin;
use std::time::Duration;

use futures_util::future::{Either, select};
use futures_util::{FutureExt as _, StreamExt as _};
use jiff::Timestamp;
use v2only_enforcer::automation::{Automated, automate};
use v2only_enforcer::enforce::{Bound, Carried, enforce_within};
use v2only_enforcer::ports::{Metric, ReadUsage as _};
use v2only_enforcer::waves::{Rollout, Stage, Stop, Watched, Wave, go_on, watched};
use v2only_enforcer::{Failure, Record, ResourceId};
use v2only_policy::{Hold, InstanceId, Judged, Place};

use super::roles::Central;
use super::waves::{Course, time};
use crate::run::found::{Entry, Estate, Results};
use crate::run::journal::FileJournal;
use crate::run::regions::LOCATIONS_AT_ONCE;
use crate::run::rollout::{RolloutResult, WaveResult};
use crate::run::spool;
use crate::term::messages::{Progress, Steps, Talk, count};
use crate::term::problem::sentence;
use crate::world::World;

/// At most so many changes of one account and Region are in memory at once: as many as AWS describes on a page, and a multiple of what
/// is asked about together afterwards.
const PART: usize = 1000;

/// The minute of a moment. EC2 publishes its metrics in periods of one or five minutes, and nothing of a period before it ended
/// (Amazon EC2 User Guide, "CloudWatch metrics that are available for your instances").
fn minute(at: Timestamp) -> i64 {
    at.as_second().div_euclid(60)
}

/// The result of one part of a wave.
#[derive(Debug, Default)]
pub(super) struct WavePart {
    made: ChangeCounts,
    lost: Vec<usize>,
    left: Vec<usize>,
    /// Those that one execution makes for several accounts and Regions, by number.
    together: Vec<usize>,
}

impl WavePart {
    fn add(&mut self, other: Self) {
        self.made.changes += other.made.changes;
        self.made.failed += other.made.failed;
        self.lost.extend(other.lost);
        self.left.extend(other.left);
        self.together.extend(other.together);
    }
}

/// How many changes were tried, and how many failed.
#[derive(Debug, Default, Clone, Copy)]
struct ChangeCounts {
    /// All of them, but those that had changed meanwhile.
    changes: usize,
    /// Those of these that failed.
    failed: usize,
}

/// Carries out the waves of one `enforce` run.
pub(super) struct WaveRunner<'a, W: World> {
    pub(super) world: &'a W,
    pub(super) aws: &'a W::Aws,
    pub(super) journal: &'a FileJournal<'a>,
    pub(super) course: &'a Course,
    /// What was found.
    pub(super) estate: &'a Estate,
    /// Where what came of the changes is kept.
    pub(super) results: &'a Results,
    /// The name of the role that runbooks take on.
    pub(super) role: Option<&'a str>,
    /// Where executions for several accounts and Regions are started; `None`: each gets its own.
    pub(super) central: Option<&'a Central>,
    pub(super) progress: &'a Progress,
    /// How many changes are done.
    pub(super) steps: Steps,
    /// When it began.
    pub(super) now: Timestamp,
}

impl<W: World> WaveRunner<'_, W> {
    /// Carries out the changes, wave by wave. After each wave it waits and checks the result of that wave.
    ///
    /// # Errors
    /// What was found cannot be read again, or what came of it cannot be kept. What was changed is in the journal.
    pub(super) async fn carry_out(&self, talk: &mut Talk<'_>) -> spool::Result<RolloutResult> {
        let course = self.course;
        let mut rolled = RolloutResult { bounded: course.rollout.is_some(), ..RolloutResult::default() };
        for (number, wave) in course.waves.iter().enumerate() {
            if rolled.stopped.is_some() {
                rolled.left.extend(self.numbers(wave));
                continue;
            }
            let bound = self.bound(&rolled);
            let (part, interrupted) = {
                let wave = pin!(self.one(wave, &bound, &mut rolled, talk));
                match select(wave, pin!(self.world.interrupted())).await {
                    Either::Left((part, _)) => (part, false),
                    // What is under way is finished and recorded; nothing else begins.
                    Either::Right(((), wave)) => {
                        bound.end();
                        (wave.await, true)
                    }
                }
            };
            let WavePart { made, lost, left, .. } = part?;
            rolled.lost.extend(lost);
            rolled.left.extend(left);
            let ChangeCounts { changes, failed } = made;
            rolled.failed += failed;
            rolled.waves.push(WaveResult { stage: wave.stage, changes, failed });
            let is_left = !rolled.left.is_empty() || number + 1 < course.waves.len();
            if is_left && (interrupted || self.world.interrupted().now_or_never().is_some()) {
                rolled.stopped = Some(Stop::Interrupted);
                continue;
            }
            let Some(rollout) = &course.rollout else { continue };
            if course.waves.len() > 1 {
                talk.say(&format!(
                    "wave {} of {} ({}): {} made, {failed} failed",
                    number + 1,
                    course.waves.len(),
                    wave.stage.code(),
                    count(changes - failed, "change"),
                ));
            }
            let last = number + 1 == course.waves.len();
            let stop = self.after(rollout, (wave.stage, last), &mut rolled, talk).await?;
            rolled.stopped = stop;
        }
        let because = rolled.stopped.as_ref().map(ToString::to_string).unwrap_or_default();
        for number in std::mem::take(&mut rolled.left) {
            if let Some((place, it)) = self.found(number)? {
                let why = Hold::WaveStopped { because: because.clone() };
                self.results.put(number, &Record::of(place, &it).on_hold(why))?;
            }
        }
        Ok(rolled)
    }

    /// How many of the changes that are left may still fail.
    fn bound(&self, rolled: &RolloutResult) -> Bound {
        let Some(rollout) = &self.course.rollout else { return Bound::default() };
        let succeeded = |it: &WaveResult| it.stage != Stage::Sources && it.changes > 0;
        let after_success = rolled.failed == 0 && rolled.waves.iter().any(succeeded);
        let may_fail = rollout.max_errors.of(self.course.changes.len()).saturating_sub(rolled.failed);
        Bound::at_most(may_fail).after_success(after_success)
    }

    /// The numbers of the resources of a wave, in the order in which they were seen, whatever the order of the wave.
    fn numbers(&self, wave: &Wave) -> Vec<usize> {
        let mut members = wave.members.clone();
        members.sort_unstable();
        members.iter().filter_map(|at| self.course.changes.get(*at).copied()).collect()
    }

    /// A resource as it was found.
    pub(super) fn found(&self, number: usize) -> spool::Result<Option<(&Place, Judged)>> {
        let Some(entry) = self.estate.entry(number) else { return Ok(None) };
        Ok(Some((&self.estate.seen(entry)?.place, self.estate.get(entry)?.judged)))
    }

    /// One wave, places side by side, and then together what one execution does for all of them.
    async fn one(
        &self,
        wave: &Wave,
        bound: &Bound,
        rolled: &mut RolloutResult,
        talk: &mut Talk<'_>,
    ) -> spool::Result<WavePart> {
        let numbers = self.numbers(wave);
        let place = |number: &usize| self.estate.entry(*number).map(Entry::place);
        let by_place = numbers.chunk_by(|one, other| place(one) == place(other));
        let central = self.central.filter(|_| !rolled.apart);
        let together = central.is_some();
        let at_one_place = async |numbers: &[usize]| {
            let mut whole = WavePart::default();
            let Some(entry) = numbers.first().and_then(|it| self.estate.entry(*it)) else {
                return Ok(whole);
            };
            let place = &self.estate.seen(entry)?.place;
            let _shown = self.progress.begin(format!("changing {} in {place}", numbers.len()));
            // The versions of a template have an order, and there are few sources: they are not parted.
            let at_once = if wave.stage == Stage::Sources { numbers.len() } else { PART };
            for some in numbers.chunks(at_once) {
                whole.add(self.part(place, some, bound, together).await?);
            }
            Ok(whole)
        };
        let parts: Vec<spool::Result<WavePart>> = futures_util::stream::iter(by_place)
            .map(at_one_place)
            .buffered(LOCATIONS_AT_ONCE)
            .collect()
            .await;
        let mut whole = WavePart::default();
        for part in parts {
            whole.add(part?);
        }
        let together = std::mem::take(&mut whole.together);
        if let (Some(central), false) = (central, together.is_empty()) {
            whole.add(self.run_by_automation(central, together, bound, rolled, talk).await?);
        }
        Ok(whole)
    }

    /// Some of the changes of one account and Region in a wave. With `together`, changes by runbooks are left for one
    /// execution in all accounts and Regions.
    async fn part(
        &self,
        place: &Place,
        numbers: &[usize],
        bound: &Bound,
        together: bool,
    ) -> spool::Result<WavePart> {
        let mut number_of: BTreeMap<ResourceId, usize> = BTreeMap::new();
        let (mut judged, mut automated) = (Vec::with_capacity(numbers.len()), BTreeSet::new());
        for number in numbers {
            let Some(entry) = self.estate.entry(*number) else { continue };
            let it = self.estate.get(entry)?.judged;
            let id = ResourceId::from(&it.subject);
            if entry.automated {
                automated.insert(id.clone());
            }
            number_of.insert(id, *number);
            judged.push(it);
        }
        let wait = async |time: Duration| self.world.sleep(time).await;
        let (by_runbook, by_us) =
            judged.into_iter().partition(|it| automated.contains(&ResourceId::from(&it.subject)));
        let now = || self.world.now();
        let mut carried = enforce_within(self.aws, self.journal, place, by_us, &now, bound).await;
        let number = |id: &ResourceId| number_of.get(id).copied();
        let mut part = WavePart::default();
        if together {
            let by_runbook: Vec<Judged> = by_runbook;
            part.together = by_runbook.iter().filter_map(|it| number(&(&it.subject).into())).collect();
        } else {
            let role = self.role.map(|name| place.role_arn(name));
            let by_runbook = Automated { place, judged: by_runbook, role: role.as_deref(), bound };
            let runbooks = automate(self.aws, self.journal, by_runbook, &wait).await;
            carried.records.extend(runbooks.records);
            carried.left.extend(runbooks.left);
        }
        self.keep(&carried, number, &mut part)?;
        Ok(part)
    }

    /// Keeps the results of some changes of one account and Region.
    pub(super) fn keep(
        &self,
        carried: &Carried,
        number: impl Fn(&ResourceId) -> Option<usize>,
        part: &mut WavePart,
    ) -> spool::Result<()> {
        self.steps.done(carried.records.len());
        for it in &carried.records {
            let Some(number) = number(&it.resource) else { continue };
            if it.hold().is_none() {
                part.made.changes += 1;
                part.made.failed += usize::from(it.outcome.is_failure());
            }
            self.results.put(number, it)?;
        }
        let lost = watched(&carried.records).into_iter().map(|(_, id)| ResourceId::Instance(id));
        part.lost.extend(lost.filter_map(|it| number(&it)));
        part.left.extend(carried.left.iter().filter_map(|it| number(&(&it.subject).into())));
        Ok(())
    }

    /// Waits after a wave and checks its result. Returns the reason to stop if the next wave may not begin.
    async fn after(
        &self,
        rollout: &Rollout,
        (stage, last): (Stage, bool),
        rolled: &mut RolloutResult,
        talk: &mut Talk<'_>,
    ) -> spool::Result<Option<Stop>> {
        let course = self.course;
        let (failed, of) = (rolled.failed, course.changes.len());
        if let Err(stop) = go_on(rollout, failed, of, &Watched::default()) {
            return Ok(Some(stop));
        }
        let alone = course.waves.iter().filter(|it| it.stage != Stage::Sources).count() < 2;
        // Nothing is published of sources and notebooks, and nothing yet of what was changed a moment ago.
        if rolled.lost.is_empty() || stage == Stage::Sources || alone {
            return Ok(None);
        }
        if !last && !course.soak.is_zero() {
            let _shown = self.progress.begin(format!("waiting {} for evidence", time(course.soak)));
            talk.say(&format!("waiting {}, to see whether they still call IMDSv1", time(course.soak)));
            let (soak, interrupted) = (pin!(self.world.sleep(course.soak)), pin!(self.world.interrupted()));
            if matches!(select(soak, interrupted).await, Either::Right(_)) {
                return Ok(Some(Stop::Interrupted));
            }
        }
        Ok(match self.read(&rolled.lost).await? {
            Ok(seen) => {
                talk.say(&words(&seen));
                let stop = go_on(rollout, failed, of, &seen).err();
                rolled.watched = Some(seen);
                stop
            }
            // A run that does not wait for evidence goes on without it.
            Err(failure) if last || course.soak.is_zero() => {
                let why = sentence(&failure);
                talk.note(&format!("whether they still call IMDSv1 could not be read: {why}"));
                None
            }
            Err(failure) => Some(Stop::Unread(sentence(&failure))),
        })
    }

    /// What is known of the calls of these instances that were refused since the run began.
    async fn read(&self, lost: &[usize]) -> spool::Result<Result<Watched, Failure>> {
        let mut by_place: BTreeMap<&Place, Vec<usize>> = BTreeMap::new();
        for number in lost {
            if let Some(entry) = self.estate.entry(*number) {
                by_place.entry(&self.estate.seen(entry)?.place).or_default().push(*number);
            }
        }
        let until = self.world.now();
        if minute(until) == minute(self.now) {
            let unknown = lost.len();
            return Ok(Ok(Watched { unknown, ..Watched::default() }));
        }
        let at_one_place = async |(place, numbers): (&Place, Vec<usize>)| {
            let mut seen = Watched::default();
            for some in numbers.chunks(PART) {
                let mut instances: Vec<(Place, InstanceId)> = Vec::with_capacity(some.len());
                for number in some {
                    if let Some((place, judged)) = self.found(*number)?
                        && let Some(instance) = judged.instance()
                    {
                        instances.push((place.clone(), instance.id.clone()));
                    }
                }
                let ids: Vec<InstanceId> = instances.iter().map(|(_, id)| id.clone()).collect();
                let read = self.aws.lately(place, Metric::NoTokenRejected, &ids, self.now, until).await;
                let read = match read {
                    Ok(read) => read,
                    Err(failure) => return spool::Result::Ok(Err(failure)),
                };
                let refusals = read.into_iter().map(|(id, it)| ((place.clone(), id), it)).collect();
                seen.add(Watched::of(&instances, &refusals));
            }
            Ok(Ok(seen))
        };
        let read: Vec<spool::Result<Result<Watched, Failure>>> = futures_util::stream::iter(by_place)
            .map(at_one_place)
            .buffered(LOCATIONS_AT_ONCE)
            .collect()
            .await;
        let mut seen = Watched::default();
        for it in read {
            match it? {
                Ok(some) => seen.add(some),
                Err(failure) => return Ok(Err(failure)),
            }
        }
        Ok(Ok(seen))
    }
}

fn words(it: &Watched) -> String {
    format!(
        "of {} that lost IMDSv1, {} still ask for it, {} do not as far as there is data, and of {} there is none yet",
        count(it.len(), "instance"),
        it.rejecting.len(),
        it.quiet,
        it.unknown
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_ends_by_the_clock_however_short_ago_a_run_began() {
        let at = |text: &str| minute(text.parse().unwrap());
        assert_eq!(at("2026-11-28T10:15:00Z"), at("2026-11-28T10:15:59.999Z"));
        assert_ne!(at("2026-11-28T10:15:59Z"), at("2026-11-28T10:16:00Z"));
    }
}
