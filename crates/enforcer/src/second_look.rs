//! The second look: resources are described once more right before they are changed.
//!
//! A decision may be minutes or hours old when its turn comes. Somebody may have exempted the resource meanwhile, switched
//! it off, fixed it, or replaced it by another one of the same name. Such a resource is not changed.
//!
//! A description is used for [`FRESH_FOR`], so that the number of changes after one description follows the request rate: up to 40
//! while EC2's bucket has tokens, and about 6 at its rate of 5 changes a second. No more resources are described together than
//! twice the number that was changed after the last description. A change begins once its turn has come, and is sent at most
//! 2 seconds after its description. Where the journal takes a second or more, the resource is described once more. So it is where
//! AWS throttles a change, which then takes another turn. A description for each change would shorten that further
//! at the cost of a call for each, and no call of EC2 ends the race, because none is conditional on tags.

use std::collections::VecDeque;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use jiff::{SignedDuration, Timestamp};
use v2only_policy::instance::{Instance, MetadataOptions};
use v2only_policy::notebook::Notebook;
use v2only_policy::source::Image;
use v2only_policy::{Hold, InstanceId, Judged, Place, ResourceKind, Subject};

use crate::failure::{Failure, Kind};
use crate::ports::{DescribeInstances, DescribeNotebook, ListImages, Turns};
use crate::record::Record;

/// How many resources are described together at most.
pub(crate) const CHUNK: usize = 40;
/// How old a description may be when a change begins.
pub(crate) const FRESH_FOR: SignedDuration = SignedDuration::from_secs(1);
/// How many resources are changed side by side at most. Pacing, not this, keeps the account's request rate.
pub(crate) const AT_ONCE: usize = 16;
/// How many are at first where a failure ends the run. Each change that is made adds one.
pub(crate) const FEW_AT_ONCE: usize = 4;
/// How few resources are described together at least.
const FEW: usize = 4;
/// How often a change is made again after AWS was unavailable.
const EXTRA_ATTEMPTS: u32 = 2;
/// For how long a change that AWS throttles is made again.
const INSISTS_FOR: SignedDuration = SignedDuration::from_hours(6);

/// Whether what was described then may still be the base of a change.
pub(crate) fn is_fresh(described_at: Timestamp, now: Timestamp) -> bool {
    now.duration_since(described_at) < FRESH_FOR
}

/// Resources that wait for their second look.
#[derive(Debug)]
pub(crate) struct Queue<T> {
    waiting: VecDeque<T>,
    /// How many of them are described together next.
    together: usize,
    /// How many are changed side by side.
    at_once: usize,
}

impl<T> Queue<T> {
    /// Changes so many side by side at first.
    pub(crate) fn new(all: Vec<T>, at_once: usize) -> Self {
        Self { waiting: all.into(), together: CHUNK, at_once }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Takes out the resources that are described next: 40 at most, and one that is `slow` by itself.
    pub(crate) fn next_chunk(&mut self, slow: impl Fn(&T) -> bool) -> Vec<T> {
        let size = match self.waiting.iter().take(self.together).position(slow) {
            Some(0) => 1,
            Some(others) => others,
            None => self.together,
        };
        self.waiting.drain(..size.min(self.waiting.len())).collect()
    }

    /// Takes out all that is left.
    pub(crate) fn take_all(&mut self) -> impl Iterator<Item = T> {
        self.waiting.drain(..)
    }

    /// Puts back the resources whose description became too old when so many others had been changed.
    fn put_back(&mut self, again: Vec<T>, changed: usize) {
        let wanted = if again.is_empty() { self.together } else { changed };
        self.together = (2 * wanted).clamp(FEW, CHUNK);
        again.into_iter().rev().for_each(|it| self.waiting.push_front(it));
    }
}

/// Whether the calls of a resource take seconds: AWS gives notebooks 2 calls a second, and describes each surface by a call of
/// its own.
pub(crate) fn is_slow(judged: &Judged) -> bool {
    judged.acts() && matches!(judged.subject, Subject::Notebook(_) | Subject::Surface(_))
}

/// Where changes are made, and which of them have turns.
pub(crate) struct InTurn<'a, P, T> {
    pub ports: &'a P,
    pub place: &'a Place,
    /// The kind of a resource that is to be changed.
    pub kind: fn(&T) -> Option<ResourceKind>,
}

