//! The way of an event from bytes to record, the same for every kind of resource.

use std::collections::BTreeMap;
use std::future::Future;

use futures_util::StreamExt as _;
use jiff::Timestamp;
use serde_json::Value;
use v2only_policy::{Place, Policy};

use super::app::{App, Clock, Failed, Invocation, policy_in_force};
use super::batch::Batch;
use super::work::{Answer, Event, Request, Work};
use crate::counts::Counts;
use crate::failure::Failure;
use crate::ports::{Admission, OrganizationalUnits, PostponeMessages, ReadParameter};
use crate::record::{Record, ResourceId};
use crate::scan::ScanRequest;
use crate::second_look::{CHUNK, is_fresh};

/// What an event leads to without a call.
#[derive(Default)]
pub(super) struct Sorted {
    /// Records that need no description.
    pub records: Vec<Record>,
    /// The function that handles the event instead of this one.
    pub handled_by: Option<&'static str>,
}

/// The part of the way that differs between kinds of resources.
pub(super) trait EventHandler<P> {
    /// The id of a resource.
    type Id: Ord + Clone + Send + Sync;
    /// A resource as one call describes many; `()` where every resource needs a call of its own.
    type Description: Clone + Send;

    /// How many resources are fixed side by side.
    const AT_ONCE: usize;

    /// The resource in a record.
    fn resource(id: &Self::Id) -> ResourceId;

    /// Sorts one event: into `work`, or into records that need no description.
    fn sort(app: &App<P>, policy: &Policy, event: &Event<'_>, work: &mut Work<Self::Id>) -> Sorted;

    /// Describes all of the work. `answers` gets records of launches that lack instances.
    fn describe(
        ports: &P,
        request: &ScanRequest<'_>,
        work: &mut Work<Self::Id>,
        answers: &mut Vec<Answer>,
    ) -> impl Future<Output = Result<BTreeMap<Self::Id, Self::Description>, Failure>>;

    /// Judges one resource, and fixes it.
    fn fix(
        ports: &P,
        request: &ScanRequest<'_>,
        clock: Clock<'_>,
        asked: Asked<'_, Self::Id, Self::Description>,
    ) -> impl Future<Output = Result<Record, Failure>>;
}

/// One resource that events ask for.
pub(super) struct Asked<'a, I, D> {
    pub id: &'a I,
    pub request: &'a Request,
    pub description: Option<D>,
}

/// Handles one invocation.
pub(super) async fn handle<H, P>(
    payload: Value,
    app: &App<P>,
    mut invocation: Invocation<'_>,
) -> Result<(Value, Counts), Failed>
where
    H: EventHandler<P>,
    P: Admission + OrganizationalUnits + ReadParameter + PostponeMessages + Sync,
{
    let mut batch = Batch::read(payload, &mut invocation)?;
    if batch.triggers.is_empty() {
        return batch.reply();
    }
    let Some(policy) = batch.policy(app, &mut invocation).await else {
        batch.postpone(&app.ports, &mut invocation).await;
        return batch.reply();
    };
    let mut work = BTreeMap::<Place, Work<H::Id>>::new();
    for (delivery, trigger) in std::mem::take(&mut batch.triggers) {
        let event = Event { trigger: &trigger, delivery, now: (invocation.now)() };
        let sorted = H::sort(app, &policy, &event, work.entry(trigger.place.clone()).or_default());
        if let Some(function) = sorted.handled_by {
            batch.elsewhere(&trigger.event_id, function, &mut invocation);
        }
        let answer = |record| Answer {
            record: Record { cause: Some(event.cause()), ..record },
            deliveries: vec![delivery],
        };
        batch.write(sorted.records.into_iter().map(answer).collect(), &mut invocation);
    }
    let clock = Clock { now: invocation.now, deadline: invocation.deadline };
    let mut just_read = Some(policy);
    for (place, work) in work.into_iter().filter(|(_, work)| !work.is_empty()) {
        let policy = match just_read.take() {
            Some(policy) => Ok(policy),
            None => policy_in_force(app, &mut invocation).await,
        };
        let answers = match policy {
            Ok(policy) => enforce::<H, P>(app, &policy, &place, clock, &mut invocation, work).await,
            Err(failure) => work.failed(&place, &failure, H::resource),
        };
        batch.write(answers, &mut invocation);
    }
    batch.postpone(&app.ports, &mut invocation).await;
    batch.reply()
}

