//! Sweeping one Region of one account: instances, then notebooks, page by page, then what launches start from.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use v2only_policy::{Judged, Place, Subject};

use super::task::{PlaceTask, Stage, Task};
use super::{Turn, check_hand_overs};
use crate::failure::{Disposition, Failure, Kind};
use crate::kinds::Kinds;
use crate::log_entry::LogEntry;
use crate::ports::{ReadParameter, Sweeper};
use crate::record::{Outcome, Record, Remark, ResourceId};
use crate::scan::ScanRequest;
use crate::second_look::{AT_ONCE, InTurn, Queue, is_slow, unchanged_since};
use crate::{instances, notebooks};

/// How many notebooks are described between two checks of the clock: at 2 calls a second, 10 seconds' worth.
const NOTEBOOKS: usize = 10;
/// How often a stage is repeated while something in it has to be tried again.
const MOST_PASSES: u8 = 4;
/// The pause before the next pass, for resources that were throttled or between two states.
const RETRY_DELAY: Duration = Duration::from_mins(5);

/// How a piece of a stage ended.
enum Step {
    /// There is more of the stage, as the task now says.
    More,
    /// That was its last page.
    Last,
    /// The time is nearly over.
    TimeIsShort,
}

/// Whether another pass is needed, once a pass has seen its last page.
#[derive(Debug, PartialEq, Eq)]
enum Afterwards {
    /// On to the next stage.
    Settled,
    /// Some were throttled or between two states: again, after a while.
    Later,
    /// The listing changed under its own pages: look once more.
    Now,
    /// As `Later`, and it has been tried often enough.
    GivenUp,
}

fn afterwards(task: &PlaceTask) -> Afterwards {
    let so_far = task.so_far;
    let may_again = task.passes + 1 < MOST_PASSES;
    match (so_far.again > 0, so_far.changed > 0 && so_far.pages > 1) {
        (true, _) if may_again => Afterwards::Later,
        (true, _) => Afterwards::GivenUp,
        (false, true) if may_again => Afterwards::Now,
        (false, _) => Afterwards::Settled,
    }
}

impl<P: Sweeper + ReadParameter + Sync> Turn<'_, '_, P> {
    /// Sweeps a place from where its task says, until it is done or has been handed on.
    pub(super) async fn place(&mut self, mut task: PlaceTask, place: &Place) -> Result<(), Failure> {
        if self.is_too_old(task.began, &place.to_string()) {
            return Ok(());
        }
        check_hand_overs(task.handed_on)?;
        let mut gate = None;
        loop {
            let policy = self.policy().await?;
            let request = match ScanRequest::at(&self.app.ports, &policy, place, self.now()).await {
                Ok(request) => request,
                Err(failure) => return self.left(&place.to_string(), failure),
            };
            let step = match task.stage {
                Stage::Sources => self.sources(&request, place, task.passes + 1 == MOST_PASSES).await,
                Stage::Instances => self.instances(&request, &mut task, &mut gate).await,
                Stage::Notebooks => self.notebooks(&request, place, &mut task).await,
            };
            match step {
                Ok(Step::TimeIsShort) => return self.hand_on(task, Duration::ZERO).await,
                Ok(Step::More) if self.time_is_short() => return self.hand_on(task, Duration::ZERO).await,
                Ok(Step::More) => continue,
                Ok(Step::Last) => {}
                // A page that AWS gave a while ago and does not know any more: from the first one again.
                // AWS may know none of its pages: then it is a failure like any other.
                Err(failure)
                    if failure.kind == Kind::Invalid
                        && task.page.is_some()
                        && task.passes + 1 < MOST_PASSES =>
                {
                    task.once_more();
                    continue;
                }
                // What cannot be listed must not keep the rest from being swept: not now, and not for ever.
                Err(failure) => {
                    task.so_far.again += u32::from(failure.disposition() == Disposition::Retry);
                    self.counts.failed += u64::from(failure.disposition() == Disposition::Alarm);
                    self.unswept(&format!("{} of {place}", task.stage.code()), &failure);
                }
            }
            match afterwards(&task) {
                Afterwards::Settled => {}
                Afterwards::Later => {
                    task.once_more();
                    return self.hand_on(task, RETRY_DELAY).await;
                }
                Afterwards::Now => {
                    task.once_more();
                    continue;
                }
                Afterwards::GivenUp => {
                    let why = format!(
                        "{} still not done in {} passes; the next sweep takes them up",
                        task.stage.code(),
                        task.passes + 1
                    );
                    let failure = Failure::new(Kind::Refused, "sqs:ReceiveMessage", why);
                    self.left(&place.to_string(), failure)?;
                }
            }
            let so_far = task.so_far;
            (self.invocation.log)(LogEntry::Swept {
                place,
                stage: task.stage,
                so_far,
                passes: task.passes + 1,
            });
            match task.next() {
                Some(stage) => task.turn_to(stage),
                None => return Ok(()),
            }
            if let Some(failure) = gate.take() {
                // Held for want of evidence; each record says so, and this says why.
                self.unswept(&format!("version-1 use in {place}"), &failure);
            }
            if self.time_is_short() {
                return self.hand_on(task, Duration::ZERO).await;
            }
        }
    }