impl<P: Turns, T> InTurn<'_, P, T> {
    /// Waits until the first change of a chunk can be made, so that it is described right before.
    pub async fn first(&self, chunk: &[T]) {
        if let Some(kind) = chunk.iter().find_map(self.kind) {
            self.ports.turn(self.place, kind).await;
            self.ports.pass(self.place, kind);
        }
    }

    /// Changes resources that were described right now, as long as their description is fresh when their turn comes. Returns the
    /// results, and puts back the resources that have to be described again. The first one is changed in any case.
    pub async fn while_fresh<R, F: Future<Output = R>>(
        &self,
        chunk: Vec<T>,
        rest: &mut Queue<T>,
        now: &(impl Fn() -> Timestamp + ?Sized),
        change: impl Fn(T) -> F,
    ) -> Vec<R> {
        let described_at = now();
        let change = &change;
        let mut all = chunk.into_iter().enumerate().map(|(index, item)| async move {
            let may_begin = || index == 0 || is_fresh(described_at, now());
            if !may_begin() {
                return Err(item);
            }
            if let Some(kind) = (self.kind)(&item) {
                self.ports.turn(self.place, kind).await;
                if !may_begin() {
                    self.ports.pass(self.place, kind);
                    return Err(item);
                }
            }
            Ok(change(item).await)
        });
        let mut begun = FuturesUnordered::new();
        let (mut done, mut again) = (Vec::new(), Vec::new());
        loop {
            begun.extend(all.by_ref().take(rest.at_once - begun.len()));
            match begun.next().await {
                Some(Ok(result)) => {
                    done.push(result);
                    rest.at_once = AT_ONCE.min(rest.at_once + 1);
                }
                Some(Err(it)) => again.push(it),
                None => break,
            }
        }
        rest.put_back(again, done.len());
        done
    }
}

/// How often a change is made again that AWS refused for now. Its resource is described once more each time.
#[derive(Debug)]
pub(crate) struct Attempts {
    since: Timestamp,
    extra: u32,
}

impl Attempts {
    /// None was made yet.
    pub(crate) const fn since(since: Timestamp) -> Self {
        Self { since, extra: EXTRA_ATTEMPTS }
    }

    /// Whether a change that failed so is made again.
    pub(crate) fn again(
        &mut self,
        ports: &impl Turns,
        kind: ResourceKind,
        failure: &Failure,
        now: Timestamp,
    ) -> bool {
        if !ports.insists(kind, failure) || now.duration_since(self.since) > INSISTS_FOR {
            return false;
        }
        match failure.kind {
            Kind::Throttled => true,
            Kind::Unavailable | Kind::Unreachable if self.extra > 0 => {
                self.extra -= 1;
                true
            }
            _ => false,
        }
    }
}

/// Splits decided resources into those that are as they were when they were decided, and records of the others.
///
/// A resource that differs is on hold as `changed-since`. One that cannot be described has failed. Neither may be changed.
/// A resource whose plan asks for no change is passed on unread. Launch templates and account defaults are passed on as
/// well: they are read again where they are changed.
///
/// Makes one call for up to 200 instances, two for each notebook, and lists the images if one of them is to be marked.
pub async fn unchanged_since<P: DescribeInstances + DescribeNotebook + ListImages>(
    ports: &P,
    place: &Place,
    judged: Vec<Judged>,
) -> (Vec<Judged>, Vec<Record>) {
    let (instances, others): (Vec<Judged>, Vec<Judged>) =
        judged.into_iter().partition(|it| it.instance().is_some());
    let (mut same, mut other) = instances_unchanged_since(ports, place, instances).await;
    let marks = others.iter().any(|it| it.acts() && it.image().is_some());
    let images = if marks { own_images(ports, place).await } else { Ok(Vec::new()) };
    for it in others {
        let is_same = match &it.subject {
            Subject::Notebook(then) if it.acts() => notebook_is(ports, place, then).await,
            Subject::Image(then) if it.acts() => {
                images.as_ref().map_err(Failure::clone).map(|found| found.contains(then))
            }
            Subject::Notebook(_)
            | Subject::Image(_)
            | Subject::Instance(_)
            | Subject::AccountDefaults(_)
            | Subject::TemplateVersion { .. }
            | Subject::LaunchConfiguration { .. }
            | Subject::Consumer { .. }
            | Subject::Surface(_) => Ok(true),
        };
        sort(place, it, is_same, &mut same, &mut other);
    }
    (same, other)
}

/// The same for instances alone.
pub async fn instances_unchanged_since(
    ports: &impl DescribeInstances,
    place: &Place,
    judged: Vec<Judged>,
) -> (Vec<Judged>, Vec<Record>) {
    let acting = judged.iter().filter(|it| it.acts());
    let ids: Vec<InstanceId> = acting.filter_map(|it| it.instance().map(|it| it.id.clone())).collect();
    let described = if ids.is_empty() { Ok(Vec::new()) } else { ports.instances(place, &ids).await };
    let (mut same, mut other) = (Vec::new(), Vec::new());
    for it in judged {
        let is_same = match (it.instance().filter(|_| it.acts()), &described) {
            (None, _) => Ok(true),
            (Some(_), Err(failure)) => Err(failure.clone()),
            (Some(then), Ok(found)) => {
                let now = found.iter().find(|it| it.id == then.id);
                Ok(now.is_some_and(|now| is_as_decided(then, now)))
            }
        };
        sort(place, it, is_same, &mut same, &mut other);
    }
    (same, other)
}

