//! Changing instances by Systems Manager Automation, with the runbooks of AWS: for those whose change process lives
//! there.
//!
//! INVARIANT (only tighten): a runbook is told every one of its parameters, because the defaults of one of them open
//! version 1. What no runbook can be told to do is not handed to one.

pub mod locations;
mod runbook;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use v2only_policy::instance::{Instance, Switch};
use v2only_policy::{Decision, Hold, InstanceChange, InstanceId, Judged, Place, Plan, Step};

use crate::enforce::{Bound, Carried, Journal};
use crate::failure::{Failure, Kind};
use crate::ports::{DescribeInstances, Execution, RunAutomation};
use crate::record::{Outcome, Posture, Record};
use crate::second_look::instances_unchanged_since;

pub use runbook::Runbook;

/// How many instances one execution is given: as many as one target takes.
const IN_ONE: usize = 50;
/// Pauses between two polls of an execution. Systems Manager takes three a second of an account and Region.
const PAUSES: [u64; 5] = [2, 5, 10, 15, 20];
/// A runbook sleeps for half a minute on each instance, and ten run side by side.
const PATIENCE: Duration = Duration::from_secs(30 * 60);
const ACTION: &str = "ssm:GetAutomationExecution";

/// The change that the policy leaves to Systems Manager Automation, if a runbook can make it.
fn left_change(decision: &Decision) -> Option<Step> {
    match &decision.plan {
        Plan::Hold { why: Hold::SsmAutomation, would: Some(step @ Step::Instance(change)) } => {
            Runbook::of(*change, None).map(|_| *step)
        }
        Plan::Hold { .. } | Plan::Nothing | Plan::Wait(_) | Plan::Act(_) => None,
    }
}

/// A plan to act in place of one that the policy leaves to Systems Manager Automation, if a runbook can make the change.
/// Other plans stay as they are.
pub fn run_by_automation(mut judged: Judged) -> Judged {
    if let Some(step) = left_change(&judged.decision) {
        judged.decision.plan = Plan::Act(step);
    }
    judged
}

/// Whether [`run_by_automation`] makes this plan one to act.
pub fn is_left_to_automation(judged: &Judged) -> bool {
    left_change(&judged.decision).is_some()
}

/// Instances of one place that are to be changed by runbooks.
#[derive(Debug)]
pub struct Automated<'a> {
    /// Which place.
    pub place: &'a Place,
    /// Each with a plan to act that a runbook can make.
    pub judged: Vec<Judged>,
    /// The ARN of the role that runbooks take on.
    pub role: Option<&'a str>,
    /// How many more changes may fail.
    pub bound: &'a Bound,
}

/// Has runbooks make the changes, and says what came of each.
///
/// Each execution's instances are described once more, see [`instances_unchanged_since`], and journalled before it is started. What
/// counts in the end is how AWS describes an instance, not how an execution says that it ended. Repeating it is harmless.
pub async fn automate<P: RunAutomation + DescribeInstances>(
    ports: &P,
    journal: &impl Journal,
    it: Automated<'_>,
    wait: &impl AsyncFn(Duration),
) -> Carried {
    let Automated { place, judged, role, bound } = it;
    let mut carried = Carried::default();
    for (runbook, mut rest) in by_runbook(judged, role, &mut carried) {
        while !rest.is_empty() {
            let some: Vec<Judged> = rest.drain(..rest.len().min(IN_ONE)).collect();
            if bound.is_broken() {
                carried.left.extend(some);
                continue;
            }
            let (same, other) = instances_unchanged_since(ports, place, some).await;
            other.iter().for_each(|it| bound.note(it));
            carried.records.extend(other);
            let written = write_down(journal, place, same, &mut carried).await;
            if !written.is_empty() {
                let records = execute(ports, place, &runbook, written, wait).await;
                records.iter().for_each(|it| bound.note(it));
                carried.records.extend(records);
            }
        }
    }
    carried
}

/// Which runbook each is handed to, under this role; what none can do is left.
fn by_runbook(
    judged: Vec<Judged>,
    role: Option<&str>,
    carried: &mut Carried,
) -> BTreeMap<Runbook, Vec<Judged>> {
    let mut by_runbook: BTreeMap<Runbook, Vec<Judged>> = BTreeMap::new();
    for it in judged {
        match change(&it).and_then(|change| Runbook::of(change, role)) {
            Some(runbook) => by_runbook.entry(runbook).or_default().push(it),
            None => carried.left.push(it),
        }
    }
    by_runbook
}

/// An instance whose state is in the journal, and which may be changed from now on.
#[derive(Debug)]
struct Written {
    id: InstanceId,
    change: InstanceChange,
    record: Record,
    judged: Judged,
}

/// Writes them down together. If that fails, none may be changed, and all have failed.
async fn write_down(
    journal: &impl Journal,
    place: &Place,
    some: Vec<Judged>,
    carried: &mut Carried,
) -> Vec<Written> {
    if let Err(error) = journal.write(place, &some).await {
        let failure = Failure::journal(&error);
        carried.records.extend(some.iter().map(|it| Record::of(place, it).with_failure(failure.clone())));
        return Vec::new();
    }
    let mut written = Vec::new();
    for judged in some {
        let record = Record::of(place, &judged);
        match judged.instance().map(|it| it.id.clone()).zip(change(&judged)) {
            Some((id, change)) => written.push(Written { id, change, record, judged }),
            None => carried.left.push(judged),
        }
    }
    written
}

