//! Carrying out what was decided of an instance.

use v2only_policy::instance::{HttpTokens, Instance};
use v2only_policy::{Decision, InstanceChange, MetadataOption, Place, Plan, Step};

use crate::failure::{Disposition, Failure, Kind};
use crate::ports::{Changed, InstanceWriter};
use crate::record::{Outcome, Posture, Record, Remark, ResourceId};

const ACTION: &str = "ec2:ModifyInstanceMetadataOptions";

/// Applies a decision and returns the record of it.
///
/// Closing comes first. A tag that cannot be written is a remark, and brings the event back if another try may help;
/// then the instance is compliant, and only the tag is written. Applying a decision again is harmless: the change is the
/// same, and the remembered moment is the one of the flip.
///
/// A change that AWS accepts without answering that the options are as asked counts as a failure.
pub async fn apply(
    writer: &impl InstanceWriter,
    place: &Place,
    instance: &Instance,
    decision: &Decision,
) -> Record {
    let mut record = Record::decided(
        place.clone(),
        ResourceId::Instance(instance.id.clone()),
        Posture::Options(instance.options),
        decision.clone(),
    );
    if let Plan::Act(Step::Instance(change)) = decision.plan {
        record = fix(writer, place, instance, change, record).await;
    }
    if record.disposition() == Disposition::Retry && !record.closes_v1() {
        // The flip is not corrected yet. The next try remembers it.
        return record;
    }
    for (key, value) in &decision.remember {
        if let Err(failure) = writer.tag_instance(place, &instance.id, key, value).await {
            record.remarks.push(Remark::FlipNotRemembered(failure));
        }
    }
    record
}

/// Everything in one call. If AWS refuses an option beside the tokens: the tokens alone, then each option alone.
async fn fix(
    writer: &impl InstanceWriter,
    place: &Place,
    instance: &Instance,
    change: InstanceChange,
    record: Record,
) -> Record {
    let id = &instance.id;
    let refusal = match writer.tighten(place, id, change).await {
        Ok(changed) => return verified(record, change, &changed),
        Err(failure) => failure,
    };
    let options = change.side_options();
    if options.is_empty() || !may_mean_a_side_option(&refusal) {
        return record.with_failure(refusal);
    }
    let mut record = record;
    if instance.options.http_tokens == HttpTokens::Required {
        record.after = Some(Posture::Options(instance.options));
    } else {
        record = match writer.tighten(place, id, InstanceChange::TOKENS).await {
            Ok(changed) => verified(record, InstanceChange::TOKENS, &changed),
            Err(failure) => return record.with_failure(failure),
        };
        if record.outcome != Outcome::Fixed {
            return record;
        }
    }
    let alone = options.len() == 1;
    for (option, change) in options {
        // An option that was refused beside nothing but the tokens is not asked for again.
        let answer = if alone { Err(refusal.clone()) } else { writer.tighten(place, id, change).await };
        match answer {
            Ok(changed) => {
                let failed = matches!(record.outcome, Outcome::Failed(_));
                let next = verified(record.clone(), change, &changed);
                if !failed || matches!(next.outcome, Outcome::Failed(_)) {
                    record = next;
                } else {
                    record.after = next.after;
                }
            }
            Err(failure) => {
                record.remarks.push(Remark::OptionRefused { option: option.as_str().to_owned(), failure });
            }
        }
    }
    let refused = record.remarks.iter().rev().find_map(|remark| match remark {
        Remark::OptionRefused { failure, .. } => Some(failure.clone()),
        _ => None,
    });
    let after = record.after;
    match refused {
        Some(failure) => record.with_outcome(Outcome::Failed(failure), after, None),
        None => record,
    }
}

/// Whether a refusal can be about an option beside `HttpTokens` and `HttpEndpoint`. A denial can: policies have
/// conditions on the hop limit.
fn may_mean_a_side_option(refusal: &Failure) -> bool {
    matches!(refusal.kind, Kind::Invalid | Kind::Refused | Kind::Denied)
        && refusal.refused_option().is_none_or(MetadataOption::is_side_option)
}

/// The record with AWS's answer to a change.
fn verified(record: Record, change: InstanceChange, changed: &Changed) -> Record {
    let outcome = verify(change, changed).map_or_else(Outcome::Failed, |()| Outcome::Fixed);
    record.with_outcome(outcome, Some(Posture::Options(changed.options)), changed.request_id.clone())
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
