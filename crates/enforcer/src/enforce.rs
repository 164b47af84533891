//! The door for people who want it done: carries out what a scan decided.
//!
//! Each change is written to a journal first, with the state before it, so that it can be undone exactly.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::StreamExt as _;
use jiff::Timestamp;
use v2only_policy::instance::{HttpTokens, Instance, MetadataOptions, Switch};
use v2only_policy::notebook::Notebook;
use v2only_policy::source::{Image, LaunchTemplate};
use v2only_policy::{InstanceId, Place};

use crate::failure::{Disposition, Failure, Kind};
use crate::ports::{
    DescribeInstances, DescribeNotebook, InstanceWriter, ListImages, NotebookWriter, SourceReader,
    SourceWriter,
};
use crate::record::{Outcome, Posture, Record};
use crate::scan::Judged;
use crate::sources::Source;
use crate::{instances, notebooks, sources};

/// How many resources are changed side by side. Pacing, not this, keeps the account's request rate.
const AT_ONCE: usize = 8;

/// Where the state before each change is written.
pub trait Journal {
    /// Writes one change down, durably, before it is made.
    ///
    /// # Errors
    /// It could not be written; then the change must not be made.
    fn write(&self, place: &Place, judged: &Judged) -> Result<(), std::io::Error>;
}

/// How many more changes may fail before the rest is left, wherever they are made.
#[derive(Debug, Default)]
pub struct Bound {
    failed: AtomicUsize,
    /// `None`: all of them may.
    at_most: Option<usize>,
}

impl Bound {
    /// At most so many may fail.
    pub const fn at_most(number: usize) -> Self {
        Self { failed: AtomicUsize::new(0), at_most: Some(number) }
    }

