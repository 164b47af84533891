//! The same runbooks for many accounts and Regions at once: one execution, started in a central account, in place of one
//! in each.
//!
//! Whether AWS takes lists of instances in this form is documented in one place and denied in another. Where it refuses
//! them it has started nothing, and each place gets an execution of its own.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use futures_util::StreamExt as _;
use v2only_policy::{InstanceId, Judged, Place};

use super::{Automated, IN_ONE, PATIENCE, Runbook, Written, automate, by_runbook, execute};
use super::{failed, follow, verified, write_down};
use crate::enforce::{Bound, Carried, Journal};
use crate::failure::{Failure, Kind};
use crate::ports::{DescribeInstances, Locations, RunAutomation};
use crate::record::Record;
use crate::second_look::instances_unchanged_since;

/// How many places one execution is given: as many locations as it takes.
const AT_ONCE: usize = 100;
/// How many of them are worked on side by side.
const SIDE_BY_SIDE: usize = 8;
/// How many of them are described side by side.
const DESCRIBED_AT_ONCE: usize = 16;

/// Instances of several places that are to be changed by executions of a central one.
#[derive(Debug)]
pub struct Together<'a> {
    /// Where executions are started.
    pub central: &'a Place,
    /// The name of the role of its account that takes on that of each other one.
    pub administration: &'a str,
    /// The name of the role that runbooks take on in each account.
    pub role: &'a str,
    /// Each place once, with instances whose plan to act a runbook can make.
    pub judged: Vec<(&'a Place, Vec<Judged>)>,
    /// How many more changes may fail.
    pub bound: &'a Bound,
}

/// What came of them.
#[derive(Debug)]
pub struct Joined<'a> {
    /// Of each place, unless it was left for an execution of its own.
    pub carried: Vec<(&'a Place, Carried)>,
    /// What AWS did not take in this form, if so.
    pub refused: Option<Refused<'a>>,
}

/// Instances that are to be changed place by place, because AWS did not take them together.
#[derive(Debug)]
pub struct Refused<'a> {
    /// What AWS says of it.
    pub why: Failure,
    role: &'a str,
    at: BTreeMap<&'a Place, Waiting>,
}

/// Instances of one place that no execution was started for.
#[derive(Debug, Default)]
struct Waiting {
    /// All for the same runbook, and no more than one execution takes.
    written: Vec<Written>,
    rest: Vec<Judged>,
}

/// What one execution is given.
#[derive(Debug)]
struct Batch<'a> {
    runbook: Runbook,
    at: Vec<(&'a Place, Vec<Judged>)>,
}

/// Has runbooks make the changes, with as few executions as AWS lets it be, one after the other, and says what came of
/// each.
///
/// Each is described once more and journalled first. What counts in the end is how AWS describes an instance in its own
/// account and Region. Repeating it is harmless.
pub async fn automate_together<'a, P: RunAutomation + DescribeInstances>(
    ports: &P,
    journal: &impl Journal,
    it: Together<'a>,
    wait: &impl AsyncFn(Duration),
) -> Joined<'a> {
    let Together { central, administration, role, judged, bound } = it;
    let mut carried: BTreeMap<&Place, Carried> = BTreeMap::new();
    let administration = central.role_arn(administration);
    let mut batches = batches(judged, &administration, &mut carried);
    let mut refused = None;
    while let Some(batch) = batches.pop_front() {
        if bound.is_broken() {
            batch
                .at
                .into_iter()
                .for_each(|(place, some)| carried.entry(place).or_default().left.extend(some));
            continue;
        }
        let mut written: Vec<(&Place, Vec<Written>)> = Vec::new();
        let described = async |(place, some): (&'a Place, Vec<Judged>)| {
            (place, instances_unchanged_since(ports, place, some).await)
        };
        // Side by side, so that no description is old when the execution starts.
        let described: Vec<_> =
            futures_util::stream::iter(batch.at).map(described).buffered(DESCRIBED_AT_ONCE).collect().await;
        for (place, (same, other)) in described {
            let here = carried.entry(place).or_default();
            other.iter().for_each(|it| bound.note(it));
            here.records.extend(other);
            let some = write_down(journal, place, same, here).await;
            if !some.is_empty() {
                written.push((place, some));
            }
        }
        if written.is_empty() {
            continue;
        }
        let at = written
            .iter()
            .map(|(place, some)| ((*place).clone(), some.iter().map(|it| it.id.clone()).collect()));
        // A place fails by one change at least, so that this many places end it no sooner than the bound.
        let may_fail = bound.may_fail();
        let locations = Locations { role, side_by_side: SIDE_BY_SIDE, may_fail, at: at.collect() };
        let records = match ports.start_automation_at(central, &batch.runbook, &locations).await {
            Ok(execution) => came(ports, central, written, &execution, wait).await,
            Err(why) if why.kind == Kind::Invalid => {
                refused = Some(Refused { why, role, at: waiting(written, batches) });
                break;
            }
            Err(failure) => {
                written.into_iter().map(|(place, some)| (place, failed(some, &failure))).collect()
            }
        };
        for (place, records) in records {
            records.iter().for_each(|it| bound.note(it));
            carried.entry(place).or_default().records.extend(records);
        }
    }
    Joined { carried: carried.into_iter().collect(), refused }
}