/// Describes, judges and fixes everything that is wanted in one account and Region, chunk by chunk.
///
/// All are described at first. Before each chunk but the first the policy is asked for again, and the chunk is described again if its
/// description is not fresh any more: what somebody wrote meanwhile holds for everything that is not changed yet.
async fn enforce<H, P>(
    app: &App<P>,
    policy: &Policy,
    place: &Place,
    clock: Clock<'_>,
    invocation: &mut Invocation<'_>,
    mut work: Work<H::Id>,
) -> Vec<Answer>
where
    H: EventHandler<P>,
    P: Admission + OrganizationalUnits + ReadParameter + Sync,
{
    let ports = &app.ports;
    let scan = match ScanRequest::at(ports, policy, place, (clock.now)()).await {
        Ok(scan) => scan,
        Err(failure) => return work.failed(place, &failure, H::resource),
    };
    let mut answers = Vec::new();
    let mut described = match H::describe(ports, &scan, &mut work, &mut answers).await {
        Ok(described) => described,
        Err(failure) => {
            answers.extend(work.failed(place, &failure, H::resource));
            return answers;
        }
    };
    let mut described_at = (clock.now)();
    let chunk = Chunk { wanted: work.take(CHUNK), described: &described, described_at };
    answers.extend(fix::<H, P>(ports, &scan, clock, chunk, &mut work).await);
    while !work.is_empty() {
        let policy = match policy_in_force(app, invocation).await {
            Ok(policy) => policy,
            Err(failure) => {
                answers.extend(work.failed(place, &failure, H::resource));
                return answers;
            }
        };
        let mut next = work.take(CHUNK);
        let scan = async {
            let scan = ScanRequest::at(ports, &policy, place, (clock.now)()).await?;
            let is_known = next.requests.keys().all(|id| described.contains_key(id));
            if !is_known || !is_fresh(described_at, (clock.now)()) {
                described = H::describe(ports, &scan, &mut next, &mut answers).await?;
                described_at = (clock.now)();
            }
            Ok::<_, Failure>(scan)
        };
        let scan = scan.await;
        answers.extend(match scan {
            Ok(scan) => {
                let chunk = Chunk { wanted: next, described: &described, described_at };
                fix::<H, P>(ports, &scan, clock, chunk, &mut work).await
            }
            Err(failure) => next.failed(place, &failure, H::resource),
        });
    }
    answers
}

/// Resources that are fixed next, as they were described.
struct Chunk<'a, I, D> {
    wanted: Work<I>,
    described: &'a BTreeMap<I, D>,
    described_at: Timestamp,
}

/// Judges and fixes a chunk of resources side by side, as long as their description is fresh; `rest` keeps the others. The first one
/// is fixed in any case.
async fn fix<H, P>(
    ports: &P,
    scan: &ScanRequest<'_>,
    clock: Clock<'_>,
    Chunk { wanted, described, described_at }: Chunk<'_, H::Id, H::Description>,
    rest: &mut Work<H::Id>,
) -> Vec<Answer>
where
    H: EventHandler<P>,
{
    let place = scan.place;
    let wanted = wanted.requests.into_iter().enumerate();
    let fixed = futures_util::stream::iter(wanted).map(|(index, (id, request))| {
        let description = described.get(&id).cloned();
        async move {
            if index > 0 && !is_fresh(described_at, (clock.now)()) {
                return Err((id, request));
            }
            let asked = Asked { id: &id, request: &request, description };
            let record = H::fix(ports, scan, clock, asked).await;
            let record =
                record.unwrap_or_else(|failure| Record::failed(place.clone(), H::resource(&id), failure));
            let record = Record { cause: Some(request.cause), ..record };
            Ok(Answer { record, deliveries: request.deliveries })
        }
    });
    let mut answers = Vec::new();
    for it in fixed.buffer_unordered(H::AT_ONCE).collect::<Vec<Result<_, _>>>().await {
        match it {
            Ok(answer) => answers.push(answer),
            Err((id, request)) => drop(rest.requests.insert(id, request)),
        }
    }
    answers
}
