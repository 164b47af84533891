//! Carrying a plan out, wave by wave.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::StreamExt as _;
use jiff::Timestamp;
use v2only_enforcer::automation::{Automated, automate, role_arn};
use v2only_enforcer::enforce::{Bound, CHANGED_SINCE, Carried, enforce_within, is_failed, unchanged_since};
use v2only_enforcer::ports::{Metric, ReadUsage as _};
use v2only_enforcer::scan::Judged;
use v2only_enforcer::waves::{Refusals, Rollout, Stage, Stop, Watched, Wave, go_on, watched};
use v2only_enforcer::{Failure, Record};
use v2only_policy::{InstanceId, Place};

use super::together::Central;
use super::waves::{Course, time};
use crate::journal::FileJournal;
use crate::problem::sentence;
use crate::survey::{AT_ONCE, Seen};
use crate::talk::{Progress, Talk, count};
use crate::world::World;

/// Why a resource of a wave that never began was left.
pub(crate) const HOLD: &str = "wave-stopped";

/// What came of the waves.
#[derive(Debug, Default)]
pub(crate) struct Rolled {
    /// Of every change, whether it was tried or not.
    pub(crate) records: Vec<Record>,
    /// Each wave that began.
    pub(crate) waves: Vec<Told>,
    /// What is known at the end of the instances that lost version 1, if it was asked for.
    pub(crate) watched: Option<Watched>,
    /// Why the rest was left, if it was.
    pub(crate) stopped: Option<Stop>,
    /// Whether there were bounds.
    pub(crate) bounded: bool,
    /// Whether there was a wait, so that what was planned may not be so any more.
    pub(crate) waited: bool,
    /// Whether AWS does not take one execution for several places.
    pub(super) apart: bool,
}

/// A wave that began.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Told {
    pub(crate) stage: Stage,
    pub(crate) changes: usize,
    pub(crate) failed: usize,
}

/// A run under way.
pub(super) struct Run<'a, W: World> {
    pub(super) world: &'a W,
    pub(super) aws: &'a W::Aws,
    pub(super) journal: &'a FileJournal<'a>,
    pub(super) course: &'a Course<'a>,
    /// The name of the role that runbooks take on.
    pub(super) role: Option<&'a str>,
    /// Where executions for several places are started; `None`: each gets its own.
    pub(super) central: Option<&'a Central>,
    pub(super) progress: &'a Progress,
    /// When it began.
    pub(super) now: Timestamp,
}