/// The executions for these instances: of one runbook with all of its parameters each, every place in it once.
fn batches<'a>(
    judged: Vec<(&'a Place, Vec<Judged>)>,
    administration: &str,
    carried: &mut BTreeMap<&'a Place, Carried>,
) -> VecDeque<Batch<'a>> {
    let mut all: BTreeMap<Runbook, Vec<(&Place, Vec<Judged>)>> = BTreeMap::new();
    for (place, judged) in judged {
        for (runbook, some) in by_runbook(judged, Some(administration), carried.entry(place).or_default()) {
            all.entry(runbook).or_default().push((place, some));
        }
    }
    let mut batches = VecDeque::new();
    for (runbook, mut rest) in all {
        while !rest.is_empty() {
            let first = |(place, some): &mut (&'a Place, Vec<Judged>)| {
                (*place, some.drain(..some.len().min(IN_ONE)).collect::<Vec<Judged>>())
            };
            let mut round = rest.iter_mut().map(first).collect::<Vec<_>>().into_iter().peekable();
            while round.peek().is_some() {
                let at = round.by_ref().take(AT_ONCE).collect();
                batches.push_back(Batch { runbook: runbook.clone(), at });
            }
            rest.retain(|(_, some)| !some.is_empty());
        }
    }
    batches
}

/// What came of an execution, place by place.
async fn came<'a, P: RunAutomation + DescribeInstances>(
    ports: &P,
    central: &Place,
    written: Vec<(&'a Place, Vec<Written>)>,
    execution: &str,
    wait: &impl AsyncFn(Duration),
) -> Vec<(&'a Place, Vec<Record>)> {
    // Those that wait for others are waited for.
    let turns = u32::try_from(written.len().div_ceil(SIDE_BY_SIDE)).unwrap_or(u32::MAX);
    let end = follow(ports, central, execution, PATIENCE.saturating_mul(turns), wait).await;
    let end = &end;
    let at_one_place = async |(place, some): (&'a Place, Vec<Written>)| {
        (place, verified(ports, place, some, execution, end).await)
    };
    futures_util::stream::iter(written).map(at_one_place).buffered(SIDE_BY_SIDE).collect().await
}

/// Splits instances that are in the journal into those that are as they were, and records of the others.
async fn unchanged_since(
    ports: &impl DescribeInstances,
    place: &Place,
    written: Vec<Written>,
) -> (Vec<Written>, Vec<Record>) {
    let judged = written.iter().map(|it| it.judged.clone()).collect();
    let (same, other) = instances_unchanged_since(ports, place, judged).await;
    let same: BTreeSet<&InstanceId> = same.iter().filter_map(|it| Some(&it.instance()?.id)).collect();
    (written.into_iter().filter(|it| same.contains(&it.id)).collect(), other)
}

fn waiting<'a>(
    written: Vec<(&'a Place, Vec<Written>)>,
    batches: VecDeque<Batch<'a>>,
) -> BTreeMap<&'a Place, Waiting> {
    let mut waiting: BTreeMap<&Place, Waiting> = BTreeMap::new();
    for (place, written) in written {
        waiting.entry(place).or_default().written = written;
    }
    for (place, some) in batches.into_iter().flat_map(|it| it.at) {
        waiting.entry(place).or_default().rest.extend(some);
    }
    waiting
}

/// Has runbooks make, by one execution after the other in each place, the changes that AWS did not take together. Each
/// instance is described once more, because the places before it took minutes. What was journalled is not journalled again.
pub async fn automate_apart<'a, P: RunAutomation + DescribeInstances>(
    ports: &P,
    journal: &impl Journal,
    it: Refused<'a>,
    bound: &Bound,
    wait: &impl AsyncFn(Duration),
) -> Vec<(&'a Place, Carried)> {
    let Refused { role, at, .. } = it;
    let at_one_place = async |(place, Waiting { written, rest }): (&'a Place, Waiting)| {
        let role = place.role_arn(role);
        let mut carried = Carried::default();
        match written.first().and_then(|it| Runbook::of(it.change, Some(&role))) {
            Some(runbook) if !bound.is_broken() => {
                let (written, other) = unchanged_since(ports, place, written).await;
                carried.records.extend(other);
                if !written.is_empty() {
                    carried.records.extend(execute(ports, place, &runbook, written, wait).await);
                }
                carried.records.iter().for_each(|it| bound.note(it));
            }
            _ => carried.left.extend(written.into_iter().map(|it| it.judged)),
        }
        let rest = Automated { place, judged: rest, role: Some(&role), bound };
        let rest = automate(ports, journal, rest, wait).await;
        carried.records.extend(rest.records);
        carried.left.extend(rest.left);
        (place, carried)
    };
    futures_util::stream::iter(at).map(at_one_place).buffered(SIDE_BY_SIDE).collect().await
}