    async fn hand_on(&mut self, mut task: PlaceTask, after: Duration) -> Result<(), Failure> {
        task.handed_on += 1;
        self.send(std::iter::once(Task::Place(task)), after).await
    }

    /// Reports the sources from which launches take their options. Only people change sources: AWS has no
    /// condition that would limit a role to tightening them.
    ///
    /// If a source will be read again, the report waits for the last read, so that each source is reported
    /// once.
    async fn sources(
        &mut self,
        request: &ScanRequest<'_>,
        place: &Place,
        last: bool,
    ) -> Result<Step, Failure> {
        let mut found = Vec::new();
        let ports = &self.app.ports;
        let read = request.sources(ports, Kinds::LaunchSources, &mut |it| found.push(it)).await;
        if !last && read.as_ref().is_err_and(|it| it.disposition() == Disposition::Retry) {
            found.clear();
        }
        for judged in found {
            let mut record = Record::of(place, &judged);
            if judged.acts() {
                record.remarks.push(Remark::LeftToEnforce);
            }
            self.note(&record, None);
        }
        read.map(|()| Step::Last)
    }

    async fn instances(
        &mut self,
        request: &ScanRequest<'_>,
        task: &mut PlaceTask,
        gate: &mut Option<Failure>,
    ) -> Result<Step, Failure> {
        let page = request.instances(&self.app.ports, task.page.clone(), gate).await?;
        if let Some(failure) = request.history_to_retry().await {
            // An instance that was v2-only must not stay sheltered because CloudTrail was busy.
            task.so_far.again += 1;
            self.unswept(&format!("the history of {}", request.place), &failure);
        }
        if !self.carry_out(page.items, request, task).await {
            return Ok(Step::TimeIsShort);
        }
        Ok(turn_page(task, page.next))
    }

    async fn notebooks(
        &mut self,
        request: &ScanRequest<'_>,
        place: &Place,
        task: &mut PlaceTask,
    ) -> Result<Step, Failure> {
        let page = self.app.ports.notebook_names(place, task.page.clone()).await?;
        let mut begun = false;
        for names in page.items.chunks(NOTEBOOKS) {
            if begun && self.time_is_short() {
                return Ok(Step::TimeIsShort);
            }
            begun = true;
            let mut found = Vec::new();
            let ports = &self.app.ports;
            let unread = request.notebooks(ports, names.to_vec(), &mut |it| found.push(it)).await;
            for (name, failure) in unread {
                task.so_far.again += u32::from(failure.disposition() == Disposition::Retry);
                self.note(&Record::failed(place.clone(), ResourceId::Notebook(name), failure), None);
            }
            if !self.carry_out(found, request, task).await {
                return Ok(Step::TimeIsShort);
            }
        }
        Ok(turn_page(task, page.next))
    }