impl<W: World> Run<'_, W> {
    /// Carries out the changes, wave by wave; between waves it waits, and looks at what came of the last.
    pub(super) async fn carry_out(&self, talk: &mut Talk<'_>) -> Rolled {
        let course = self.course;
        let mut rolled = Rolled { bounded: course.rollout.is_some(), ..Rolled::default() };
        let mut left: Vec<(Place, Judged)> = Vec::new();
        for (number, wave) in course.waves.iter().enumerate() {
            if rolled.stopped.is_some() {
                let members = wave.members.iter().filter_map(|at| course.changes.get(*at));
                left.extend(members.map(|(seen, it)| (seen.place.clone(), (*it).clone())));
                continue;
            }
            let before = rolled.records.len();
            let bound = self.bound(rolled.failed());
            for (place, carried) in self.one(wave, &bound, &mut rolled, talk).await {
                rolled.records.extend(carried.records);
                left.extend(carried.left.into_iter().map(|it| (place.clone(), it)));
            }
            let done = rolled.records.iter().skip(before).filter(|it| it.hold != Some(CHANGED_SINCE));
            let (changes, failed) = (done.clone().count(), done.filter(|it| is_failed(it)).count());
            rolled.waves.push(Told { stage: wave.stage, changes, failed });
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
            let stop = self.after(rollout, (wave.stage, last), &mut rolled, talk).await;
            rolled.stopped = stop;
        }
        let why = rolled.stopped.as_ref().map_or_else(String::new, |it| format!("wave stopped because {it}"));
        rolled.records.extend(left.iter().map(|(place, it)| held(it.record(place), &why)));
        rolled
    }

    /// How many of the changes that are left may still fail.
    fn bound(&self, failed: usize) -> Bound {
        self.course.rollout.map_or_else(Bound::default, |it| {
            Bound::at_most(it.max_errors.of(self.course.changes.len()).saturating_sub(failed))
        })
    }

    /// One wave, places side by side, and then together what one execution does for all of them. After a wait only what
    /// is still as it was planned for is changed.
    async fn one<'r>(
        &'r self,
        wave: &Wave,
        bound: &'r Bound,
        rolled: &mut Rolled,
        talk: &mut Talk<'_>,
    ) -> Vec<(&'r Place, Carried)> {
        let waited = rolled.waited;
        let central = self.central.filter(|_| !rolled.apart);
        // In the order in which they were seen, whatever the order of the wave.
        let mut members = wave.members.clone();
        members.sort_unstable();
        let mut by_place: Vec<(&Seen, Vec<Judged>)> = Vec::new();
        for (seen, it) in members.iter().filter_map(|at| self.course.changes.get(*at)) {
            match by_place.last_mut().filter(|(there, _)| there.place == seen.place) {
                Some((_, here)) => here.push((*it).clone()),
                None => by_place.push((seen, vec![(*it).clone()])),
            }
        }
        let wait = async |time: Duration| self.world.sleep(time).await;
        let at_one_place = async |(seen, judged): (&'r Seen, Vec<Judged>)| {
            let place = &seen.place;
            let _shown = self.progress.begin(format!("changing {} in {place}", judged.len()));
            let (judged, not_now) =
                if waited { unchanged_since(self.aws, place, judged).await } else { (judged, Vec::new()) };
            let (by_runbook, by_us) = judged.into_iter().partition(|it| seen.is_automated(it));
            let mut carried = enforce_within(self.aws, self.journal, place, by_us, self.now, bound).await;
            carried.records.extend(not_now);
            if central.is_some() {
                return ((place, carried), by_runbook);
            }
            let role = self.role.map(|name| role_arn(place, name));
            let by_runbook = Automated { place, judged: by_runbook, role: role.as_deref(), bound };
            let automated = automate(self.aws, self.journal, by_runbook, &wait).await;
            carried.records.extend(automated.records);
            carried.left.extend(automated.left);
            ((place, carried), Vec::new())
        };
        let done: Vec<((&Place, Carried), Vec<Judged>)> =
            futures_util::stream::iter(by_place).map(at_one_place).buffered(AT_ONCE).collect().await;
        let (mut carried, mut together) = (Vec::new(), Vec::new());
        for ((place, it), by_runbook) in done {
            if !by_runbook.is_empty() {
                together.push((place, by_runbook));
            }
            carried.push((place, it));
        }
        if let (Some(central), false) = (central, together.is_empty()) {
            carried.extend(self.together(central, together, bound, rolled, talk).await);
        }
        carried
    }

    /// Waits after a wave, looks at what came of it, and says why no other may begin, if so.
    async fn after(
        &self,
        rollout: &Rollout,
        (stage, last): (Stage, bool),
        rolled: &mut Rolled,
        talk: &mut Talk<'_>,
    ) -> Option<Stop> {
        let course = self.course;
        let (failed, of) = (rolled.failed(), course.changes.len());
        if let Err(stop) = go_on(rollout, failed, of, &Watched::default()) {
            return Some(stop);
        }
        let lost = watched(&rolled.records);
        let alone = course.waves.iter().filter(|it| it.stage != Stage::Sources).count() < 2;
        // Nothing is published of sources and notebooks, and nothing yet of what was changed a moment ago.
        if lost.is_empty() || stage == Stage::Sources || alone {
            return None;
        }
        if !last && !course.soak.is_zero() {
            let _shown = self.progress.begin(format!("waiting {} for evidence", time(course.soak)));
            talk.say(&format!("waiting {}, to see whether they still ask for IMDSv1", time(course.soak)));
            self.world.sleep(course.soak).await;
            rolled.waited = true;
        }
        match self.read(&lost).await {
            Ok(refusals) => {
                let seen = Watched::of(&lost, &refusals);
                talk.say(&words(&seen));
                let stop = go_on(rollout, failed, of, &seen).err();
                rolled.watched = Some(seen);
                stop
            }
            // Whoever does not wait for evidence goes on without it.
            Err(failure) if last || course.soak.is_zero() => {
                let why = sentence(&failure);
                talk.note(&format!("whether they still ask for IMDSv1 could not be read: {why}"));
                None
            }
            Err(failure) => Some(Stop::Unread(sentence(&failure))),
        }
    }

    /// The calls that were refused since the run began.
    async fn read(&self, instances: &[(Place, InstanceId)]) -> Result<Refusals, Failure> {
        let mut by_place: BTreeMap<&Place, Vec<InstanceId>> = BTreeMap::new();
        for (place, id) in instances {
            by_place.entry(place).or_default().push(id.clone());
        }
        let until = self.world.now();
        let at_one_place = async |(place, ids): (&Place, Vec<InstanceId>)| {
            let read = self.aws.lately(place, Metric::NoTokenRejected, &ids, self.now, until).await?;
            Ok(read.into_iter().map(|(id, it)| ((place.clone(), id), it)).collect::<Refusals>())
        };
        let read: Vec<Result<Refusals, Failure>> =
            futures_util::stream::iter(by_place).map(at_one_place).buffered(AT_ONCE).collect().await;
        let mut refusals = Refusals::new();
        for it in read {
            refusals.extend(it?);
        }
        Ok(refusals)
    }
}

impl Rolled {
    fn failed(&self) -> usize {
        self.records.iter().filter(|it| is_failed(it)).count()
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

/// A change that was not tried, because the run ended before.
fn held(mut record: Record, why: &str) -> Record {
    record.plan = Some("hold");
    record.hold = Some(HOLD);
    record.reasons.push(why.to_owned());
    record
}
