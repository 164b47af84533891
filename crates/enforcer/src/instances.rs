//! Carrying out what was decided of an instance.

use v2only_policy::instance::{HttpTokens, Instance, Switch};
use v2only_policy::{Decision, InstanceChange, Place, Plan};

use crate::failure::{Disposition, Failure, Kind};
use crate::ports::{Changed, InstanceWriter};
use crate::record::{Outcome, Posture, Record, ResourceId};

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
    decision: &Decision<InstanceChange>,
) -> Record {
    let id = &instance.id;
    let record = Record::decided(
        place.clone(),
        ResourceId::Instance(id.clone()),
        Posture::Options(instance.options),
        decision,
    );
    let mut forgotten = Vec::new();
    for (key, value) in &decision.remember {
        match writer.tag_instance(place, id, key, value).await {
            Ok(()) => {}
            Err(failure) if failure.disposition() == Disposition::Retry => {
                return record.came(Outcome::Failed(failure), None, None);
            }
            // Closing version 1 matters more than counting how often it was opened.
            Err(failure) => forgotten.push(format!("the flip could not be remembered: {failure}")),
        }
    }
    let Plan::Act(change) = decision.plan else {
        return Record { reasons: [record.reasons, forgotten].concat(), ..record };
    };
    let mut record = match writer.tighten(place, id, change).await {
        Ok(changed) => {
            let after = Some(Posture::Options(changed.options));
            let request_id = changed.request_id.clone();
            match verify(change, &changed) {
                Ok(()) => record.came(Outcome::Fixed, after, request_id),
                Err(failure) => record.came(Outcome::Failed(failure), after, request_id),
            }
        }
        Err(failure) => record.came(Outcome::Failed(failure), None, None),
    };
    record.reasons.extend(forgotten);
    record
}

/// Holds AWS's answer against what was asked. `pending` is fine: the options named beside it are those that
/// will apply, and our own change raises an event by which they are described again.
fn verify(change: InstanceChange, changed: &Changed) -> Result<(), Failure> {
    let options = &changed.options;
    let as_asked = match change {
        InstanceChange::DisableEndpoint => options.http_endpoint == Switch::Disabled,
        InstanceChange::RequireTokens { hop_limit, .. } => {
            options.http_tokens == HttpTokens::Required
                && hop_limit.is_none_or(|hops| options.hop_limit == Some(hops.get()))
        }
    };
    if as_asked {
        return Ok(());
    }
    Err(Failure {
        request_id: changed.request_id.clone(),
        ..Failure::new(
            Kind::Unverified,
            ACTION,
            format!("asked for {change}, and AWS answered {}", Posture::Options(*options)),
        )
    })
}
