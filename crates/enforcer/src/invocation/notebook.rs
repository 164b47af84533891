//! Events about notebooks.

use std::collections::BTreeMap;

use futures_util::StreamExt as _;
use jiff::Timestamp;
use serde_json::Value;
use v2only_events::{NotebookCause, Subject, Trigger};
use v2only_policy::drift::to_second;
use v2only_policy::notebook::MinimumVersion;
use v2only_policy::usage::Usage;
use v2only_policy::{
    Circumstances, Compliance, Decision, NotebookName, Occasion, OuId, Place, Policy, Verdict,
    decide_notebook,
};

use super::{
    App, Batch, ByPlace, Failed, Invocation, cause, enter, may_be_invisible, out_of_time, policy, time_is_up,
};
use crate::counts::Counts;
use crate::failure::{Failure, Kind};
use crate::notebooks;
use crate::ports::{ReadParameter, SageMaker};
use crate::record::{Cause, KnownFrom, Outcome, Record, ResourceId};

/// How many notebooks are looked at side by side. SageMaker publishes no request rates.
const AT_ONCE: usize = 4;

const DESCRIBE: &str = "sagemaker:DescribeNotebookInstance";

/// One notebook to look at, and everything that asked for it.
struct Wanted {
    occasion: Occasion,
    cause: Cause,
    time: Option<Timestamp>,
    deliveries: Vec<usize>,
}

/// Handles one invocation of the function for notebooks: one step for each notebook.
///
/// A notebook costs two reading calls (its description and its tags, which the description leaves out) and
/// the calls of its step. One that was created with minimum version 2 costs none. Handling the same payload
/// again is harmless.
///
/// # Errors
/// As [`super::handle_ec2`].
pub async fn handle<P: SageMaker + ReadParameter + Sync>(
    payload: Value,
    app: &App<P>,
    mut invocation: Invocation<'_>,
) -> Result<(Value, Counts), Failed> {
    let mut batch = Batch::read(payload, &mut invocation)?;
    if batch.triggers.is_empty() {
        return batch.reply();
    }
    let Some(policy) = policy(app, &mut batch, &mut invocation).await else { return batch.reply() };
    let mut work = ByPlace::<BTreeMap<NotebookName, Wanted>>::new();
    for (delivery, trigger) in std::mem::take(&mut batch.triggers) {
        let now = (invocation.now)();
        match &trigger.subject {
            Subject::Notebook { name, cause: NotebookCause::Created { minimum_version } }
                if *minimum_version == Some(MinimumVersion::Two) =>
            {
                let record = created_with_version_2(&trigger, name);
                batch.record(&record, &[delivery], &mut invocation);
            }
            Subject::Notebook { name, cause } => {
                let wanted = work.entry(trigger.place.clone()).or_default();
                want(wanted, name, occasion(cause, trigger.time.unwrap_or(now)), &trigger, delivery);
            }
            _ => {
                batch.elsewhere(&trigger.event_id, "ec2-enforcer", &mut invocation);
            }
        }
    }
    for (place, wanted) in work {
        look(app, &policy, &place, wanted, &mut batch, &mut invocation).await;
    }
    batch.reply()
}

fn created_with_version_2(trigger: &Trigger, name: &NotebookName) -> Record {
    let resource = ResourceId::Notebook(name.clone());
    Record {
        cause: Some(cause(trigger)),
        decision: Some(Decision::nothing_to_do(Verdict::Compliant(Compliance::MinimumVersion2))),
        known_from: KnownFrom::CreationRecord,
        ..Record::unjudged(trigger.place.clone(), resource, Outcome::Left)
    }
}

/// Only somebody who asks for version 1 by name, on a notebook that exists, drifts.
fn occasion(cause: &NotebookCause, at: Timestamp) -> Occasion {
    match cause {
        NotebookCause::Updated { minimum_version: Some(MinimumVersion::One) } => {
            Occasion::Drift(to_second(at))
        }
        NotebookCause::Created { .. } => Occasion::Launch,
        NotebookCause::Updated { .. } | NotebookCause::Started | NotebookCause::StateChanged { .. } => {
            Occasion::Seen
        }
    }
}

fn want(
    wanted: &mut BTreeMap<NotebookName, Wanted>,
    name: &NotebookName,
    occasion: Occasion,
    trigger: &Trigger,
    delivery: usize,
) {
    let entry = wanted.entry(name.clone()).or_insert_with(|| Wanted {
        occasion,
        cause: cause(trigger),
        time: trigger.time,
        deliveries: Vec::new(),
    });
    if matches!(occasion, Occasion::Drift(_)) {
        entry.occasion = occasion;
        entry.cause = cause(trigger);
    }
    entry.time = entry.time.max(trigger.time);
    if !entry.deliveries.contains(&delivery) {
        entry.deliveries.push(delivery);
    }
}

async fn look<P: SageMaker + Sync>(
    app: &App<P>,
    policy: &Policy,
    place: &Place,
    wanted: BTreeMap<NotebookName, Wanted>,
    batch: &mut Batch,
    invocation: &mut Invocation<'_>,
) {
    let ous = match enter(&app.ports, policy, place).await {
        Ok(ous) => ous,
        Err(failure) => {
            for (name, wanted) in wanted {
                let resource = ResourceId::Notebook(name);
                let record = Record::failed(place.clone(), resource, failure.clone());
                batch.record(&Record { cause: Some(wanted.cause), ..record }, &wanted.deliveries, invocation);
            }
            return;
        }
    };
    let (clock, deadline) = (invocation.now, invocation.deadline);
    let mend = Mend { ports: &app.ports, policy, place, ous: ous.as_deref(), now: clock() };
    let records: Vec<(Vec<usize>, Record)> = futures_util::stream::iter(wanted)
        .map(|(name, wanted)| {
            let mend = &mend;
            async move {
                let record = if time_is_up(clock(), deadline) {
                    mend.failed(&name, out_of_time(DESCRIBE))
                } else {
                    mend.one(&name, &wanted).await.unwrap_or_else(|failure| mend.failed(&name, failure))
                };
                (wanted.deliveries, Record { cause: Some(wanted.cause), ..record })
            }
        })
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    for (deliveries, record) in records {
        batch.record(&record, &deliveries, invocation);
    }
}

/// What it takes to judge and mend one notebook.
struct Mend<'a, P> {
    ports: &'a P,
    policy: &'a Policy,
    place: &'a Place,
    ous: Option<&'a [OuId]>,
    now: Timestamp,
}

impl<P: SageMaker + Sync> Mend<'_, P> {
    fn failed(&self, name: &NotebookName, failure: Failure) -> Record {
        Record::failed(self.place.clone(), ResourceId::Notebook(name.clone()), failure)
    }

    async fn one(&self, name: &NotebookName, wanted: &Wanted) -> Result<Record, Failure> {
        let Some(mut notebook) = self.ports.notebook(self.place, name).await? else {
            if may_be_invisible(wanted.time, self.now) {
                return Err(Failure::new(Kind::NotVisibleYet, DESCRIBE, "AWS does not show it yet"));
            }
            let resource = ResourceId::Notebook(name.clone());
            return Ok(Record::absent(self.place.clone(), resource));
        };
        notebook.tags = self.ports.notebook_tags(self.place, &notebook.arn).await?;
        let circumstances = Circumstances {
            place: self.place,
            ous: self.ous,
            now: self.now,
            occasion: wanted.occasion,
            usage: Usage::NotRead,
        };
        let decision = decide_notebook(&notebook, self.policy, &circumstances)?;
        Ok(notebooks::apply(self.ports, self.place, &notebook, &decision, self.now).await)
    }
}
