//! The entry point of the `enforce` command: carries out the changes that a scan decided.
//!
//! Each change is written to a journal first, with the state before it, so that it can be undone exactly.

use std::collections::BTreeMap;
use std::slice;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use jiff::Timestamp;
use v2only_policy::instance::{HttpTokens, Instance, Switch};
use v2only_policy::{Hold, InstanceId, Judged, Place, Step, Subject};

use crate::failure::{Failure, Kind};
use crate::ports::{
    DescribeInstances, DescribeNotebook, InstanceWriter, NotebookWriter, ReadSurfaces, SourceReader,
    SourceWriter, TightenSurface, Turns, together,
};
use crate::record::{Outcome, Posture, Record, Remark, ResourceId};
use crate::second_look::{AT_ONCE, Attempts, FEW_AT_ONCE, InTurn, Queue, is_fresh, is_slow, unchanged_since};
use crate::{instances, notebooks, sources, surfaces};

/// Where the state before each change is written.
pub trait Journal {
    /// Writes changes down, durably, before they are made.
    ///
    /// # Errors
    /// They could not be written; then none of them may be made.
    fn write(
        &self,
        place: &Place,
        judged: &[Judged],
    ) -> impl Future<Output = Result<(), std::io::Error>> + Send;
}

/// How many more changes may fail before the rest is left, wherever they are made.
#[derive(Debug, Default)]
pub struct Bound {
    failed: AtomicUsize,
    /// `None`: all of them may.
    at_most: Option<usize>,
    /// Whether no change may begin any more.
    ended: AtomicBool,
    /// Whether changes of an earlier wave succeeded.
    after_success: bool,
}

impl Bound {
    /// At most so many may fail.
    pub const fn at_most(number: usize) -> Self {
        Self {
            failed: AtomicUsize::new(0),
            at_most: Some(number),
            ended: AtomicBool::new(false),
            after_success: false,
        }
    }

    /// The same after a wave in which changes succeeded and none failed: then as many as possible are made side by side at once.
    #[must_use]
    pub const fn after_success(self, after_success: bool) -> Self {
        Self { after_success, ..self }
    }

    /// How many changes are made side by side at first: few where a failure ends the run.
    const fn at_first(&self) -> usize {
        if self.at_most.is_none() || self.after_success { AT_ONCE } else { FEW_AT_ONCE }
    }

    /// Lets no change begin any more. Changes under way are finished.
    pub fn end(&self) {
        self.ended.store(true, Ordering::Relaxed);
    }

