//! The actors: the use cases of production code, run over a [`Line`].

use std::pin::Pin;

use jiff::Timestamp;
use serde_json::{Value, json};
use v2only_document as document;
use v2only_enforcer::enforce::{Bound, Journal, enforce_within};
use v2only_enforcer::invocation::{App, Failed, Invocation, handle_ec2, handle_notebook};
use v2only_enforcer::policy_source::{Location, PolicySource};
use v2only_enforcer::ports::{Metric, ReadParameter, ReadUsage};
use v2only_enforcer::scan::{Kinds, scan};
use v2only_enforcer::waves::{Change, Portion, Rollout, Watched, go_on, watched, waves};
use v2only_enforcer::{Counts, LogEntry, Record, ResourceId, sweep};
use v2only_policy::{Judged, Place, Policy, ResourceKind};

use crate::clock::{at, flip_at};
use crate::line::Line;
use crate::mutation::Mutation;
use crate::resources::Message;
use crate::words::{
    ACCOUNT, REGION, instance_id, instance_record, notebook_name, notebook_record, number, place,
};

/// What an actor is started with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Start {
    /// A function that receives a message.
    Function(Message),
    /// A person who runs `enforce` on launch templates.
    Enforce,
    /// A person who runs `enforce` on instances in waves of one.
    Waves,
}

/// One record of an actor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordSummary {
    /// The number of the resource: notebooks from 0, instances from 4, the launch template is 8.
    pub resource: u8,
    /// The outcome.
    pub outcome: &'static str,
    /// What holds the plan.
    pub hold: Option<&'static str>,
    /// The notes of the decision.
    pub notes: Vec<&'static str>,
    /// Whether something failed beside the outcome.
    pub remarks: bool,
}

/// How an actor ended.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Done {
    /// Whether its message has to be received again.
    pub again: bool,
    /// Its records, in their order.
    pub said: Vec<RecordSummary>,
    /// Why a run in waves stopped.
    pub stopped: Option<&'static str>,
}

/// An actor under way.
pub type Running = Pin<Box<dyn Future<Output = Done>>>;

/// The text of a task that sweeps one stage, begun at this tick.
pub fn sweep_task(stage: &str, tick: u8) -> String {
    json!({
        "task": "place", "began": at(tick).to_string(), "account": ACCOUNT, "region": REGION,
        "stage": stage, "only": stage,
    })
    .to_string()
}

/// Starts an actor.
pub fn start(start: Start, line: &Line) -> Running {
    let line = line.clone();
    match start {
        Start::Function(message) => Box::pin(function(message, line)),
        Start::Enforce => Box::pin(enforce(line)),
        Start::Waves => Box::pin(in_waves(line)),
    }
}

fn code(resource: &ResourceId) -> u8 {
    match resource {
        ResourceId::Notebook(name) => number(name.as_str()),
        ResourceId::Instance(id) => 4 + number(id.as_str()),
        _ => 8,
    }
}

fn said(record: &Record) -> RecordSummary {
    RecordSummary {
        resource: code(&record.resource),
        outcome: record.outcome.code(),
        hold: record.hold().map(v2only_policy::Hold::code),
        notes: record.notes(),
        remarks: !record.remarks.is_empty(),
    }
}

async fn function(message: Message, line: Line) -> Done {
    let clock = line.clone();
    let now = move || at(clock.tick());
    let mutation = line.mutation();
    let location = Location::Parameter("/v2only/policy".to_owned());
    let payload = payload(message, &line);
    let app = App::new(PolicySource::new(location), line);
    let mut done = Done::default();
    let mut log = |entry: LogEntry<'_>| match entry {
        LogEntry::Record(record) => done.said.push(said(record)),
        LogEntry::Malformed(why) => panic!("the model wrote what cannot be read: {why:?}"),
        LogEntry::Ignored { why, .. } => panic!("the model wrote what is ignored: {why:?}"),
        _ => {}
    };
    let invocation = Invocation { now: &now, deadline: None, log: &mut log };
    let result: Result<(Value, Counts), Failed> = match message {
        Message::NotebookChanged(_) | Message::NotebookFlipped(..) => {
            handle_notebook(payload, &app, invocation).await
        }
        Message::InstanceChanged(_) | Message::InstanceFlipped(..) => {
            handle_ec2(payload, &app, invocation).await
        }
        Message::Task(_) => sweep::handle(payload, &app, invocation).await,
    };
    done.again = result.is_err() && mutation != Some(Mutation::NeverRetry);
    done
}