fn sort(
    place: &Place,
    it: Judged,
    is_same: Result<bool, Failure>,
    same: &mut Vec<Judged>,
    other: &mut Vec<Record>,
) {
    match is_same {
        Ok(true) => same.push(it),
        Ok(false) => other.push(Record::of(place, &it).on_hold(Hold::ChangedSince)),
        Err(failure) => other.push(Record::of(place, &it).with_failure(failure)),
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

/// Whether everything that a decision is based on is as it was. That AWS has finished applying a change is no difference.
fn is_as_decided(then: &Instance, now: &Instance) -> bool {
    let settled = |it: &Instance| MetadataOptions { pending: false, ..it.options };
    settled(then) == settled(now) && then.tags == now.tags && then.managed_by == now.managed_by
}

/// A notebook that was deleted and created again has its name and its ARN, but not its creation time.
async fn notebook_is(ports: &impl DescribeNotebook, place: &Place, then: &Notebook) -> Result<bool, Failure> {
    let Some(now) = ports.notebook(place, &then.name).await? else { return Ok(false) };
    let tags = ports.notebook_tags(place, &then.arn).await?;
    Ok(*then == Notebook { tags, ..now })
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};

    use futures_util::FutureExt as _;

    use super::*;

    /// Turns that come every 300 milliseconds, on a clock that nothing else moves.
    #[derive(Default)]
    struct Slow {
        millis: AtomicI64,
        spare: AtomicU32,
        waited: AtomicU32,
    }

    impl Slow {
        fn now(&self) -> Timestamp {
            Timestamp::UNIX_EPOCH + SignedDuration::from_millis(self.millis.load(Ordering::Relaxed))
        }
    }

    impl Turns for Slow {
        async fn turn(&self, _: &Place, _: ResourceKind) {
            if self.spare.load(Ordering::Relaxed) > 0 {
                self.spare.fetch_sub(1, Ordering::Relaxed);
            } else {
                self.waited.fetch_add(1, Ordering::Relaxed);
                self.millis.fetch_add(300, Ordering::Relaxed);
            }
        }

        fn pass(&self, _: &Place, _: ResourceKind) {
            self.spare.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn no_change_rests_on_a_description_that_was_made_before_a_long_wait_for_its_turn() {
        let turns = Slow::default();
        let place = Place {
            account: v2only_policy::AccountId::parse("111122223333").unwrap(),
            region: v2only_policy::Region::parse("eu-central-1").unwrap(),
        };
        let in_turn = InTurn { ports: &turns, place: &place, kind: |_: &u32| Some(ResourceKind::Instance) };
        let now = || turns.now();
        let mut rest = Queue::new((0..100).collect::<Vec<u32>>(), FEW_AT_ONCE);
        let (mut made, mut described) = (Vec::new(), 0);
        while !rest.is_empty() {
            let chunk = rest.next_chunk(|_| false);
            in_turn.first(&chunk).now_or_never().unwrap();
            described += 1;
            let described_at = now();
            let changed = in_turn.while_fresh(chunk, &mut rest, &now, async |it| (it, now()));
            for (it, at) in changed.now_or_never().unwrap() {
                assert!(at.duration_since(described_at) < FRESH_FOR, "{it}");
                made.push(it);
            }
        }
        made.sort_unstable();
        assert_eq!(made, (0..100).collect::<Vec<u32>>());
        assert_eq!(turns.waited.load(Ordering::Relaxed), 100, "no turn is lost, and none is left over");
        assert!(described <= 25, "{described} descriptions");
    }

    #[test]
    fn a_port_insists_in_no_change_unless_it_says_so() {
        let throttled =
            Failure::new(Kind::Throttled, "ec2:ModifyInstanceMetadataOptions", "RequestLimitExceeded");
        assert!(!Slow::default().insists(ResourceKind::Instance, &throttled));
    }

    #[test]
    fn twice_as_many_are_described_together_as_were_changed_after_the_last_description() {
        let mut queue = Queue::new((0..200).collect::<Vec<u32>>(), FEW_AT_ONCE);
        let mut next = 0;
        for (described, changed) in
            [(40, 9), (18, 9), (18, 18), (36, 36), (40, 40), (40, 1), (4, 0), (4, 4), (8, 8)]
        {
            let chunk = queue.next_chunk(|_| false);
            assert_eq!(chunk, (next..next + described).collect::<Vec<u32>>(), "none is passed over");
            let (changed_now, again) = chunk.split_at(changed);
            next += changed_now.len() as u32;
            queue.put_back(again.to_vec(), changed_now.len());
        }
    }
}
