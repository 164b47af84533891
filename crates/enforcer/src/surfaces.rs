//! Surfaces outside of EC2, Auto Scaling and SageMaker: read, judged, described once more and changed. The CLI alone calls
//! this; the functions link none of it.

use futures_util::StreamExt as _;
use jiff::Timestamp;
use v2only_policy::usage::{Usage, first_day};
use v2only_policy::{
    Circumstances, Hold, Judged, Occasion, Place, Plan, Policy, ResourceKind, Step, Subject, Surface,
    SurfaceChange, SurfaceKind, decide_surface, surface_usage_window,
};

use crate::failure::{Failure, Kind};
use crate::kinds::Kinds;
use crate::ports::{Admission, OrganizationalUnits, ReadSurfaces, TightenSurface};
use crate::record::{Outcome, Posture, Record};
use crate::scan::{ScanRequest, Unread};

/// How many surfaces are asked for their usage side by side.
const AT_ONCE: usize = 4;

/// Scans one account and Region for surfaces; `each` gets everything that violates the policy or is exempt. A kind that cannot
/// be read does not keep the others from being read.
///
/// Costs one call per page and kind, what a listing leaves out, and one call for each surface about which the usage gate decides.
pub async fn scan<P: Admission + OrganizationalUnits + ReadSurfaces + Sync>(
    ports: &P,
    policy: &Policy,
    place: &Place,
    (kinds, now): (Kinds, Timestamp),
    each: &mut (dyn FnMut(Judged) + Send),
) -> Unread {
    let mut unread = Unread::default();
    let wanted = |kind: &&SurfaceKind| kinds.contains(ResourceKind::Surface(**kind));
    let readable = ports.readable();
    if let Kinds::Only(ResourceKind::Surface(kind)) = kinds
        && !readable.contains(&kind)
    {
        let why = format!("this build of v2only leaves out {}s", kind.about().kind.noun);
        unread.failure = Some(Failure::new(Kind::Refused, kind.about().read_action, why));
    }
    if !readable.iter().any(|kind| wanted(&kind)) {
        return unread;
    }
    let request = match ScanRequest::at(ports, policy, place, now).await {
        Ok(request) => request,
        Err(failure) => return Unread { failure: Some(failure), usage: None },
    };
    for kind in readable.iter().filter(wanted) {
        let failure = one_kind(ports, &request, *kind, each, &mut unread.usage).await.err();
        unread.failure = unread.failure.or(failure);
    }
    unread
}

async fn one_kind<P: ReadSurfaces + Sync>(
    ports: &P,
    request: &ScanRequest<'_>,
    kind: SurfaceKind,
    each: &mut (dyn FnMut(Judged) + Send),
    usage_unread: &mut Option<Failure>,
) -> Result<(), Failure> {
    let circumstances = request.circumstances(Occasion::Seen);
    let mut next = None;
    loop {
        let page = ports.surfaces(request.place, kind, next).await?;
        let mut judged = Vec::with_capacity(page.items.len());
        for surface in page.items {
            let decision = decide_surface(&surface, request.policy, &circumstances)?;
            judged.push(Judged { subject: Subject::Surface(surface), decision });
        }
        // What was denied once is not asked for again on every page.
        if usage_unread.is_none() {
            *usage_unread = ask_the_gate(ports, request.policy, &circumstances, &mut judged).await.err();
        }
        judged.into_iter().filter(|it| !it.is_clean()).for_each(&mut *each);
        next = page.next;
        if next.is_none() {
            return Ok(());
        }
    }
}

/// Reads the usage of the surfaces about which the gate decides, and decides about them again.
///
/// # Errors
/// The first usage that could not be read. The surface stays on hold.
async fn ask_the_gate<P: ReadSurfaces + Sync>(
    ports: &P,
    policy: &Policy,
    circumstances: &Circumstances<'_>,
    judged: &mut [Judged],
) -> Result<(), Failure> {
    let waiting = judged.iter_mut().filter(|it| it.decision.wants_usage());
    let asked = waiting.map(|judged| async move {
        let Subject::Surface(surface) = &judged.subject else { return Ok(()) };
        let window = surface_usage_window(surface, policy, circumstances)?;
        let today = circumstances.today();
        let since = first_day(today, window);
        let counted = ports.surface_usage(circumstances.place, surface, since, circumstances.now).await?;
        let usage = Usage::of(&counted, today, window);
        judged.decision = decide_surface(surface, policy, &Circumstances { usage, ..*circumstances })?;
        Ok(())
    });
    let results: Vec<Result<(), Failure>> =
        futures_util::stream::iter(asked).buffer_unordered(AT_ONCE).collect().await;
    results.into_iter().collect()
}

/// Splits decided resources into those that are as they were when they were decided, and records of the surfaces that are not.
/// Describes each surface that is to be changed once more; other resources are passed on.
pub async fn unchanged_since(
    ports: &impl ReadSurfaces,
    place: &Place,
    judged: Vec<Judged>,
) -> (Vec<Judged>, Vec<Record>) {
    let (mut same, mut other) = (Vec::with_capacity(judged.len()), Vec::new());
    for it in judged {
        let Subject::Surface(then) = &it.subject else {
            same.push(it);
            continue;
        };
        if !it.acts() {
            same.push(it);
            continue;
        }
        match ports.surface(place, then.kind, &then.id).await {
            Ok(now) if now.as_ref() == Some(then) => same.push(it),
            Ok(_) => other.push(Record::of(place, &it).on_hold(Hold::ChangedSince)),
            Err(failure) => other.push(Record::of(place, &it).with_failure(failure)),
        }
    }
    (same, other)
}

/// Applies the plan for a surface and returns its record. A changed surface is described once more, and counts as failed if AWS
/// then describes it otherwise.
pub async fn apply<P: ReadSurfaces + TightenSurface>(
    ports: &P,
    place: &Place,
    surface: &Surface,
    judged: &Judged,
) -> Record {
    let record = Record::of(place, judged);
    let Plan::Act(Step::Surface(SurfaceChange::RequireTokens)) = judged.decision.plan else { return record };
    let request_id = match ports.tighten_surface(place, surface).await {
        Ok(request_id) => request_id,
        Err(failure) => return record.with_failure(failure),
    };
    match ports.surface(place, surface.kind, &surface.id).await {
        Ok(Some(now)) if now.http_tokens() == v2only_policy::HttpTokens::Required => {
            record.with_outcome(Outcome::Fixed, Some(Posture::Options(now.described())), request_id)
        }
        Ok(now) => {
            let why = match now {
                Some(_) => "AWS accepted the change, and describes the resource otherwise",
                None => "AWS accepted the change, and does not show the resource any more",
            };
            let failure = Failure::new(Kind::Unverified, surface.kind.about().read_action, why);
            record.with_failure(Failure { request_id, ..failure })
        }
        Err(failure) => record.with_failure(failure),
    }
}