/// The change that is to be made of an instance.
const fn change(judged: &Judged) -> Option<InstanceChange> {
    match judged.decision.plan {
        Plan::Act(Step::Instance(change)) => Some(change),
        Plan::Act(_) | Plan::Nothing | Plan::Wait(_) | Plan::Hold { .. } => None,
    }
}

async fn execute<P: RunAutomation + DescribeInstances>(
    ports: &P,
    place: &Place,
    runbook: &Runbook,
    some: Vec<Written>,
    wait: &impl AsyncFn(Duration),
) -> Vec<Record> {
    let ids: Vec<InstanceId> = some.iter().map(|it| it.id.clone()).collect();
    let execution = match ports.start_automation(place, runbook, &ids).await {
        Ok(execution) => execution,
        Err(failure) => return failed(some, &failure),
    };
    let end = follow(ports, place, &execution, PATIENCE, wait).await;
    verified(ports, place, some, &execution, &end).await
}

/// None of them was changed.
fn failed(some: Vec<Written>, failure: &Failure) -> Vec<Record> {
    let failed = |it: Written| it.record.with_failure(failure.clone());
    some.into_iter().map(failed).collect()
}

/// What came of the instances of one place, as AWS describes them now.
async fn verified(
    ports: &impl DescribeInstances,
    place: &Place,
    some: Vec<Written>,
    execution: &str,
    end: &End,
) -> Vec<Record> {
    let ids: Vec<InstanceId> = some.iter().map(|it| it.id.clone()).collect();
    let described = ports.instances(place, &ids).await;
    let ended = end.at(place, execution);
    let records = some.into_iter().map(|execution_target| {
        let (outcome, after) = match &described {
            Ok(found) => verdict(
                found.iter().find(|now| now.id == execution_target.id),
                execution_target.change,
                &ended,
                execution,
            ),
            Err(failure) => (Outcome::Failed(failure.clone()), None),
        };
        execution_target.record.with_outcome(outcome, after, Some(execution.to_owned()))
    });
    records.collect()
}

/// What came of one instance, as AWS describes it now.
fn verdict(
    now: Option<&Instance>,
    change: InstanceChange,
    ended: &Result<(), Failure>,
    execution: &str,
) -> (Outcome, Option<Posture>) {
    let Some(now) = now else {
        let why = format!("it was not described any more after execution {execution}");
        return (Outcome::Failed(Failure::new(Kind::Gone, "ec2:DescribeInstances", why)), None);
    };
    let after = Some(Posture::Options(now.options));
    if change.is_met_by(&now.options) || now.options.http_endpoint == Switch::Disabled {
        return (Outcome::Fixed, after);
    }
    let failure = ended.clone().err().unwrap_or_else(|| {
        let why = format!("execution {execution} succeeded, and AWS describes the instance otherwise");
        Failure::new(Kind::Unverified, "ec2:DescribeInstances", why)
    });
    (Outcome::Failed(failure), after)
}

/// How an execution ended.
#[derive(Debug)]
struct End {
    all: Result<(), Failure>,
    /// What is said of single places, whatever is said of the whole.
    missed: BTreeMap<Place, String>,
}

impl End {
    /// How it ended as far as this place is concerned.
    fn at(&self, place: &Place, execution: &str) -> Result<(), Failure> {
        match self.missed.get(place) {
            Some(why) => {
                let why = format!("execution {execution} failed in {place}: {why}");
                Err(Failure::new(Kind::Unknown, ACTION, why))
            }
            None => self.all.clone(),
        }
    }
}

/// Waits for the end of an execution.
async fn follow(
    ports: &impl RunAutomation,
    place: &Place,
    execution: &str,
    patience: Duration,
    wait: &impl AsyncFn(Duration),
) -> End {
    let (mut left, last) = (patience, PAUSES.last().copied().unwrap_or(1));
    let unsaid = |failure| End { all: Err(failure), missed: BTreeMap::new() };
    for pause in PAUSES.into_iter().chain(std::iter::repeat(last)) {
        let pause = Duration::from_secs(pause);
        let Some(rest) = left.checked_sub(pause) else { break };
        left = rest;
        wait(pause).await;
        match ports.automation(place, execution).await {
            Ok(Execution::Going) => {}
            Ok(Execution::Succeeded { missed }) => return End { all: Ok(()), missed },
            Ok(Execution::Ended { how, why, missed }) => {
                let why = if why.is_empty() { String::new() } else { format!(": {why}") };
                let why = format!("execution {execution} ended as {how}{why}");
                return End { all: Err(Failure::new(Kind::Unknown, ACTION, why)), missed };
            }
            // It goes on all the same.
            Err(failure) if matches!(failure.kind, Kind::Throttled | Kind::Unavailable) => {}
            Err(failure) => return unsaid(failure),
        }
    }
    let why = format!("execution {execution} has not ended after {} minutes", patience.as_secs() / 60);
    unsaid(Failure::new(Kind::Unavailable, ACTION, why))
}

/// The runbooks that these instances would be handed to.
pub fn documents<'a>(
    judged: impl IntoIterator<Item = &'a Judged>,
    role: Option<&str>,
) -> BTreeSet<&'static str> {
    let changes = judged.into_iter().filter_map(|it| Runbook::of(change(it)?, role));
    changes.map(|it| it.document).collect()
}
