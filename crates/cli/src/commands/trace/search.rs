//! The search for the instances that `--trace` names.

use v2only_enforcer::Failure;
use v2only_policy::{InstanceId, Place};

use crate::args::format::Format;
use crate::args::readiness::Args;
use crate::run::regions;
use crate::run::session::Session;
use crate::run::trace_targets::{FoundTargets, TraceTargets};
use crate::term::problem::{Problem, Stop, sentence};
use crate::world::World;

/// How many instances are traced at the same time.
pub(super) const TRACES_AT_ONCE: usize = 8;

/// The instances that `--trace` names, in all accounts and Regions that were asked for.
pub(super) struct Search<A> {
    pub(super) aws: A,
    pub(super) targets: TraceTargets,
    pub(super) found: FoundTargets,
    /// The instances in the order of the report.
    pub(super) ids: Vec<InstanceId>,
    pub(super) unreadable: Vec<(Place, Failure)>,
}

/// Finds the instances that `--trace` names.
pub(super) async fn find<W: World>(
    args: &Args,
    session: &mut Session<'_, W>,
) -> Result<Search<W::Aws>, Stop> {
    let targets = TraceTargets::read(&args.trace)?;
    if session.shared.output == Format::Csv {
        let why = "`--output csv` is not for `--trace`, whose callers do not fit into one line";
        return Err(Problem::usage(why, "type `--output json` or `--output ndjson`").into());
    }
    let wanted = regions::wanted(&session.shared.regions)?;
    let aws = regions::connect(session.world, session.shared, &wanted).await?;
    let places = regions::places(&aws, wanted, session.shared).await?;
    let mut unreadable = places.unreadable;
    let mut found = FoundTargets::default();
    for place in places.known {
        if let Err(failure) = found.find(&aws, &place, &targets, usize::from(args.canary)).await {
            unreadable.push((place, failure));
        }
    }
    let ids = found.order(&targets);
    Ok(Search { aws, targets, found, ids, unreadable })
}

/// Reports the accounts and Regions that could not be read.
pub(super) fn tell_unreadable<W: World>(session: &mut Session<'_, W>, unreadable: &[(Place, Failure)]) {
    for (place, failure) in unreadable {
        session.talk.error(&format!("{place} could not be read: {}", sentence(failure)));
    }
}