    pub(crate) fn note(&self, record: &Record) {
        if is_failed(record) {
            self.failed.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// How many more may fail; `None`: all.
    pub(crate) fn may_fail(&self) -> Option<usize> {
        self.at_most.map(|it| it.saturating_sub(self.failed.load(Ordering::Relaxed)))
    }

    pub(crate) fn is_broken(&self) -> bool {
        self.at_most.is_some_and(|it| self.failed.load(Ordering::Relaxed) > it)
    }
}

/// Whether a change that was to be made was not; what is gone needed none any more.
pub fn is_failed(record: &Record) -> bool {
    match &record.outcome {
        Outcome::Failed(failure) => failure.disposition() != Disposition::Done,
        _ => false,
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

/// Carries out what the policy wants done now, at one place, and says what came of each.
///
/// Only resources whose plan acts are touched. One whose change cannot be journalled is left, and said to
/// have failed. Repeating it is harmless. Instances that were changed are described once more at the end;
/// one that AWS then describes otherwise counts as failed.
pub async fn enforce<P: Writer + DescribeInstances + Sync>(
    ports: &P,
    journal: &(impl Journal + Sync),
    place: &Place,
    judged: Vec<Judged>,
    now: Timestamp,
) -> Vec<Record> {
    enforce_within(ports, journal, place, judged, now, &Bound::default()).await.records
}

/// The same, until more changes have failed than the bound lets fail.
pub async fn enforce_within<P: Writer + DescribeInstances + Sync>(
    ports: &P,
    journal: &(impl Journal + Sync),
    place: &Place,
    judged: Vec<Judged>,
    now: Timestamp,
    bound: &Bound,
) -> Carried {
    let (sources, others): (Vec<Judged>, Vec<Judged>) =
        judged.into_iter().filter(Judged::acts).partition(|it| matches!(it, Judged::Source(_)));
    let mut carried = Carried::default();
    let one = async |judged: Judged| {
        if bound.is_broken() {
            return Err(judged);
        }
        let record = match journal.write(place, &judged) {
            Ok(()) => apply(ports, place, &judged, now).await,
            Err(error) => unwritten(place, &judged, &error),
        };
        bound.note(&record);
        Ok(record)
    };
    // First, so that nothing is launched that would have to be mended as well; and in order.
    for some in sources.chunk_by(belong_together) {
        if bound.is_broken() {
            carried.left.extend_from_slice(some);
            continue;
        }
        let records = together(ports, journal, place, some, now).await;
        records.iter().for_each(|it| bound.note(it));
        carried.records.extend(records);
    }
    let mut others = futures_util::stream::iter(others).map(&one).buffered(AT_ONCE);
    while let Some(it) = others.next().await {
        carried.add(it);
    }
    drop(others);
    confirm(ports, place, &mut carried.records).await;
    carried
}

/// Looks once more at what was decided about a while ago. What is not as it was then, or cannot be looked at, is not
/// to be changed now: somebody may have exempted it, or switched it off, or mended it. It comes second, with what there
/// is to say of it. Images are looked at, too; the other sources are passed on: account defaults are only tightened, and
/// launch templates are looked at again as they are changed.
///
/// One description for 200 instances, two calls for each notebook, the listing of images if one is to be marked.
pub async fn unchanged_since<P: DescribeInstances + DescribeNotebook + ListImages>(
    ports: &P,
    place: &Place,
    judged: Vec<Judged>,
) -> (Vec<Judged>, Vec<Record>) {
    let ids: Vec<InstanceId> = judged
        .iter()
        .filter_map(|it| match it {
            Judged::Instance(it, _) => Some(it.id.clone()),
            Judged::Notebook(..) | Judged::Source(_) => None,
        })
        .collect();
    let described = if ids.is_empty() { Ok(Vec::new()) } else { ports.instances(place, &ids).await };
    let marks = judged.iter().any(|it| image(it).is_some());
    let images = if marks { own_images(ports, place).await } else { Ok(Vec::new()) };
    let (mut same, mut other) = (Vec::new(), Vec::new());
    for it in judged {
        let is_same = match (&it, &described) {
            (Judged::Instance(..), Err(failure)) => Err(failure.clone()),
            (Judged::Instance(then, _), Ok(found)) => {
                let now = found.iter().find(|it| it.id == then.id);
                Ok(now.is_some_and(|now| is_as_decided(then, now)))
            }
            (Judged::Notebook(then, _), _) => notebook_is(ports, place, then).await,
            (Judged::Source(_), _) => match (image(&it), &images) {
                (None, _) => Ok(true),
                (Some(then), Ok(found)) => Ok(found.contains(then)),
                (Some(_), Err(failure)) => Err(failure.clone()),
            },
        };
        match is_same {
            Ok(true) => same.push(it),
            Ok(false) => other.push(changed_since(it.record(place))),
            Err(failure) => other.push(it.record(place).came(Outcome::Failed(failure), None, None)),
        }
    }
    (same, other)
}

/// The image that is to be marked, which nobody could undo.
fn image(it: &Judged) -> Option<&Image> {
    match it {
        Judged::Source(source) => match &**source {
            Source::Image(it, _) => Some(it),
            _ => None,
        },
        Judged::Instance(..) | Judged::Notebook(..) => None,
    }
}

async fn own_images(ports: &impl ListImages, place: &Place) -> Result<Vec<Image>, Failure> {
    let (mut all, mut next) = (Vec::new(), None);
    loop {
        let page = ports.own_images(place, next).await?;
        all.extend(page.items);
        next = page.next;
        if next.is_none() {
            return Ok(all);
        }
    }
}

/// Why something was left that is not as it was when its change was planned.
pub const CHANGED_SINCE: &str = "changed-since";

fn changed_since(mut record: Record) -> Record {
    record.plan = Some("hold");
    record.hold = Some(CHANGED_SINCE);
    record.reasons.push("it was changed since the plan was made; the next run decides anew".to_owned());
    record
}

/// Whether everything a decision rests on is as it was. That AWS is done with a change is no change.
fn is_as_decided(then: &Instance, now: &Instance) -> bool {
    let settled = |it: &Instance| MetadataOptions { pending: false, ..it.options };
    settled(then) == settled(now) && then.tags == now.tags && then.managed_by == now.managed_by
}

async fn notebook_is(ports: &impl DescribeNotebook, place: &Place, then: &Notebook) -> Result<bool, Failure> {
    let Some(now) = ports.notebook(place, &then.name).await? else { return Ok(false) };
    let tags = ports.notebook_tags(place, &then.arn).await?;
    Ok(now.status == then.status && now.minimum_version == then.minimum_version && tags == then.tags)
}

impl Carried {
    fn add(&mut self, tried: Result<Record, Judged>) {
        match tried {
            Ok(record) => self.records.push(record),
            Err(judged) => self.left.push(judged),
        }
    }
}

/// All that is changed with, and what sources are described with afterwards.
pub trait Writer: InstanceWriter + NotebookWriter + SourceReader + SourceWriter {}
impl<T: InstanceWriter + NotebookWriter + SourceReader + SourceWriter> Writer for T {}

/// Whether one change moves what the other is about: each new version of a launch template becomes its `$Latest`.
fn belong_together(one: &Judged, other: &Judged) -> bool {
    template(one).is_some_and(|it| template(other).is_some_and(|other| it.id == other.id))
}

fn template(it: &Judged) -> Option<&LaunchTemplate> {
    match it {
        Judged::Source(source) => match &**source {
            Source::Version(template, _) => Some(template),
            _ => None,
        },
        _ => None,
    }
}

/// Sources that are all written down before any of them is changed, so that a run that is killed in between can be taken
/// back whole.
async fn together<P: Writer>(
    ports: &P,
    journal: &impl Journal,
    place: &Place,
    sources: &[Judged],
    now: Timestamp,
) -> Vec<Record> {
    let template = sources.first().and_then(template);
    if let Some(template) = template {
        match sources::apply::is_as_planned(ports, place, template).await {
            Ok(true) => {}
            Ok(false) => return sources.iter().map(|it| changed_since(it.record(place))).collect(),
            Err(failure) => {
                let failed =
                    |it: &Judged| it.record(place).came(Outcome::Failed(failure.clone()), None, None);
                return sources.iter().map(failed).collect();
            }
        }
    }
    let written = sources.iter().try_for_each(|it| journal.write(place, it));
    if let Err(error) = written {
        return sources.iter().map(|it| unwritten(place, it, &error)).collect();
    }
    let mut records = Vec::with_capacity(sources.len());
    for it in sources {
        records.push(apply(ports, place, it, now).await);
    }
    if let (Some(template), Some(last)) = (template, records.last_mut()) {
        match sources::apply::give_way(ports, place, template).await {
            Ok(said) => last.reasons.extend(said),
            Err(failure) => last.reasons.push(format!(
                "whether somebody made a version meanwhile, which is to be $Latest, is not known: {failure}"
            )),
        }
    }
    records
}

fn unwritten(place: &Place, judged: &Judged, error: &std::io::Error) -> Record {
    let why = format!("the journal cannot be written ({error}), so nothing was changed");
    let outcome = Outcome::Failed(Failure::new(Kind::Refused, "journal", why));
    judged.record(place).came(outcome, None, None)
}

async fn apply<P: Writer>(ports: &P, place: &Place, judged: &Judged, now: Timestamp) -> Record {
    match judged {
        Judged::Instance(it, decision) => instances::apply(ports, place, it, decision).await,
        Judged::Notebook(it, decision) => notebooks::apply(ports, place, it, decision, now).await,
        Judged::Source(it) => sources::apply::apply(ports, place, it).await,
    }
}

/// Describes the changed instances again: the answer to a change says `pending`, and this is the check that
/// it became so.
async fn confirm(ports: &impl DescribeInstances, place: &Place, records: &mut [Record]) {
    let fixed = |record: &Record| match (&record.outcome, &record.resource, record.after) {
        (Outcome::Fixed, crate::ResourceId::Instance(id), Some(Posture::Options(options))) => {
            Some((id.clone(), options))
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
                record.reasons.push(format!("changed, and not confirmed: {failure}"));
            }
            return;
        }
    };
    for record in records {
        let Some((id, asked)) = fixed(record) else { continue };
        let Some(is) = described.get(&id) else { continue };
        let as_asked = is.options.http_endpoint == Switch::Disabled
            || is.options.http_tokens == HttpTokens::Required && asked.hop_limit == is.options.hop_limit;
        record.after = Some(Posture::Options(is.options));
        if !as_asked {
            let why = "AWS accepted the change, and describes the instance otherwise".to_owned();
            record.outcome = Outcome::Failed(Failure::new(Kind::Unverified, "ec2:DescribeInstances", why));
        }
    }
}
