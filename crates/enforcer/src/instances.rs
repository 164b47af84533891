//! Carrying out what was decided of an instance.

use v2only_policy::instance::Instance;
use v2only_policy::{Decision, InstanceChange, Place, Plan, Step};

use crate::failure::{Disposition, Failure, Kind};
use crate::ports::{Changed, InstanceWriter};
use crate::record::{Outcome, Posture, Record, Remark, ResourceId};

const ACTION: &str = "ec2:ModifyInstanceMetadataOptions";

/// Applies a decision and says what came of it.
///
/// Repeating it is harmless: the change is the same, and what is remembered of drift is the flip's own
/// moment. What is remembered is written first, so that being killed in between can never make a contested
/// resource look calmer than it is.
///
/// Failures are in the record, each with its consequence; a change that AWS accepts without saying that the
/// options are as asked counts as a failure.
pub async fn apply(
    writer: &impl InstanceWriter,
    place: &Place,
    instance: &Instance,
    decision: &Decision,
) -> Record {
    let id = &instance.id;
    let record = Record::decided(
        place.clone(),
        ResourceId::Instance(id.clone()),
        Posture::Options(instance.options),
        decision.clone(),
    );
    let mut forgotten = Vec::new();
    for (key, value) in &decision.remember {
        match writer.tag_instance(place, id, key, value).await {
            Ok(()) => {}
            Err(failure) if failure.disposition() == Disposition::Retry => {
                return record.with_failure(failure);
            }
            // Closing version 1 matters more than counting how often it was opened.
            Err(failure) => forgotten.push(Remark::FlipNotRemembered(failure)),
        }
    }
    let Plan::Act(Step::Instance(change)) = decision.plan else {
        return Record { remarks: forgotten, ..record };
    };
    let mut record = match writer.tighten(place, id, change).await {
        Ok(changed) => {
            let after = Some(Posture::Options(changed.options));
            let request_id = changed.request_id.clone();
            match verify(change, &changed) {
                Ok(()) => record.with_outcome(Outcome::Fixed, after, request_id),
                Err(failure) => record.with_outcome(Outcome::Failed(failure), after, request_id),
            }
        }
        Err(failure) => record.with_failure(failure),
    };
    record.remarks.extend(forgotten);
    record
}

/// Holds AWS's answer against what was asked. `pending` is fine: the options named beside it are those that
/// will apply, and our own change raises an event by which they are described again.
fn verify(change: InstanceChange, changed: &Changed) -> Result<(), Failure> {
    let unmet = change.unmet_by(&changed.options);
    if unmet.is_empty() {
        return Ok(());
    }
    let answered = Posture::Options(changed.options);
    let why = format!("asked for {change}, and AWS answered {answered}; not as asked: {}", unmet.join(", "));
    Err(Failure { request_id: changed.request_id.clone(), ..Failure::new(Kind::Unverified, ACTION, why) })
}
