//! Creating and reading versions of launch templates.

use v2only_policy::source::{LaunchTemplate, TemplateVersion};
use v2only_policy::{LaunchTemplateId, Place};

use super::read;
use crate::failure::{Failure, Kind};
use crate::ports::{
    Answer, ChangeLaunchTemplate, ListLaunchTemplates, NewVersion, SourceReader, SourceWriter, WantedVersion,
};
use crate::record::Posture;

/// Reads what a version will repeat, and then the launch template, right before that version is created.
pub(super) async fn source_and_template<P: SourceReader + SourceWriter>(
    ports: &P,
    place: &Place,
    id: &LaunchTemplateId,
    from: u64,
) -> Answer<(P::Source, LaunchTemplate)> {
    let source = ports.source(place, id, from).await?;
    Ok((source, described(ports, place, id).await?))
}

/// Whether a launch template may be changed as planned: nobody changed its tags, which may exempt it, or put it under a service.
pub(super) fn may_still_change(planned: &LaunchTemplate, now: &LaunchTemplate) -> bool {
    now.tags == planned.tags && now.managed_by == planned.managed_by
}

/// Creates a version, and after it the one that is `$Latest` once more where that is planned.
pub(super) async fn create<P: SourceReader + SourceWriter>(
    ports: &P,
    place: &Place,
    id: &LaunchTemplateId,
    (source, wanted): (P::Source, WantedVersion),
    then_repeat: Option<u64>,
) -> Answer<NewVersion> {
    let made = ports.new_version(place, id, wanted, source).await;
    // `$Latest` is restored before `$Default` is changed, whatever happened to the new version.
    let is_made = made.as_ref().map_or_else(|failure| failure.kind == Kind::Unverified, |_| true);
    let repeated = match then_repeat.filter(|_| is_made) {
        Some(latest) => repeat(ports, place, id, latest).await.map(|_| ()),
        None => Ok(()),
    };
    let made = made?;
    repeated?;
    Ok(made)
}

/// Makes a version `$Latest` again, by creating one that repeats it.
pub(crate) async fn repeat<P: ChangeLaunchTemplate>(
    ports: &P,
    place: &Place,
    id: &LaunchTemplateId,
    number: u64,
) -> Answer<NewVersion> {
    let source = ports.source(place, id, number).await?;
    ports.new_version(place, id, WantedVersion::again(number), source).await
}

/// A launch template as it is now.
pub(super) async fn described(
    ports: &impl ListLaunchTemplates,
    place: &Place,
    id: &LaunchTemplateId,
) -> Answer<LaunchTemplate> {
    ports.launch_template(place, id).await?.ok_or_else(|| {
        Failure::new(Kind::Gone, "ec2:DescribeLaunchTemplates", format!("{id} does not exist any more"))
    })
}

/// What a launch from a version gets.
pub(super) async fn launches_with(
    ports: &impl SourceReader,
    place: &Place,
    version: TemplateVersion,
) -> Answer<Posture> {
    let defaults = ports.defaults(place).await?;
    let mut versions = [version];
    read::describe_images(ports, place, versions.iter_mut().map(read::image_of)).await?;
    let [version] = versions;
    Ok(Posture::Launch(v2only_policy::effective(&version.options, &defaults, version.imds_support)))
}
