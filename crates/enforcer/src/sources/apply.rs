//! Carrying out what was decided of a source. One after the other: the versions of a launch template have
//! an order.

use v2only_policy::source::{LaunchTemplate, TemplateVersion};
use v2only_policy::{
    DefaultsChange, GroupChange, Hold, HttpTokens, ImageChange, ImdsSupport, InstanceChange, Judged,
    LaunchTemplateId, Note, Place, Plan, Preference, Step, Subject, Switch, TemplateChange,
};

use super::versions::{create, described, launches_with, may_still_change, source_and_template};
use crate::failure::{Failure, Kind};
use crate::ports::{Answer, NewVersion, SourceReader, SourceWriter, WantedVersion};
use crate::record::{Outcome, Posture, Record, Remark};

/// What a change came to: the outcome, what AWS says afterwards, its id of the request.
type Came = (Outcome, Option<Posture>, Option<String>);

/// Applies the plan for a launch source and returns its record. A changed source is described once more, and counts as
/// failed if AWS then describes it otherwise.
pub async fn apply<P: SourceReader + SourceWriter>(ports: &P, place: &Place, judged: &Judged) -> Record {
    let record = Record::of(place, judged);
    let Judged { subject, decision } = judged;
    let Plan::Act(step) = decision.plan else { return record };
    let came = match (subject, step) {
        (Subject::AccountDefaults(_), Step::AccountDefaults(change)) => {
            match would_enable_endpoint(ports, place, change).await {
                Ok(false) => {}
                Ok(true) => return record.on_hold(Hold::ChangedSince),
                Err(failure) => return record.with_failure(failure),
            }
            let waits = |it: &Note| matches!(it, Note::EnforcementWaits(_));
            let complete = !decision.notes.iter().any(waits);
            defaults(ports, place, change, complete).await
        }
        (Subject::TemplateVersion { template, .. }, Step::LaunchTemplate(change)) => {
            return version(ports, place, template, change, record).await;
        }
        (Subject::Consumer { consumer, open, .. }, Step::Group(GroupChange::NameFixedVersions)) => {
            return super::repoint::apply(ports, place, consumer, open, record).await;
        }
        (Subject::Image(image), Step::Image(ImageChange::MarkV2)) => ports
            .mark_v2(place, &image.id)
            .await
            .map(|request| (Outcome::Fixed, Some(Posture::Image(ImdsSupport::V2)), request)),
        (
            Subject::AccountDefaults(_)
            | Subject::TemplateVersion { .. }
            | Subject::Image(_)
            | Subject::LaunchConfiguration { .. }
            | Subject::Consumer { .. }
            | Subject::Instance(_)
            | Subject::Notebook(_)
            | Subject::Surface(_),
            Step::Instance(_)
            | Step::Notebook(_)
            | Step::AccountDefaults(_)
            | Step::LaunchTemplate(_)
            | Step::Image(_)
            | Step::Group(_)
            | Step::Surface(_),
        ) => return record,
    };
    match came {
        Ok((outcome, after, request_id)) => record.with_outcome(outcome, after, request_id),
        Err(failure) => record.with_failure(failure),
    }
}

/// The decision about account defaults right before they are changed. If `HttpTokensEnforced` is to be turned on,
/// everything that launches start from is read again: while a source in use says `optional`, enforcement waits, and only
/// the rest of the change is made. Other decisions are returned as they are.
pub async fn without_premature_enforcement(
    ports: &impl SourceReader,
    place: &Place,
    judged: &Judged,
) -> Answer<Judged> {
    let mut judged = judged.clone();
    if let Plan::Act(Step::AccountDefaults(change)) = judged.decision.plan
        && change.enforce
    {
        let sources = super::failing(ports, place).await?;
        if sources > 0 {
            judged.decision = judged.decision.without_enforcement(change, sources);
        }
    }
    Ok(judged)
}

/// Whether a launch template is as it was when its changes were planned: nobody made a version since, chose another
/// default, exempted it by a tag, or put it under a service.
pub async fn is_as_planned(
    ports: &impl SourceReader,
    place: &Place,
    template: &LaunchTemplate,
) -> Answer<bool> {
    let now = ports.launch_template(place, &template.id).await?;
    Ok(now.is_some_and(|now| {
        (now.default, now.latest) == (template.default, template.described_latest())
            && may_still_change(template, &now)
    }))
}

/// Looks whether somebody made a version while ours were made. What they made last is to be `$Latest`, not ours: then
/// it is repeated, and this says so. A version that allows version 1, or leaves it to the account, is made again with
/// `HttpTokens=required`, unless somebody may have exempted the launch template since the plan.
pub async fn restore_latest<P: SourceReader + SourceWriter>(
    ports: &P,
    place: &Place,
    template: &LaunchTemplate,
) -> Answer<Option<Remark>> {
    let since = ports.versions_since(place, &template.id, template.described_latest() + 1).await?;
    let newest = |ours: bool| {
        since.iter().filter(|it| it.made.is_some() == ours).map(|it| it.number).max().unwrap_or_default()
    };
    let (ours, theirs) = (newest(true), newest(false));
    let repeats = |it: &TemplateVersion| it.number == ours && it.made.is_some_and(|it| it.from == theirs);
    if theirs == 0 || theirs > ours || since.iter().any(repeats) {
        return Ok(None);
    }
    let closed = |version: &TemplateVersion| {
        version.options.http_tokens == Some(HttpTokens::Required)
            || version.options.http_endpoint == Some(Switch::Disabled)
    };
    let is_open = since.iter().any(|it| it.number == theirs && !closed(it));
    let (source, now) = source_and_template(ports, place, &template.id, theirs).await?;
    let tightened = is_open && may_still_change(template, &now);
    let change = tightened.then_some(InstanceChange::TOKENS);
    let wanted = WantedVersion { change, ..WantedVersion::again(theirs) };
    let NewVersion { version, .. } = ports.new_version(place, &template.id, wanted, source).await?;
    Ok(Some(Remark::VersionRepeated { theirs, tightened, by: version.number }))
}