    /// Carries out what was decided, chunk by chunk; false if the time ran out before the last chunk. The
    /// first chunk is carried out in any case, so that a task comes to an end however short its turns are.
    async fn carry_out(
        &mut self,
        found: Vec<Judged>,
        request: &ScanRequest<'_>,
        task: &mut PlaceTask,
    ) -> bool {
        let place = request.place;
        let mut begun = false;
        let mut rest = Queue::new(found, AT_ONCE);
        while !rest.is_empty() {
            if begun && self.time_is_short() {
                return false;
            }
            begun = true;
            let chunk = rest.next_chunk(is_slow);
            let created: BTreeMap<ResourceId, Timestamp> = chunk
                .iter()
                .filter_map(|it| Some(((&it.subject).into(), it.instance()?.created_at?)))
                .collect();
            let app = self.app;
            let in_turn =
                InTurn { ports: &app.ports, place, kind: |it: &Judged| it.acts().then(|| it.subject.kind()) };
            in_turn.first(&chunk).await;
            let (chunk, mut records) = self.look_again(chunk, request).await;
            let (ports, now) = (&app.ports, self.invocation.now);
            let change = async |judged: Judged| {
                let Judged { subject, decision } = &judged;
                match subject {
                    Subject::Instance(it) => instances::apply(ports, place, it, decision).await,
                    Subject::Notebook(it) => notebooks::apply(ports, place, it, decision, now()).await,
                    Subject::AccountDefaults(_)
                    | Subject::TemplateVersion { .. }
                    | Subject::LaunchConfiguration { .. }
                    | Subject::Consumer { .. }
                    | Subject::Surface(_)
                    | Subject::Image(_) => Record::of(place, &judged),
                }
            };
            records.extend(in_turn.while_fresh(chunk, &mut rest, now, &change).await);
            for record in records {
                match &record.outcome {
                    Outcome::Fixed | Outcome::Advanced => task.so_far.changed += 1,
                    Outcome::Failed(it) if it.disposition() == Disposition::Retry => task.so_far.again += 1,
                    _ => {}
                }
                self.note(&record, created.get(&record.resource).copied());
            }
        }
        true
    }

    /// Decides again about a chunk if another policy is in force by now, and describes once more what is to be changed.
    /// Returns what is to be carried out, and records of the others.
    async fn look_again(
        &mut self,
        mut chunk: Vec<Judged>,
        request: &ScanRequest<'_>,
    ) -> (Vec<Judged>, Vec<Record>) {
        let place = request.place;
        let failed = |chunk: &[Judged], failure: &Failure| -> (Vec<Judged>, Vec<Record>) {
            let record = |it| Record::of(place, it).with_failure(failure.clone());
            (Vec::new(), chunk.iter().map(record).collect())
        };
        let policy = match self.policy().await {
            Ok(policy) => policy,
            Err(failure) => return failed(&chunk, &failure),
        };
        let ports = &self.app.ports;
        if !std::ptr::eq(&raw const *policy, request.policy) {
            let request = match ScanRequest::at(ports, &policy, place, self.now()).await {
                Ok(request) => request,
                Err(failure) => return failed(&chunk, &failure),
            };
            if let Err(failure) = request.judge_again(ports, &mut chunk).await {
                self.unswept(&format!("version-1 use in {place}"), &failure);
            }
        }
        unchanged_since(&self.app.ports, place, chunk).await
    }

    /// Writes a record down.
    fn note(&mut self, record: &Record, created_at: Option<Timestamp>) {
        self.counts.add(record);
        let now = self.now();
        if let (Some(counts), Some(since), true) =
            (&mut self.counts.sweep, created_at, record.leaves_violation())
        {
            let hours = now.duration_since(since).as_hours();
            counts.oldest_violation_hours = counts.oldest_violation_hours.max(hours.unsigned_abs());
        }
        (self.invocation.log)(LogEntry::Record(record));
    }
}

fn turn_page(task: &mut PlaceTask, next: Option<String>) -> Step {
    task.so_far.pages += 1;
    task.page = next;
    if task.page.is_some() { Step::More } else { Step::Last }
}
