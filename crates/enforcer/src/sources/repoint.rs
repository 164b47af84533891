//! Letting an Auto Scaling group name the fixed version of a launch template in place of the one that it names by number.

use v2only_policy::source::{Consumer, VersionChoice};
use v2only_policy::subject::OpenVersion;
use v2only_policy::{Hold, Note, Place};

use super::versions::{create, described, launches_with, may_still_change, source_and_template};
use crate::failure::{Failure, Kind};
use crate::ports::{Answer, NewVersion, Repointed, SourceReader, SourceWriter, WantedVersion};
use crate::record::{Outcome, Record, Remark};

/// Finds or creates the fixed versions, and lets the group name them. Everything else of the group stays.
///
/// The group is read immediately before the change. If it does not launch as planned any more, it stays as it is. It is
/// read once more afterwards.
pub(super) async fn apply<P: SourceReader + SourceWriter>(
    ports: &P,
    place: &Place,
    group: &Consumer,
    open: &[OpenVersion],
    record: Record,
) -> Record {
    let mut versions: Vec<VersionChoice> = group.templates.iter().map(|it| it.version).collect();
    let mut first = None;
    for it in open {
        let fixed = match fixed_version(ports, place, it).await {
            Ok(Some(NewVersion { version, .. })) => version,
            Ok(None) => return record.on_hold(Hold::ChangedSince),
            Err(failure) => return record.with_failure(failure),
        };
        let uses = group.templates.iter().zip(&mut versions);
        for (_, choice) in uses.filter(|(named, _)| it.template.is_named(&named.template)) {
            if *choice == VersionChoice::Number(it.number) {
                *choice = VersionChoice::Number(fixed.number);
            }
        }
        first.get_or_insert(fixed);
    }
    let request_id = match ports.repoint(place, group, &versions).await {
        Ok(Repointed::Changed { request_id }) => request_id,
        Ok(Repointed::ChangedSince) => {
            let mut record = record.on_hold(Hold::ChangedSince);
            record.remarks.extend(first.map(|it| Remark::FixedVersionReady { number: it.number }));
            return record;
        }
        Err(failure) => return record.with_failure(failure),
    };
    if let Err(failure) = confirm(ports, place, group, &versions).await {
        return record.with_failure(Failure { request_id, ..failure });
    }
    let after = match first {
        Some(version) => launches_with(ports, place, version).await.map(Some),
        None => Ok(None),
    };
    let is_open = |it: &Note| matches!(it, Note::OpenLaunches(_));
    let stays_open = record.decision.iter().flat_map(|it| &it.notes).any(is_open);
    match after {
        Ok(after) if stays_open => record.with_outcome(Outcome::Advanced, after, request_id),
        Ok(after) => record.with_outcome(Outcome::Fixed, after, request_id),
        Err(failure) => record.with_failure(failure),
    }
}

/// The group that launches as this one does, but for its versions.
pub(crate) fn with_versions(group: &Consumer, versions: &[VersionChoice]) -> Consumer {
    let mut group = group.clone();
    for (it, version) in group.templates.iter_mut().zip(versions) {
        it.version = *version;
    }
    group
}

/// Reads a changed group once more.
///
/// # Errors
/// AWS describes the group otherwise.
pub(crate) async fn confirm(
    ports: &impl SourceReader,
    place: &Place,
    group: &Consumer,
    versions: &[VersionChoice],
) -> Answer<()> {
    let wanted = with_versions(group, versions);
    let now = ports.group(place, &group.id).await?;
    if now.is_some_and(|now| now.launches_as(&wanted)) {
        return Ok(());
    }
    let why = "AWS accepted the change, and describes the group otherwise; somebody may have changed it at the same time";
    Err(Failure::new(Kind::Unverified, "autoscaling:DescribeAutoScalingGroups", why))
}

/// The version that states what is wanted and repeats everything else: one that an earlier step or run created, or a new one.
/// `None` if somebody changed the tags of the launch template since the plan, which may exempt it.
async fn fixed_version<P: SourceReader + SourceWriter>(
    ports: &P,
    place: &Place,
    open: &OpenVersion,
) -> Answer<Option<NewVersion>> {
    let OpenVersion { template, number, change } = open;
    let (id, from, change) = (&template.id, *number, Some(*change));
    let since = ports.versions_since(place, id, from).await?;
    let wanted = since.iter().find(|it| it.number == from).map(|it| it.options.tightened(open.change));
    let ours = since.iter().filter(|it| it.number != from && it.made.is_some_and(|it| it.from == from));
    let known = ours.filter(|it| Some(it.options) == wanted).map(|it| it.number).max();
    if let Some(known) = known {
        let wanted = WantedVersion { from, change, latest: template.latest };
        let known = ports.made_version(place, id, wanted, known).await?;
        let now = described(ports, place, id).await?;
        return Ok(may_still_change(template, &now).then_some(known));
    }
    let (source, now) = source_and_template(ports, place, id, from).await?;
    if !may_still_change(template, &now) {
        return Ok(None);
    }
    // Read now: the step of the launch template may have created versions since the plan.
    let latest = now.latest;
    let then_repeat = (latest != from).then_some(latest);
    create(ports, place, id, (source, WantedVersion { from, change, latest }), then_repeat).await.map(Some)
}
