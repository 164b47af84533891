//! Events about notebooks.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;
use v2only_events::{NotebookCause, Subject};
use v2only_policy::drift::to_second;
use v2only_policy::notebook::MinimumVersion;
use v2only_policy::{
    Circumstances, Compliance, Decision, History, Hold, NotebookName, Occasion, Place, Policy, Verdict,
    decide_notebook,
};

use super::app::{App, Clock, Failed, Invocation};
use super::handle::{self, Asked, EventHandler, Sorted};
use super::work::{Answer, Event, Work, may_be_invisible};
use crate::counts::Counts;
use crate::failure::{Failure, Kind};
use crate::ports::{ReadParameter, SageMaker};
use crate::record::{KnownFrom, Outcome, Record, ResourceId};
use crate::scan::ScanRequest;
use crate::{history, notebooks};

const DESCRIBE: &str = "sagemaker:DescribeNotebookInstance";

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
    invocation: Invocation<'_>,
) -> Result<(Value, Counts), Failed> {
    handle::handle::<Notebooks, P>(payload, app, invocation).await
}

struct Notebooks;

impl<P: SageMaker + Sync> EventHandler<P> for Notebooks {
    type Id = NotebookName;
    type Description = ();

    // SageMaker publishes no request rates.
    const AT_ONCE: usize = 4;

    fn resource(name: &NotebookName) -> ResourceId {
        ResourceId::Notebook(name.clone())
    }

    fn sort(app: &App<P>, _: &Policy, event: &Event<'_>, work: &mut Work<NotebookName>) -> Sorted {
        let mut sorted = Sorted::default();
        match &event.trigger.subject {
            Subject::Notebook { name, cause: NotebookCause::Created { minimum_version } }
                if *minimum_version == Some(MinimumVersion::Two) =>
            {
                sorted.records.push(created_with_version_2(&event.trigger.place, name));
            }
            Subject::Notebook { name, cause } => {
                let (trigger, at) = (event.trigger, event.trigger.time.unwrap_or(event.now));
                let ours = trigger.actor.as_ref().is_some_and(|it| app.ports.made_by_us(&trigger.place, it));
                let occasion = match occasion(cause, at) {
                    Occasion::Drift(_) if ours => Occasion::Seen,
                    other => other,
                };
                work.want(name, (occasion, None), event, |occasion, _| {
                    matches!(occasion, Occasion::Drift(_))
                });
            }
            _ => sorted.handled_by = Some("ec2-enforcer"),
        }
        sorted
    }

    /// Every notebook has a call of its own, in [`Self::fix`].
    async fn describe(
        _: &P,
        _: &ScanRequest<'_>,
        _: &mut Work<NotebookName>,
        _: &mut Vec<Answer>,
    ) -> Result<BTreeMap<NotebookName, ()>, Failure> {
        Ok(BTreeMap::new())
    }

    async fn fix(
        ports: &P,
        scan: &ScanRequest<'_>,
        clock: Clock<'_>,
        Asked { id, request, .. }: Asked<'_, NotebookName, ()>,
    ) -> Result<Record, Failure> {
        clock.has_time(DESCRIBE)?;
        let Some(mut notebook) = ports.notebook(scan.place, id).await? else {
            if may_be_invisible(request.time, scan.now) {
                return Err(Failure::new(Kind::NotVisibleYet, DESCRIBE, "AWS does not show it yet"));
            }
            return Ok(Record::absent(scan.place.clone(), ResourceId::Notebook(id.clone())));
        };
        notebook.tags = ports.notebook_tags(scan.place, &notebook.arn).await?;
        let circumstances = scan.circumstances(request.occasion);
        let mut decision = decide_notebook(&notebook, scan.policy, &circumstances)?;
        let is_drift = matches!(request.occasion, Occasion::Drift(_));
        // Somebody may have turned it back after each update, in events that were lost or did not count.
        let seems_vain = matches!(decision.plan.hold(), Some(Hold::UpdateHadNoEffect { .. }));
        let is_open = matches!(decision.verdict, Verdict::Violation(_));
        if is_open && (is_drift || seems_vain) || decision.plan.asks_for_starts() {
            let read = history::of_notebook(ports, scan.place, id).await;
            // Without an answer, the tag alone says how often it was opened, and the record says so.
            let why = read.as_ref().err().map(ToString::to_string).unwrap_or_default();
            let history = read.as_ref().map_or(History::Unreadable(&why), History::Read);
            decision = decide_notebook(&notebook, scan.policy, &Circumstances { history, ..circumstances })?;
        }
        Ok(notebooks::apply(ports, scan.place, &notebook, &decision, scan.now).await)
    }
}

fn created_with_version_2(place: &Place, name: &NotebookName) -> Record {
    Record {
        decision: Some(Decision::nothing_to_do(Verdict::Compliant(Compliance::MinimumVersion2))),
        known_from: KnownFrom::CreationRecord,
        ..Record::unjudged(place.clone(), ResourceId::Notebook(name.clone()), Outcome::Left)
    }
}

/// Only a request for version 1 on an existing notebook is drift.
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