fn payload(message: Message, line: &Line) -> Value {
    let event = |kind: &str, source: &str, time: Timestamp, detail: Value| {
        json!({
            "version": "0", "id": "e-1", "detail-type": kind, "source": source, "account": ACCOUNT,
            "time": time.to_string(), "region": REGION, "resources": [], "detail": detail,
        })
    };
    const CALL: &str = "AWS API Call via CloudTrail";
    match message {
        Message::NotebookChanged(it) => {
            let name = notebook_name(it);
            let detail = json!({
                "NotebookInstanceArn": format!("arn:aws:sagemaker:{REGION}:{ACCOUNT}:notebook-instance/{name}"),
                "NotebookInstanceName": name, "NotebookInstanceStatus": "Stopped", "Tags": {},
            });
            event("SageMaker Notebook Instance State Change", "aws.sagemaker", at(0), detail)
        }
        Message::NotebookFlipped(it, tick) => {
            let at = flip_at(tick);
            event(CALL, "aws.sagemaker", at, notebook_record(it, at, "1"))
        }
        Message::InstanceChanged(it) => {
            let detail = json!({"instance-id": instance_id(it), "state": "running"});
            event("EC2 Instance State-change Notification", "aws.ec2", at(0), detail)
        }
        Message::InstanceFlipped(it, tick) => {
            let at = flip_at(tick);
            event(CALL, "aws.ec2", at, instance_record(it, at, "optional"))
        }
        Message::Task(number) => serde_json::from_str(&line.tasks()[usize::from(number)]).unwrap(),
    }
}

struct NoJournal;

impl Journal for NoJournal {
    async fn write(&self, _: &Place, _: &[Judged]) -> Result<(), std::io::Error> {
        Ok(())
    }
}

/// What a scan of one kind finds; `None` if something could not be read.
async fn found(line: &Line, kind: ResourceKind) -> Option<Vec<Judged>> {
    let policy: Policy = document::parse(&line.parameter("").await.ok()?).ok()?.policy;
    let mut found = Vec::new();
    let now = at(line.tick());
    let unread = scan(line, &policy, &place(), Kinds::Only(kind), now, &mut |it| found.push(it)).await;
    unread.failure.is_none().then_some(found)
}

async fn enforce(line: Line) -> Done {
    let Some(found) = found(&line, ResourceKind::LaunchTemplate).await else {
        return Done { again: true, ..Done::default() };
    };
    let held = found.iter().filter(|it| !it.acts()).map(|it| said(&Record::of(&place(), it)));
    let mut done = Done { said: held.collect(), ..Done::default() };
    let clock = line.clone();
    let now = move || at(clock.tick());
    let bound = Bound::at_most(usize::MAX);
    let carried = enforce_within(&line, &NoJournal, &place(), found, &now, &bound).await;
    done.said.extend(carried.records.iter().map(said));
    done
}

/// `enforce` in waves of one instance. The loop around [`waves`], [`enforce_within`] and [`go_on`] repeats that of the command line.
async fn in_waves(line: Line) -> Done {
    let Some(found) = found(&line, ResourceKind::Instance).await else {
        return Done { again: true, ..Done::default() };
    };
    let (acting, held): (Vec<Judged>, Vec<Judged>) = found.into_iter().partition(Judged::acts);
    let mut done =
        Done { said: held.iter().map(|it| said(&Record::of(&place(), it))).collect(), ..Done::default() };
    let rollout = Rollout {
        canary: Portion::Number(1),
        wave: Portion::Number(1),
        max_errors: Portion::Number(0),
        max_rejecting: Portion::Number(0),
    };
    let here = place();
    let changes: Vec<Change<'_>> =
        acting.iter().map(|_| Change { place: &here, source: false, cause: "" }).collect();
    let clock = line.clone();
    let now = move || at(clock.tick());
    let (mut failed, mut lost) = (0, Vec::new());
    for wave in waves(&changes, Some(&rollout)) {
        let part = wave.members.iter().map(|at| acting[*at].clone()).collect();
        let carried = enforce_within(&line, &NoJournal, &here, part, &now, &Bound::default()).await;
        failed += carried.records.iter().filter(|it| it.outcome.is_failure()).count();
        lost.extend(watched(&carried.records));
        done.said.extend(carried.records.iter().map(said));
        let ids: Vec<_> = lost.iter().map(|(_, id): &(Place, _)| id.clone()).collect();
        let stop = match line.lately(&here, Metric::NoTokenRejected, &ids, at(0), now()).await {
            Ok(read) => {
                let read = read.into_iter().map(|(id, it)| ((here.clone(), id), it)).collect();
                go_on(&rollout, failed, changes.len(), &Watched::of(&lost, &read)).err().map(|it| it.code())
            }
            Err(_) => Some("unread"),
        };
        if stop.is_some() {
            done.stopped = stop;
            break;
        }
    }
    done
}
