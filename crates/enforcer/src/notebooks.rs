//! Carrying out one step of a notebook's way.

use jiff::Timestamp;
use v2only_policy::drift::REVERTED_TAG;
use v2only_policy::notebook::{MinimumVersion, Notebook, NotebookStatus, RESTART_TAG, UPDATED_TAG};
use v2only_policy::{Decision, NotebookStep, Place, Plan, Step};

use crate::failure::{Disposition, Failure, Kind};
use crate::ports::NotebookWriter;
use crate::record::{Outcome, Posture, Record, Remark, ResourceId};

/// Takes one step and says what came of it.
///
/// Repeating it is harmless: the next invocation describes the notebook again and decides again. A mark is
/// written before the stop it belongs to, so that a notebook that ran is never left stopped by us without a
/// trace: without the mark, nothing is stopped. A refused stop leaves the mark, because the refusal may be
/// the echo of our own stop. Every other tag is written after the step, so that a failed tag never keeps
/// IMDSv1 open. An update is remembered once AWS has accepted it: throttling and denials are unrelated to the
/// notebook, and must not use up the tries. A start is announced in the mark before it is requested, so that a
/// later stop by the owner is final even if the function is killed: without the mark, nothing is started.
///
/// Nothing waits in here: what a step starts ends with an event, and that event brings the next step.
pub async fn apply(
    writer: &impl NotebookWriter,
    place: &Place,
    notebook: &Notebook,
    decision: &Decision,
    now: Timestamp,
) -> Record {
    let record = Record::decided(
        place.clone(),
        ResourceId::Notebook(notebook.name.clone()),
        Posture::from(notebook),
        decision.clone(),
    );
    let mut record = match decision.plan {
        Plan::Act(Step::Notebook(step)) => match take(writer, place, notebook, step, now).await {
            Ok(request_id) => {
                let uncounted = remember(writer, place, notebook, step, now).await;
                let mut record =
                    record.with_outcome(outcome(notebook, step), after(notebook, step), request_id);
                record.remarks.extend(uncounted);
                record
            }
            Err(failure) => record.with_failure(failure),
        },
        Plan::Nothing | Plan::Wait(_) | Plan::Hold { .. } | Plan::Act(_) => record,
    };
    if record.outcome.disposition() == Disposition::Retry {
        // The next try remembers the flip.
        return record;
    }
    for (key, value) in &decision.remember {
        if let Err(failure) = writer.tag_notebook(place, &notebook.arn, key, value).await {
            record.remarks.push(if key == REVERTED_TAG {
                Remark::FlipNotRemembered(failure)
            } else {
                Remark::TagNotWritten { key: key.clone(), failure }
            });
        }
    }
    record
}

async fn take(
    writer: &impl NotebookWriter,
    place: &Place,
    notebook: &Notebook,
    step: NotebookStep,
    now: Timestamp,
) -> Result<Option<String>, Failure> {
    let (name, arn) = (&notebook.name, notebook.arn.as_str());
    match step {
        NotebookStep::Stop => {
            // Written although it may be there: another function may have noted the owner's start since the description.
            let mark = v2only_policy::drift::to_second(now).to_string();
            writer.tag_notebook(place, arn, RESTART_TAG, &mark).await?;
            writer.stop(place, name).await
        }
        NotebookStep::Update { upgrade_platform } => {
            writer.require_version_2(place, name, upgrade_platform).await
        }
        NotebookStep::Start => {
            writer.tag_notebook(place, arn, RESTART_TAG, &Notebook::starting_mark(now)).await?;
            let started = writer.start(place, name).await;
            if started.as_ref().is_err_and(|it| was_not_tried(it.kind)) {
                // Spares the next try the question to CloudTrail. If the mark cannot be written, the next try asks.
                let before = notebook.tags.get(RESTART_TAG).map_or("", String::as_str);
                let _announced = writer.tag_notebook(place, arn, RESTART_TAG, before).await;
            }
            started
        }
        NotebookStep::Unmark => writer.untag_notebook(place, arn, RESTART_TAG).await.map(|()| None),
    }
}

/// Whether AWS turned a call away without a look at the notebook.
const fn was_not_tried(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Throttled | Kind::Denied | Kind::Credentials | Kind::Unreachable | Kind::ForeignAccount
    )
}

/// Counts an update that AWS has accepted; what to say if that could not be written.
async fn remember(
    writer: &impl NotebookWriter,
    place: &Place,
    notebook: &Notebook,
    step: NotebookStep,
    now: Timestamp,
) -> Option<Remark> {
    let NotebookStep::Update { .. } = step else { return None };
    let value = notebook.remembering_update(now)?;
    let written = writer.tag_notebook(place, &notebook.arn, UPDATED_TAG, &value).await;
    written.err().map(|failure| Remark::TagNotWritten { key: UPDATED_TAG.to_owned(), failure })
}

fn outcome(notebook: &Notebook, step: NotebookStep) -> Outcome {
    match step {
        NotebookStep::Stop | NotebookStep::Start => Outcome::Advanced,
        // One that ran is finished only when it runs again.
        NotebookStep::Update { .. } if notebook.carries_restart_mark() => Outcome::Advanced,
        NotebookStep::Update { .. } => Outcome::Fixed,
        NotebookStep::Unmark if notebook.minimum_version == MinimumVersion::Two => Outcome::Fixed,
        NotebookStep::Unmark => Outcome::Unmarked,
    }
}

/// What AWS makes of it at once; the rest comes with the next event.
fn after(notebook: &Notebook, step: NotebookStep) -> Option<Posture> {
    let now = |minimum_version, status| Some(Posture::Notebook { minimum_version, status });
    match step {
        NotebookStep::Stop => now(notebook.minimum_version, NotebookStatus::Stopping),
        NotebookStep::Update { .. } => now(MinimumVersion::Two, NotebookStatus::Updating),
        NotebookStep::Start => now(notebook.minimum_version, NotebookStatus::Pending),
        NotebookStep::Unmark => now(notebook.minimum_version, notebook.status),
    }
}