/// Whether the change would clear a default of `disabled` that somebody set after the plan.
async fn would_enable_endpoint(
    ports: &impl SourceReader,
    place: &Place,
    change: DefaultsChange,
) -> Answer<bool> {
    Ok(change.http_endpoint == Some(Preference::Clear)
        && ports.defaults(place).await?.options.http_endpoint != Some(Switch::Enabled))
}

async fn defaults<P: SourceReader + SourceWriter>(
    ports: &P,
    place: &Place,
    change: DefaultsChange,
    complete: bool,
) -> Answer<Came> {
    let request_id = ports.change_defaults(place, change).await?;
    let is = ports.defaults(place).await?;
    let after = Some(Posture::from(&is));
    let outcome = match (change.applied_to(&is) == is, complete) {
        (true, true) => Outcome::Fixed,
        (true, false) => Outcome::Advanced,
        (false, _) => {
            let why = "AWS accepted the change, and describes the defaults otherwise";
            Outcome::Failed(Failure::new(Kind::Unverified, "ec2:GetInstanceMetadataDefaults", why))
        }
    };
    Ok((outcome, after, request_id))
}

/// Creates the new version and makes it `$Default` if that is planned.
///
/// AWS has no conditional `ModifyLaunchTemplate`. The template is read immediately before each such call, which is not made if
/// somebody chose another default or changed its tags since the plan, and once more afterwards.
async fn version<P: SourceReader + SourceWriter>(
    ports: &P,
    place: &Place,
    template: &LaunchTemplate,
    step: TemplateChange,
    record: Record,
) -> Record {
    let id = &template.id;
    let wanted = WantedVersion { from: step.from, change: step.change, latest: template.latest };
    let made = match step.made {
        Some(number) => ports.made_version(place, id, wanted, number).await,
        None => match source_and_template(ports, place, id, step.from).await {
            Ok((_, now)) if !may_still_change(template, &now) => return record.on_hold(Hold::ChangedSince),
            Ok((source, _)) => create(ports, place, id, (source, wanted), step.then_repeat).await,
            Err(failure) => Err(failure),
        },
    };
    let (made, request_id) = match made {
        Ok(NewVersion { version, request_id }) => (version, request_id),
        Err(failure) => return record.with_failure(failure),
    };
    let request_id = if step.make_default {
        let mut attempts = 1;
        loop {
            let before = match described(ports, place, id).await {
                Ok(now) => now,
                Err(failure) => return record.with_failure(failure),
            };
            if attempts > 1 && before.default == made.number {
                // The answer alone was lost.
                break None;
            }
            // A tag may exempt it.
            if before.tags != template.tags {
                let mut record = record.on_hold(Hold::ChangedSince);
                record.remarks.push(Remark::TagsChanged { unused: made.number });
                return record;
            }
            if before.default != template.default {
                let mut record = record.on_hold(Hold::ChangedSince);
                record.remarks.push(Remark::DefaultChanged {
                    planned: template.default,
                    theirs: before.default,
                    unused: made.number,
                });
                return record;
            }
            match make_default(ports, place, id, &made, &before).await {
                Ok(request_id) => break request_id,
                Err(failure) if ports.try_again(&failure, attempts).await => attempts += 1,
                Err(failure) => return record.with_failure(failure),
            }
        }
    } else {
        request_id
    };
    match launches_with(ports, place, made).await {
        // A group that names the old version by number still launches from that version.
        Ok(after) if record.decision.iter().flat_map(|it| &it.notes).any(is_pinned) => {
            record.with_outcome(Outcome::Advanced, Some(after), request_id)
        }
        Ok(after) => record.with_outcome(Outcome::Fixed, Some(after), request_id),
        Err(failure) => record.with_failure(failure),
    }
}

/// Makes a version `$Default`.
///
/// # Errors
/// Another version is `$Default` afterwards, or somebody created a version between the last description and the change and
/// may have made that version the default.
async fn make_default<P: SourceReader + SourceWriter>(
    ports: &P,
    place: &Place,
    id: &LaunchTemplateId,
    made: &TemplateVersion,
    before: &LaunchTemplate,
) -> Answer<Option<String>> {
    let (ours, was) = (made.number, before.default);
    let request_id = ports.make_default(place, id, ours).await?;
    let after = described(ports, place, id).await?;
    let theirs = after.latest;
    let why = if after.default != ours {
        format!(
            "version {} is the default of {id}, although v2only made version {ours} the default in place of \
             version {was}; somebody changed the default at the same time",
            after.default
        )
    } else if theirs != before.latest {
        format!(
            "somebody created version {theirs} of {id} while v2only made version {ours} the default in place of \
             version {was}; if version {theirs} was made the default as well, make version {theirs} the default \
             again"
        )
    } else {
        return Ok(request_id);
    };
    Err(Failure { request_id, ..Failure::new(Kind::Unverified, "ec2:ModifyLaunchTemplate", why) })
}

const fn is_pinned(note: &Note) -> bool {
    matches!(note, Note::Pinned { .. })
}