    pub(crate) fn note(&self, record: &Record) {
        // A refused option beside the tokens must not keep IMDSv1 open elsewhere.
        if record.outcome.is_failure() && !record.closes_v1() {
            self.failed.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// How many more may fail; `None`: all.
    pub(crate) fn may_fail(&self) -> Option<usize> {
        self.at_most.map(|it| it.saturating_sub(self.failed.load(Ordering::Relaxed)))
    }

    pub(crate) fn is_broken(&self) -> bool {
        self.ended.load(Ordering::Relaxed)
            || self.at_most.is_some_and(|it| self.failed.load(Ordering::Relaxed) > it)
    }
}

/// What came of a part of the changes.
#[derive(Debug, Default)]
pub struct Carried {
    /// Of those that were tried.
    pub records: Vec<Record>,
    /// Those that were left because the bound was broken.
    pub left: Vec<Judged>,
}

/// Carries out what the policy wants done now in one account and Region, until more changes have failed than the bound lets
/// fail.
///
/// Only resources whose plan acts are touched, and each is described once more right before it is changed: see
/// [`second_look`](crate::second_look). A resource whose change cannot be journalled is left, and has failed. Repeating it
/// is harmless. Instances that were changed are described once more at the end; one that AWS then describes otherwise
/// counts as failed.
pub async fn enforce_within<P: Writer + DescribeInstances + DescribeNotebook + Sync>(
    ports: &P,
    journal: &(impl Journal + Sync),
    place: &Place,
    judged: Vec<Judged>,
    now: &(impl Fn() -> Timestamp + Sync),
    bound: &Bound,
) -> Carried {
    let (sources, others): (Vec<Judged>, Vec<Judged>) =
        judged.into_iter().filter(Judged::acts).partition(|it| it.subject.is_launch_source());
    let mut carried = Carried::default();
    // First, so that nothing is launched that would have to be fixed as well; and in order.
    for some in sources.chunk_by(|one, other| same_template(one, other) || are_images(one, other)) {
        if some.iter().all(|it| it.image().is_some()) {
            in_chunks(ports, journal, place, some.to_vec(), now, bound, &mut carried).await;
            continue;
        }
        if bound.is_broken() {
            carried.left.extend_from_slice(some);
            continue;
        }
        let records = change_sources(ports, journal, place, some, now).await;
        records.iter().for_each(|it| bound.note(it));
        carried.records.extend(records);
    }
    in_chunks(ports, journal, place, others, now, bound, &mut carried).await;
    confirm(ports, place, &mut carried.records).await;
    carried
}

/// Changes resources, each after a second look.
async fn in_chunks<P: Writer + DescribeInstances + DescribeNotebook + Sync>(
    ports: &P,
    journal: &(impl Journal + Sync),
    place: &Place,
    judged: Vec<Judged>,
    now: &(impl Fn() -> Timestamp + Sync),
    bound: &Bound,
    carried: &mut Carried,
) {
    let in_turn = InTurn { ports, place, kind: |it: &Judged| it.acts().then(|| it.subject.kind()) };
    let one = async |judged: Judged| {
        if bound.is_broken() {
            return Err(judged);
        }
        let begun = now();
        let record = match journal.write(place, slice::from_ref(&judged)).await {
            Ok(()) => insist(ports, place, judged, (begun, now), bound).await,
            Err(error) => Record::of(place, &judged).with_failure(Failure::journal(&error)),
        };
        bound.note(&record);
        Ok(record)
    };
    let mut rest = Queue::new(judged, bound.at_first());
    while !rest.is_empty() {
        if bound.is_broken() {
            carried.left.extend(rest.take_all());
            return;
        }
        let chunk = rest.next_chunk(is_slow);
        in_turn.first(&chunk).await;
        let (same, other) = unchanged_since(ports, place, chunk).await;
        let (same, surfaces) = surfaces::unchanged_since(ports, place, same).await;
        other.iter().chain(&surfaces).for_each(|it| bound.note(it));
        carried.records.extend(other);
        carried.records.extend(surfaces);
        for it in in_turn.while_fresh(same, &mut rest, now, &one).await {
            carried.add(it);
        }
    }
}

/// Makes a change that was journalled, and makes it again while AWS refuses it for now and a person waits. The resource is described
/// once more before each attempt but one that follows its description at once.
async fn insist<P: Writer + DescribeInstances + DescribeNotebook>(
    ports: &P,
    place: &Place,
    mut judged: Judged,
    (begun, now): (Timestamp, &(impl Fn() -> Timestamp + Sync)),
    bound: &Bound,
) -> Record {
    let kind = judged.subject.kind();
    let mut attempts = Attempts::since(begun);
    // The disk may have taken so long that the description is too old.
    let mut is_described = is_fresh(begun, now());
    loop {
        if !is_described {
            judged = match look_again(ports, place, judged).await {
                Ok(judged) => judged,
                Err(record) => {
                    ports.pass(place, kind);
                    return record;
                }
            };
        }
        let record = apply(ports, place, &judged, now()).await;
        let Outcome::Failed(failure) = &record.outcome else { return record };
        if record.after.is_some() || !ports.insists(kind, failure) {
            return record;
        }
        // The answer alone may be lost.
        if matches!(failure.kind, Kind::Unavailable | Kind::Unreachable)
            && let Some(after) = made_all_the_same(ports, place, &judged).await
        {
            return record.with_outcome(Outcome::Fixed, Some(after), None);
        }
        if bound.is_broken() || !attempts.again(ports, kind, failure, now()) {
            return record;
        }
        ports.turn(place, kind).await;
        // The run may have ended during the wait.
        if bound.is_broken() {
            ports.pass(place, kind);
            return record;
        }
        is_described = false;
    }
}

/// What AWS describes of a resource whose change was not answered, if the change was made.
async fn made_all_the_same<P: Writer + DescribeInstances>(
    ports: &P,
    place: &Place,
    judged: &Judged,
) -> Option<Posture> {
    let options = match (&judged.subject, judged.decision.plan.step()?) {
        (Subject::Instance(then), Step::Instance(change)) => {
            let found = ports.instances(place, slice::from_ref(&then.id)).await.ok()?;
            let options = found.first()?.options;
            change.is_met_by(&options).then_some(options)?
        }
        (Subject::Surface(then), Step::Surface(_)) => {
            let now = ports.surface(place, then.kind, &then.id).await.ok()??;
            (now.http_tokens() == HttpTokens::Required).then(|| now.described())?
        }
        _ => return None,
    };
    Some(Posture::Options(options))
}

/// Describes a resource once more. Returns the record of one that changed or cannot be described.
async fn look_again<P: Writer + DescribeInstances + DescribeNotebook>(
    ports: &P,
    place: &Place,
    judged: Judged,
) -> Result<Judged, Record> {
    let changed = Record::of(place, &judged).on_hold(Hold::ChangedSince);
    let (same, other) = unchanged_since(ports, place, vec![judged]).await;
    let (mut same, surfaces) = surfaces::unchanged_since(ports, place, same).await;
    same.pop().ok_or_else(|| other.into_iter().chain(surfaces).next().unwrap_or(changed))
}

impl Carried {
    fn add(&mut self, tried: Result<Record, Judged>) {
        match tried {
            Ok(record) => self.records.push(record),
            Err(judged) => self.left.push(judged),
        }
    }
}

together! {
    /// All that is changed with, and what sources and surfaces are described with afterwards.
    pub trait Writer:
        InstanceWriter, NotebookWriter, SourceReader, SourceWriter, ReadSurfaces, TightenSurface, Turns
}

/// Whether one change moves what the other is about: each new version of a launch template becomes its `$Latest`.
fn same_template(one: &Judged, other: &Judged) -> bool {
    one.template().is_some_and(|it| other.template().is_some_and(|other| it.id == other.id))
}

fn are_images(one: &Judged, other: &Judged) -> bool {
    one.image().is_some() && other.image().is_some()
}

/// Changes sources after the journal has recorded all of them, so that `rollback` can undo a killed run
/// completely.
async fn change_sources<P: Writer>(
    ports: &P,
    journal: &(impl Journal + Sync),
    place: &Place,
    sources: &[Judged],
    now: &(impl Fn() -> Timestamp + Sync),
) -> Vec<Record> {
    let template = sources.first().and_then(Judged::template);
    let all = |record: &dyn Fn(Record) -> Record| -> Vec<Record> {
        sources.iter().map(|it| record(Record::of(place, it))).collect()
    };
    let begun = now();
    let checked = match as_planned(ports, place, sources).await {
        Ok(Some(checked)) => checked,
        Ok(None) => return all(&|it| it.on_hold(Hold::ChangedSince)),
        Err(failure) => return all(&|it| it.with_failure(failure.clone())),
    };
    if let Err(error) = journal.write(place, &checked).await {
        return all(&|it| it.with_failure(Failure::journal(&error)));
    }
    if !is_fresh(begun, now()) {
        // The disk took so long that what was read is too old.
        match as_planned(ports, place, &checked).await {
            Ok(Some(again)) if again == checked => {}
            Ok(_) => return all(&|it| it.on_hold(Hold::ChangedSince)),
            Err(failure) => return all(&|it| it.with_failure(failure.clone())),
        }
    }
    let mut records = Vec::with_capacity(checked.len());
    for it in &checked {
        // Once somebody changed the template, the plans of its other versions do not hold either.
        let changed_since = records.iter().any(|it: &Record| it.hold() == Some(&Hold::ChangedSince));
        records.push(if changed_since {
            Record::of(place, it).on_hold(Hold::ChangedSince)
        } else {
            apply(ports, place, it, now()).await
        });
    }
    if let (Some(template), Some(last)) = (template, records.last_mut()) {
        match sources::apply::restore_latest(ports, place, template).await {
            Ok(remark) => last.remarks.extend(remark),
            Err(failure) => last.remarks.push(Remark::VersionsNotRead(failure)),
        }
    }
    records
}

/// Sources whose plans still hold, with what would be premature left out of them; `None` if somebody changed their launch
/// template since.
async fn as_planned<P: Writer>(
    ports: &P,
    place: &Place,
    sources: &[Judged],
) -> Result<Option<Vec<Judged>>, Failure> {
    if let Some(template) = sources.first().and_then(Judged::template)
        && !sources::apply::is_as_planned(ports, place, template).await?
    {
        return Ok(None);
    }
    let mut checked = Vec::with_capacity(sources.len());
    for it in sources {
        checked.push(sources::apply::without_premature_enforcement(ports, place, it).await?);
    }
    Ok(Some(checked))
}

async fn apply<P: Writer>(ports: &P, place: &Place, judged: &Judged, now: Timestamp) -> Record {
    let Judged { subject, decision } = judged;
    match subject {
        Subject::Instance(instance) => instances::apply(ports, place, instance, decision).await,
        Subject::Notebook(notebook) => notebooks::apply(ports, place, notebook, decision, now).await,
        Subject::Surface(surface) => surfaces::apply(ports, place, surface, judged).await,
        Subject::AccountDefaults(_)
        | Subject::TemplateVersion { .. }
        | Subject::LaunchConfiguration { .. }
        | Subject::Consumer { .. }
        | Subject::Image(_) => sources::apply::apply(ports, place, judged).await,
    }
}

/// Describes the changed instances again: the answer to a change says `pending`, and this is the check that
/// it became so.
async fn confirm(ports: &impl DescribeInstances, place: &Place, records: &mut [Record]) {
    let fixed = |record: &Record| match (&record.outcome, &record.resource, record.step()) {
        (Outcome::Fixed, ResourceId::Instance(id), Some(Step::Instance(change))) => {
            Some((id.clone(), *change))
        }
        _ => None,
    };
    let ids: Vec<InstanceId> = records.iter().filter_map(fixed).map(|(id, _)| id).collect();
    if ids.is_empty() {
        return;
    }
    let described: BTreeMap<InstanceId, Instance> = match ports.instances(place, &ids).await {
        Ok(found) => found.into_iter().map(|it| (it.id.clone(), it)).collect(),
        Err(failure) => {
            for record in records.iter_mut().filter(|it| fixed(it).is_some()) {
                record.remarks.push(Remark::NotConfirmed(failure.clone()));
            }
            return;
        }
    };
    for record in records {
        let Some((id, change)) = fixed(record) else { continue };
        let Some(is) = described.get(&id) else { continue };
        let as_asked = is.options.http_endpoint == Switch::Disabled || change.is_met_by(&is.options);
        record.after = Some(Posture::Options(is.options));
        if !as_asked {
            let why = "AWS accepted the change, and describes the instance otherwise".to_owned();
            record.outcome = Outcome::Failed(Failure::new(Kind::Unverified, "ec2:DescribeInstances", why));
        }
    }
}
